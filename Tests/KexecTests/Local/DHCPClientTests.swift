import Testing
import Wire

@testable import Kexec

@Suite("The small DHCP client")
struct DHCPClientTests {
    private static let mac = MACAddress(rawValue: 0x5254_0012_3456)
    private static let start = ContinuousClock.now

    private func client() -> DHCPClient {
        DHCPClient(mac: Self.mac, transactionID: 0xdead_beef, at: Self.start)
    }

    private func options(of message: [UInt8]) -> [UInt8] {
        Array(message[240...].prefix { $0 != 255 })
    }

    private func answer(
        _ kind: UInt8, address: IPv4Address = IPv4Address(10, 0, 0, 100),
        server: IPv4Address = IPv4Address(10, 0, 0, 1), transactionID: UInt32 = 0xdead_beef,
        more: [UInt8] = [1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 254, 6, 8, 10, 0, 0, 1, 10, 0, 0, 2]
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.write([2, 1, 6, 0] as [UInt8])
        writer.write(transactionID)
        writer.writeZeros(8)
        writer.write(address)
        writer.write(IPv4Address(10, 0, 0, 9))
        writer.writeZeros(4)
        writer.write(Self.mac)
        writer.writeZeros(202)
        writer.write([0x63, 0x82, 0x53, 0x63, 53, 1, kind, 54, 4] as [UInt8])
        writer.write(server)
        writer.write(more + [15, 3, 108, 97, 98, 255])
        return writer.bytes
    }

    private let lease = ClientLease(
        address: IPv4Address(10, 0, 0, 100), prefixLength: 24, router: IPv4Address(10, 0, 0, 254),
        nameServers: [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)], domain: "lab", hostname: nil,
        server: IPv4Address(10, 0, 0, 1), nextServer: IPv4Address(10, 0, 0, 9))

    private func sent(_ action: DHCPClient.Action) throws -> [UInt8] {
        guard case .send(let bytes) = action else {
            Issue.record("\(action)")
            throw CancellationError()
        }
        return bytes
    }

    @Test("DISCOVER, OFFER, REQUEST, ACK")
    func dialogue() throws {
        var client = client()
        let discover = try sent(client.timePassed(to: Self.start))
        #expect(discover.count == 300)
        #expect(Array(discover[..<12]) == [1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80, 0])
        #expect(Array(discover[28..<34]) == Self.mac.bytes)
        #expect(options(of: discover).starts(with: [53, 1, 1, 57, 2, 5, 0xc0, 55]))
        let request = try sent(client.received(answer(2), at: Self.start + .seconds(2)))
        #expect(Array(request[8..<10]) == [0, 2])
        #expect(
            options(of: request).starts(with: [53, 1, 3, 50, 4, 10, 0, 0, 100, 54, 4, 10, 0, 0, 1, 57]))
        #expect(client.received(answer(5), at: Self.start + .seconds(2)) == .use(lease))
        #expect(client.timePassed(to: Self.start + .seconds(90)) == .wait)
    }

    @Test("Nobody answers: five times, then no more")
    func silence() throws {
        var client = client()
        var times: [Int64] = []
        var now = Self.start
        while case .send = client.timePassed(to: now) {
            times.append((now - Self.start).components.seconds)
            #expect(client.timePassed(to: now) == .wait)
            now = client.deadline
        }
        #expect(times == [0, 1, 3, 7, 15])
        #expect(now == Self.start + .seconds(23))
    }

    @Test("A refusal starts over, and a server that falls silent is asked three times")
    func refusal() throws {
        var client = client()
        _ = try sent(client.timePassed(to: Self.start))
        _ = try sent(client.received(answer(2), at: Self.start))
        #expect(client.received(answer(6), at: Self.start) == .wait)
        let again = try sent(client.timePassed(to: Self.start + .seconds(1)))
        #expect(again[242] == 1)
        _ = try sent(client.received(answer(2), at: Self.start + .seconds(1)))
        #expect(try sent(client.timePassed(to: client.deadline))[242] == 3)
        #expect(try sent(client.timePassed(to: client.deadline))[242] == 3)
        #expect(try sent(client.timePassed(to: client.deadline))[242] == 1)
    }

    @Test("What is not for us, gives no address, or comes from another server is passed over")
    func passedOver() throws {
        var client = client()
        _ = try sent(client.timePassed(to: Self.start))
        #expect(client.received(answer(2, transactionID: 1), at: Self.start) == .wait)
        #expect(client.received(answer(2, address: .any), at: Self.start) == .wait)
        #expect(client.received(answer(5), at: Self.start) == .wait)
        _ = try sent(client.received(answer(2), at: Self.start))
        #expect(client.received(answer(5, server: IPv4Address(10, 0, 0, 7)), at: Self.start) == .wait)
        #expect(client.received(answer(5, more: []), at: Self.start) != .wait)
    }

    @Test("Without a mask, the address says it; every prefix and damage is survived")
    func damage() throws {
        #expect(DHCPAnswer(parsing: answer(5, more: []))?.lease.prefixLength == 8)
        let whole = answer(2)
        for length in 0..<whole.count { _ = DHCPAnswer(parsing: Array(whole.prefix(length))) }
        for length in 0..<240 { #expect(DHCPAnswer(parsing: Array(whole.prefix(length))) == nil) }
        var generator = SeededGenerator(state: 3)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 230..<bytes.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            _ = DHCPAnswer(parsing: bytes)
        }
    }
}
