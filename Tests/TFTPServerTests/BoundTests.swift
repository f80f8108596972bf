import Testing
import Wire

@testable import TFTPServer

@Suite("When all places are taken")
struct BoundTests {
    /// A client at 10.0.1.`host` asks, from port 2000.
    private func asks(_ dialogue: Dialogue, host: UInt8, at milliseconds: Int, _ expected: String) {
        dialogue.address = IPv4Address(10, 0, 1, host)
        dialogue.asks("f", at: milliseconds, expected)
    }

    private func server(total: Int, perClient: Int = 16) -> Dialogue {
        Dialogue(["f": 5000]) {
            $0.maximumTransfers = total
            $0.maximumTransfersPerClient = perClient
        }
    }

    @Test("The oldest transfer that nobody ever answered gives its place to a newcomer")
    func displaces() {
        let server = server(total: 2)
        asks(server, host: 1, at: 0, "DATA 1")
        asks(server, host: 2, at: 1, "DATA 1")
        asks(server, host: 3, at: 2, "DATA 1")
        #expect(server.listener.count == 2)
        // The second and the third are there still, and repeat what they sent.
        asks(server, host: 2, at: 3, "DATA 1")
        asks(server, host: 3, at: 4, "DATA 1")
        #expect(server.listener.count == 2)
        // The first had its place taken, and takes the second's.
        asks(server, host: 1, at: 5, "DATA 1")
        #expect(server.listener.count == 2)
    }

    @Test("A transfer that was acknowledged keeps its place; when all were, the newcomer is refused")
    func keepsProven() throws {
        var listener = TFTPListener(
            settings: TFTPSettings(address: .any, maximumTransfers: 2, maximumTransfersPerClient: 2))
        let request = TFTPRequest(file: Array("f".utf8), mode: .octet, options: [])
        func begin(_ host: UInt8, at milliseconds: Int) -> TFTPBeginning {
            listener.begin(
                request, content: .octets(byteCount: 5000),
                for: IPv4Endpoint(address: IPv4Address(10, 0, 1, host), port: 2000),
                at: .milliseconds(milliseconds))
        }
        func decision(_ host: UInt8, at milliseconds: Int) -> TFTPDecision {
            listener.received(
                .success(.readRequest(request)),
                from: IPv4Endpoint(address: IPv4Address(10, 0, 1, host), port: 2000),
                at: .milliseconds(milliseconds))
        }
        let first = begin(1, at: 0).step.transfer
        _ = listener.received(.acknowledgment(block: 1), for: first, at: .milliseconds(1))
        let second = begin(2, at: 2)
        #expect(second.displaced == nil)
        let third = begin(3, at: 3)
        #expect(third.displaced?.transfer == second.step.transfer)
        guard case .abandon(.displaced, _) = third.displaced?.action else {
            Issue.record("\(String(describing: third.displaced))")
            return
        }
        _ = listener.received(.acknowledgment(block: 1), for: third.step.transfer, at: .milliseconds(4))
        #expect(decision(4, at: 5) == .refuse(.tooManyTransfers(limit: 2)))
        // One ends: there is room again, and nobody has to go.
        _ = listener.received(.error(.notDefined, "enough"), for: first, at: .milliseconds(6))
        #expect(begin(4, at: 7).displaced == nil)
        #expect(listener.count == 2)
    }

    @Test("A client at its own bound loses its oldest unanswered transfer, and no other client's")
    func ownBound() {
        let server = server(total: 10, perClient: 2)
        asks(server, host: 9, at: 0, "DATA 1")
        for (index, port) in [2001, 2002, 2003, 2004].enumerated() {
            server.port = UInt16(port)
            asks(server, host: 1, at: 1 + index, "DATA 1")
        }
        #expect(server.listener.count == 3)
        server.port = 2000
        asks(server, host: 9, at: 9, "DATA 1")
        #expect(server.listener.count == 3)
    }

    @Test("A flood of requests from forged addresses does not keep a client from its file")
    func flood() {
        let server = server(total: 64)
        for number in 0..<5000 {
            server.address = IPv4Address(rawValue: 0x0b00_0000 + UInt32(number))
            server.asks("f", at: number / 100, "DATA 1")
            #expect(server.listener.count <= 64)
        }
        asks(server, host: 1, at: 60, "DATA 1")
        server.acknowledges(1, at: 61, "DATA 2")
        for number in 0..<5000 {
            server.address = IPv4Address(rawValue: 0x0c00_0000 + UInt32(number))
            server.port = 3000
            server.asks("f", at: 62 + number / 100, "DATA 1")
        }
        server.address = IPv4Address(10, 0, 1, 1)
        server.port = 2000
        server.acknowledges(2, at: 120, "DATA 3")
    }
}
