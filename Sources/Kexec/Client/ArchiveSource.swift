import CZlib
import SystemIO

/// Reads a file in memory from front to back, gunzipped when it is gzip.
struct ArchiveSource: ~Copyable {
    private var input: MemoryInput
    private let inflater: Inflater?

    private static let partBytes = 128 << 10

    /// - Parameter fd: a `MemoryFile`'s, which must live for as long as this does.
    init(fd: CInt, byteCount: Int64) throws(ArchiveError) {
        input = MemoryInput(fd: fd, byteCount: byteCount)
        let start = try input.peek(2)
        inflater = start == [0x1f, 0x8b] ? try Inflater() : nil
    }

    /// The next bytes, at most `limit`; none at the end.
    mutating func read(limit: Int) throws(ArchiveError) -> [UInt8] {
        guard let inflater else { return try input.read(min(limit, Self.partBytes)) }
        return try inflater.read(min(limit, Self.partBytes), from: &input)
    }
}

/// The compressed side.
struct MemoryInput {
    let fd: CInt
    let byteCount: Int64
    var offset: Int64 = 0

    mutating func read(_ count: Int) throws(ArchiveError) -> [UInt8] {
        let bytes = try peek(count)
        offset += Int64(bytes.count)
        return bytes
    }

    func peek(_ count: Int) throws(ArchiveError) -> [UInt8] {
        do throws(SystemError) {
            return try MemoryFile.bytes(of: fd, at: offset, count: Int(min(Int64(count), byteCount - offset)))
        } catch { throw .memory(error) }
    }
}

/// zlib's inflate, for gzip files of one or more members.
///
/// `@safe`: the stream is never handed out.
@safe
private final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var used = 0
    private var isAtMemberEnd = false
    private var isOver = false

    init() throws(ArchiveError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 16: gzip alone. The size tells zlib which layout it was compiled against.
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else {
            unsafe stream.deallocate()
            throw .damaged("zlib has no memory")
        }
        unsafe self.stream = stream
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    func read(_ count: Int, from source: inout MemoryInput) throws(ArchiveError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        while !isOver {
            if used == input.count {
                input = try source.read(64 << 10)
                used = 0
                if input.isEmpty {
                    guard isAtMemberEnd else { throw .damaged("the gzip stream ends too early") }
                    isOver = true
                    break
                }
            }
            if isAtMemberEnd {
                // What follows the last member may be padding (gzip(1) does not heed it either).
                guard input[used] == 0x1f else {
                    isOver = true
                    break
                }
                unsafe inflateReset(stream)
                isAtMemberEnd = false
            }
            let produced = try inflate(into: &output)
            if produced > 0 {
                output.removeLast(count - produced)
                return output
            }
        }
        return []
    }

    private func inflate(into output: inout [UInt8]) throws(ArchiveError) -> Int {
        let (start, capacity) = (used, output.count)
        let code = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.pointee.next_in = input.baseAddress.map { unsafe $0 + start }
                unsafe stream.pointee.avail_in = UInt32(input.count - start)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                return unsafe CZlib.inflate(stream, Z_NO_FLUSH)
            }
        }
        used = input.count - Int(unsafe stream.pointee.avail_in)
        let produced = capacity - Int(unsafe stream.pointee.avail_out)
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isAtMemberEnd = true
        default: throw .damaged("the gzip stream is damaged")
        }
        return produced
    }
}
