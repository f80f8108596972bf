import SystemIO
import Testing
import Wire

@testable import TFTPServer

@Suite("Several blocks in one system call, where that works")
struct SegmentationTests {
    @Test("One client to whom the kernel cuts no segments does not slow down the others")
    func refusalOfOne() throws {
        let sender = TFTPBlockSender()
        let socket = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        let packets = pattern(1000)
        let nowhere = TFTPRoute(
            socket: socket, peer: IPv4Endpoint(address: IPv4Address(127, 0, 0, 1), port: 0), source: nil)
        let outcome = sender.send(packets.span, firstBlock: 1, segmentBytes: 500, over: nowhere)
        guard case .failed(let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.isSegmentationRefusal && !error.isSegmentationUnsupported)
        #expect(sender.segmentationFailure == nil)
    }

    @Test("What does not fit the route is sent one by one")
    func narrowRoute() throws {
        let sender = TFTPBlockSender()
        let receiving = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        let socket = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        try socket.allowFragmentation()
        let route = TFTPRoute(
            socket: socket,
            peer: IPv4Endpoint(address: IPv4Address(127, 0, 0, 1), port: receiving.port), source: nil)
        // So many segments are refused like those that do not fit the route: with EINVAL.
        let packets = pattern(130 * 100)
        #expect(sender.send(packets.span, firstBlock: 1, segmentBytes: 100, over: route) == .sent)
        #expect(sender.segmentationFailure == nil)
        var datagrams = DatagramReceiver(bufferBytes: 2048)
        var bytes: [UInt8] = []
        for _ in 0..<130 {
            _ = try datagrams.receive(from: receiving, atMost: 1) { _, span in
                #expect(span.count == 100)
                bytes += span.toArray()
            }
        }
        #expect(bytes == packets)
    }

    @Test("Nothing from port 0 is answered, for nothing can be sent there")
    func portZero() {
        let dialogue = Dialogue(["f": 1])
        dialogue.port = 0
        dialogue.asks("f", at: 0, "-")
        dialogue.listeningPort([0, 4, 0, 1], at: 1, "-")
        #expect(dialogue.listener.count == 0)
    }
}
