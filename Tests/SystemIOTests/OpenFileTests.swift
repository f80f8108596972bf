import Glibc
import SystemIO
import Testing

@Suite("Reading files")
struct OpenFileTests {
    /// Opens a file of so many bytes, 0, 1, 2 and so on, for as long as `body` runs.
    private func withFile(_ byteCount: Int, _ body: (OpenFile, String) throws -> Void) throws {
        var template = Array("/tmp/netbootd-file-XXXXXX".utf8CString)
        let descriptor = OwnedDescriptor(unsafe mkstemp(&template))
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unsafe unlink(path) }
        let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        try #require(unsafe write(descriptor.rawValue, content, byteCount) == byteCount)
        try body(FileRoot(path: "/tmp").open(String(path.dropFirst(5))), path)
    }

    private func records(
        of file: OpenFile, at offset: Int64, recordBytes: Int, gapBytes: Int, room: Int
    ) throws -> (count: Int, buffer: [UInt8]) {
        var buffer = [UInt8](repeating: 0xee, count: room)
        let count = try unsafe buffer.withUnsafeMutableBytes {
            unsafe try file.readRecords(at: offset, recordBytes: recordBytes, gapBytes: gapBytes, into: $0)
        }
        return (count, buffer)
    }

    @Test("Records are read in one call, with room in front of each")
    func records() throws {
        try withFile(10) { file, _ in
            let three = try records(of: file, at: 0, recordBytes: 3, gapBytes: 2, room: 15)
            #expect(three.count == 9)
            #expect(three.buffer == [0xee, 0xee, 0, 1, 2, 0xee, 0xee, 3, 4, 5, 0xee, 0xee, 6, 7, 8])
            let one = try records(of: file, at: 4, recordBytes: 3, gapBytes: 2, room: 5)
            #expect(one.count == 3)
            #expect(one.buffer == [0xee, 0xee, 4, 5, 6])
            // The last may be shorter, or be its gap alone.
            let short = try records(of: file, at: 6, recordBytes: 3, gapBytes: 1, room: 6)
            #expect(short.count == 4)
            #expect(short.buffer == [0xee, 6, 7, 8, 0xee, 9])
            let gap = try records(of: file, at: 7, recordBytes: 3, gapBytes: 1, room: 5)
            #expect(gap.count == 3)
            #expect(gap.buffer == [0xee, 7, 8, 9, 0xee])
            let nothing = try records(of: file, at: 10, recordBytes: 3, gapBytes: 1, room: 1)
            #expect(nothing.count == 0)
        }
    }

    @Test("At the end of the file fewer bytes are read than have room")
    func shorter() throws {
        try withFile(10) { file, path in
            let end = try records(of: file, at: 4, recordBytes: 4, gapBytes: 1, room: 15)
            #expect(end.count == 6)
            #expect(Array(end.buffer[..<8]) == [0xee, 4, 5, 6, 7, 0xee, 8, 9])
            #expect(unsafe truncate(path, 5) == 0)
            // It still says what it was when it was opened.
            #expect(file.byteCount == 10)
            let cut = try records(of: file, at: 0, recordBytes: 4, gapBytes: 1, room: 10)
            #expect(cut.count == 5)
            #expect(try file.bytes(at: 3, count: 100) == [3, 4])
            #expect(try file.bytes(at: 100, count: 100) == [])
        }
    }

    @Test("A file keeps its identity until it is changed")
    func identity() throws {
        try withFile(10) { file, path in
            let again = try FileRoot(path: "/tmp").open(String(path.dropFirst(5)))
            #expect(again.identity == file.identity)
            #expect(unsafe truncate(path, 5) == 0)
            let changed = try FileRoot(path: "/tmp").open(String(path.dropFirst(5)))
            #expect(changed.identity != file.identity)
        }
    }
}
