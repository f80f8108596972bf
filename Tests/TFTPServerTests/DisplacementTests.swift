import Glibc
import SystemIO
import TestSupport
import Testing
import Wire

@testable import TFTPServer

@Suite("The server when all places are taken, over loopback")
struct DisplacementTests {
    @Test("Requests that nobody stands behind do not keep a client from its file", arguments: [false, true])
    func displaces(singlePort: Bool) throws {
        try withServer(singlePort: singlePort) { server in
            var settings = server.settings
            settings.maximumTransfers = 2
            server.service.apply(settings: settings, tree: server.tree)
            try server.folder.write("f", pattern(700))
            let request: [UInt8] = [0, 1] + Array("f\0octet\0".utf8)
            // They stay open, and never answer. The first ones may come before the server has its new bound.
            var silent: [UDPSocket] = []
            while silent.count < 10 {
                let socket = try UDPSocket(address: server.settings.address, port: 0)
                try socket.send(request.span, to: server.endpoint)
                silent.append(socket)
                if silent.count == 5 { usleep(100_000) }
            }
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
