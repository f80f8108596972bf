import SystemIO
import Testing
import Wire

@testable import TFTPServer

@Suite("The server when all places are taken, over loopback")
struct DisplacementTests {
    private static func twoPlaces(_ settings: inout TFTPSettings) { settings.maximumTransfers = 2 }

    @Test("Requests that nobody stands behind do not keep a client from its file", arguments: [false, true])
    func displaces(singlePort: Bool) throws {
        try withServer(singlePort: singlePort, adjust: Self.twoPlaces) { server in
            try server.folder.write("f", pattern(700))
            let request: [UInt8] = [0, 1] + Array("f\0octet\0".utf8)
            // They stay open, and never answer.
            let silent = try (0..<4).map { _ in try UDPSocket(address: server.settings.address, port: 0) }
            for socket in silent { try socket.send(request.span, to: server.endpoint) }
            #expect(
                server.log.line(beginning: "warning tftp abandoned bytes=0 file=f")?
                    .contains("others needed the place") == true)
            let client = try UDPSocket(address: server.settings.address, port: 0)
            try client.send(request.span, to: server.endpoint)
            var receiver = DatagramReceiver(bufferBytes: 2048)
            var received: [UInt8] = []
            var loop = try EventLoop()
            try loop.add(client.rawDescriptor, token: 1)
            for block in UInt8(1)...2 {
                _ = try loop.waitForCount(until: .now + .seconds(5))
                var peer: IPv4Endpoint?
                _ = try receiver.receive(from: client, atMost: 1) { origin, bytes in
                    peer = origin.peer
                    received += bytes.toArray().dropFirst(4)
                }
                try client.send([0, 4, 0, block].span, to: try #require(peer))
            }
            #expect(received == pattern(700))
            #expect(server.log.line(beginning: "info tftp sent blksize=512 bytes=700") != nil)
        }
    }
}
