import Glibc
import SystemIO
import TestSupport
import Testing
import Wire

@testable import TFTPServer

@Suite("Blocks on their way to the wire")
struct BlockSenderTests {
    @Test("Where the kernel cannot cut segments, each goes by itself")
    func withoutSegmentation() throws {
        let folder = try TemporaryFolder()
        try folder.write("f", pattern(5000))
        let client = try TestClient()
        let socket = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        // Without checksums there is no UDP GSO.
        var on = CInt(1)
        let size = socklen_t(MemoryLayout<CInt>.size)
        #expect(unsafe setsockopt(socket.rawDescriptor, SOL_SOCKET, SO_NO_CHECK, &on, size) == 0)
        var reader = try reader(of: folder, windowSize: 16)
        let blocks = try send(2...5, by: &reader, over: socket, to: client)
        #expect(blocks == (2...5).map { Array(pattern(5000)[($0 - 1) * 1000..<$0 * 1000]) })
    }

    @Test("Any range of blocks is sent, whether it was read before or not", arguments: [1, 4, 16, 64])
    func ranges(windowSize: Int) throws {
        let folder = try TemporaryFolder()
        let content = pattern(100_000)
        try folder.write("f", content)
        let client = try TestClient()
        let socket = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        var reader = try reader(of: folder, windowSize: windowSize)
        var random = SplitMix(seed: UInt64(windowSize))
        var first = UInt64(1)
        for _ in 0..<200 {
            let last = min(first + UInt64.random(in: 0..<UInt64(windowSize), using: &random), 101)
            let blocks = try send(first...last, by: &reader, over: socket, to: client)
            let expected = (first...last).map { block in
                Array(content[(Int(block) - 1) * 1000..<min(Int(block) * 1000, content.count)])
            }
            #expect(blocks == expected)
            // Onwards, again, a little back, or anywhere.
            switch random.next() % 8 {
            case 0: first = UInt64.random(in: 1...101, using: &random)
            case 1: break
            case 2: first = max(first - min(first, 3), 1)
            default: first = last < 101 ? last + 1 : 1
            }
        }
    }

    private func reader(of folder: TemporaryFolder, windowSize: Int) throws -> TFTPFileReader {
        let options = [TFTPOption("blksize", "1000"), TFTPOption("windowsize", String(windowSize))]
        let limits = TFTPLimits(blockSizeBytes: 1468, windowSize: 64)
        let file = try FileRoot(path: folder.path).open("f")
        return TFTPFileReader(
            file: file, negotiation: TFTPNegotiation(options, content: .octets(byteCount: 0), limits: limits))
    }

    private func send(
        _ blocks: ClosedRange<UInt64>, by reader: inout TFTPFileReader, over socket: UDPSocket,
        to client: TestClient
    ) throws -> [[UInt8]] {
        let route = TFTPRoute(socket: socket, peer: client.endpoint)
        #expect(reader.send(blocks, by: TFTPBlockSender(), over: route) == .sent)
        var contents: [[UInt8]] = []
        for block in blocks {
            guard case .data(let number, let content) = try client.receive() else { continue }
            #expect(number == UInt16(block))
            contents.append(content)
        }
        return contents
    }
}
