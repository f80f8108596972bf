import Testing

@testable import TFTPServer

@Suite("Text transfers")
struct NetasciiTests {
    @Test(
        "Line ends and lone carriage returns are written as RFC 764 has them",
        arguments: [
            ("", ""), ("a", "a"), ("\n", "\r\n"), ("\r", "\r\0"), ("\r\n", "\r\0\r\n"),
            ("a\nb\rc", "a\r\nb\r\0c"),
        ])
    func translation(text: String, expected: String) {
        #expect(blocks(of: Array(text.utf8), blockSize: 512) == [Array(expected.utf8)])
    }

    @Test("Blocks are full to the byte, though a pair is cut in two, and the last is shorter")
    func cuts() {
        // Larger than what is read of a file at once, with pairs at all places.
        let text = pattern(9000).map { $0 < 64 ? UInt8(ascii: "\n") : $0 < 96 ? UInt8(ascii: "\r") : $0 }
        var whole: [UInt8] = []
        for byte in text {
            switch byte {
            case 10: whole += [13, 10]
            case 13: whole += [13, 0]
            default: whole.append(byte)
            }
        }
        for blockSize in [8, 9, 511, 512, 1024, 1468, whole.count, whole.count + 1] {
            let blocks = blocks(of: text, blockSize: blockSize)
            #expect(blocks.dropLast().allSatisfy { $0.count == blockSize })
            #expect(blocks.last.map { $0.count < blockSize } == true)
            #expect(Array(blocks.joined()) == whole, "\(blockSize)")
        }
    }

    @Test("A text that fills its last block ends with an empty one")
    func exactMultiple() {
        #expect(blocks(of: wire("abcdefg\n"), blockSize: 9).map(\.count) == [9, 0])
        #expect(blocks(of: wire("abcdefg\n"), blockSize: 8).map(\.count) == [8, 1])
    }

    @Test("The engine learns of the end from the driver, and repeats the block at hand")
    func dialogue() {
        let client = Dialogue(["config.txt": 700])
        client.asks(
            "config.txt", "blksize 512 windowsize 4 tsize 0", mode: "NetASCII", at: 0, "OACK blksize 512")
        client.acknowledges(0, at: 1, "DATA 1")
        client.silence(until: 1001, "DATA 1")
        client.acknowledges(1, at: 1002, "DATA 2")
        client.contentEnds(withBlock: 2, wireBytes: 730)
        client.acknowledges(1, at: 1003, "-")
        client.acknowledges(2, at: 1004, "end 730 bytes, 1 again")
    }

    private func blocks(of text: [UInt8], blockSize: Int) -> [[UInt8]] {
        var translator = NetasciiBlocks(blockSizeBytes: blockSize)
        var blocks: [[UInt8]] = []
        repeat {
            translator.advance { offset, count in Array(text.dropFirst(Int(offset)).prefix(count)) }
            blocks.append(translator.bytes)
            #expect(translator.number == UInt64(blocks.count))
        } while !translator.isLast
        #expect(translator.wireBytes == UInt64(blocks.joined().count))
        return blocks
    }
}
