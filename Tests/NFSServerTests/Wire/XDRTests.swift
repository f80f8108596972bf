import Testing
import Wire

@testable import NFSServer

@Suite("XDR")
struct XDRTests {
    private func reading<Value>(
        _ bytes: [UInt8], _ body: (inout XDRReader) throws(XDRError) -> Value
    ) throws(XDRError) -> Value {
        var reader = XDRReader(bytes.span)
        return try body(&reader)
    }

    @Test("Numbers are big-endian")
    func numbers() throws {
        var writer = XDRWriter()
        writer.uint32(0x0102_0304)
        writer.uint64(0x1112_1314_1516_1718)
        writer.bool(true)
        let expected: [UInt8] = [1, 2, 3, 4, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0, 0, 0, 1]
        #expect(writer.bytes == expected)
        var reader = XDRReader(expected.span)
        #expect(try reader.uint32() == 0x0102_0304)
        #expect(try reader.uint64() == 0x1112_1314_1516_1718)
        #expect(try reader.bool())
    }

    @Test("Opaques are filled up to four bytes", arguments: 0...9)
    func padding(count: Int) throws {
        let value = (0..<count).map { UInt8($0 + 1) }
        var writer = XDRWriter()
        writer.opaque(value)
        #expect(writer.count == 4 + (count + 3) / 4 * 4)
        #expect(writer.bytes[(4 + count)...].allSatisfy { $0 == 0 })
        #expect(try reading(writer.bytes) { reader throws(XDRError) in try reader.opaque(limit: 9) } == value)
    }

    @Test("An opaque longer than its type allows is refused before it is read")
    func tooLong() {
        #expect(throws: XDRError.tooLong(offset: 0, found: 65, limit: 64)) {
            try reading([0, 0, 0, 65]) { reader throws(XDRError) in try reader.opaque(limit: 64) }
        }
        #expect(throws: XDRError.tooLong(offset: 0, found: .max, limit: 64)) {
            try reading([255, 255, 255, 255]) { reader throws(XDRError) in try reader.skipOpaque(limit: 64) }
        }
    }

    @Test("Each prefix of a value is refused, not read as a shorter one")
    func prefixes() throws {
        var writer = XDRWriter()
        writer.opaque([1, 2, 3, 4, 5])
        for count in 0..<writer.count {
            #expect(throws: XDRError.self) {
                try reading(Array(writer.bytes[..<count])) { reader throws(XDRError) in
                    try reader.opaque(limit: 64)
                }
            }
        }
    }

    @Test("A count says nothing of elements that are not there")
    func counts() {
        #expect(throws: XDRError.truncated(offset: 0, needed: 48, available: 8)) {
            try reading([0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]) { reader throws(XDRError) in
                try reader.count(limit: 16, elementBytes: 16)
            }
        }
    }

    @Test("A boolean is 0 or 1")
    func booleans() {
        #expect(throws: XDRError.notABoolean(offset: 0, found: 2)) {
            try reading([0, 0, 0, 2]) { reader throws(XDRError) in try reader.bool() }
        }
    }
}

@Suite("Records of a stream")
struct RecordTests {
    /// A record, whole or in fragments of these sizes.
    private func stream(_ record: [UInt8], fragments: [Int]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        for (index, size) in fragments.enumerated() {
            let mark = UInt32(size) | (index == fragments.count - 1 ? 1 << 31 : 0)
            result += (0..<4).map { UInt8(truncatingIfNeeded: mark >> UInt32(24 - 8 * $0)) }
            result += record[start..<start + size]
            start += size
        }
        return result
    }

    /// Hands a stream on in pieces, as the driver does, and gathers the records.
    private func records(_ stream: [UInt8], piece: Int) throws -> [[UInt8]] {
        var assembler = RecordAssembler()
        var records: [[UInt8]] = []
        var unread: [UInt8] = []
        for start in stride(from: 0, to: stream.count, by: piece) {
            let input = unread + stream[start..<min(start + piece, stream.count)]
            var position = 0
            reading: while true {
                switch try assembler.next(in: input, from: position, to: input.count) {
                case .needsMore(let consumed):
                    unread = Array(input[consumed...])
                    break reading
                case .record(let range, let consumed):
                    records.append(Array(input[range]))
                    position = consumed
                case .assembled(let consumed):
                    records.append(assembler.takeRecord())
                    position = consumed
                }
            }
        }
        #expect(unread.isEmpty && !assembler.isInside)
        return records
    }

    @Test("However a stream is cut, the same records come out", arguments: [1, 2, 3, 4, 5, 7, 64, 1000])
    func pieces(piece: Int) throws {
        let (first, second) = ([UInt8](1...40), [UInt8](41...90))
        let all =
            stream(first, fragments: [40]) + stream(second, fragments: [10, 0, 1, 39])
            + stream([], fragments: [0]) + stream(first, fragments: [1, 39])
        #expect(try records(all, piece: piece) == [first, second, [], first])
    }

    @Test("A record of 64 KiB is taken, and one of a byte more is not, however it is cut")
    func longest() throws {
        let limit = RecordAssembler.maximumRecordBytes
        let record = [UInt8](repeating: 7, count: limit + 1)
        #expect(
            try records(stream(Array(record.dropLast()), fragments: [limit]), piece: 10_000) == [
                Array(record.dropLast())
            ])
        #expect(throws: RecordAssembler.Violation.tooLong(byteCount: limit + 1, limit: limit)) {
            try records(stream(record, fragments: [limit + 1]), piece: 10_000)
        }
        #expect(throws: RecordAssembler.Violation.tooLong(byteCount: limit + 1, limit: limit)) {
            try records(stream(record, fragments: [limit, 1]), piece: 10_000)
        }
    }

    @Test("A mark that promises too much ends the stream before its bytes come")
    func promise() {
        var assembler = RecordAssembler()
        #expect(throws: RecordAssembler.Violation.self) {
            try assembler.next(in: [0xff, 0xff, 0xff, 0xff], from: 0, to: 4)
        }
    }

    @Test("A record of more fragments than 64 ends the stream, though they be empty")
    func fragments() throws {
        let most = [Int](repeating: 0, count: 63) + [4]
        #expect(try records(stream([1, 2, 3, 4], fragments: most), piece: 9) == [[1, 2, 3, 4]])
        #expect(throws: RecordAssembler.Violation.tooManyFragments(limit: 64)) {
            try records(stream([1, 2, 3, 4], fragments: [0] + most), piece: 9)
        }
    }
}
