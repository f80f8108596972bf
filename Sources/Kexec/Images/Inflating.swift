import CZlib
import SystemIO

extension MemoryFile {
    /// The most that anything here is unpacked to: 1 GiB.
    static let unpackedLimit: Int64 = 1 << 30
    /// No kernel or initrd shrinks to less than a hundredth; a bomb does, to a thousandth.
    private static let ratioLimit: Int64 = 100

    /// What a gzip stream in a part of this file unpacks to, as a sealed file; what follows the stream is left.
    borrowing func inflated(_ range: Range<Int64>, name: String) throws(KernelImageError) -> MemoryFile {
        var limit = Self.unpackedLimit
        limit = min(limit, max((range.upperBound - range.lowerBound) * Self.ratioLimit, 1 << 20))
        var result = try reading { () throws(SystemError) in try MemoryFile(name: name) }
        var stream = unsafe z_stream()
        // 16: with the header and checksum of gzip.
        let started = unsafe inflateInit2_(&stream, 16 + 15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard started == Z_OK else { throw .damagedCompression }
        defer { unsafe inflateEnd(&stream) }
        var offset = range.lowerBound
        while offset < range.upperBound {
            var input = try part(offset..<min(offset + 65_536, range.upperBound))
            offset += Int64(input.count)
            if try unsafe inflate(&input, by: &stream, to: &result, limit: limit) {
                try reading { () throws(SystemError) in try result.seal() }
                return result
            }
        }
        throw .damagedCompression
    }

    /// - Returns: whether the stream has ended, well.
    private borrowing func inflate(
        _ input: inout [UInt8], by stream: inout z_stream, to result: inout MemoryFile, limit: Int64
    ) throws(KernelImageError) -> Bool {
        var output = [UInt8](repeating: 0, count: 262_144)
        let inputCount = input.count
        var consumed = 0
        while true {
            let (status, produced, left) = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe output.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_in = source.baseAddress.map { unsafe $0 + consumed }
                    unsafe stream.avail_in = uInt(inputCount - consumed)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = uInt(target.count)
                    let status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                    return unsafe (status, target.count - Int(stream.avail_out), Int(stream.avail_in))
                }
            }
            consumed = inputCount - left
            // Z_BUF_ERROR: nothing could be done without more input, which comes.
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                throw .damagedCompression
            }
            guard result.byteCount + Int64(produced) <= limit else { throw .unpacksTooFar(limit: limit) }
            do { try result.append(output[..<produced]) } catch { throw .unreadable(error) }
            if status == Z_STREAM_END { return true }
            if produced < output.count { return false }
        }
    }
}

/// A failure of memory files as one of images.
func reading<Result: ~Copyable>(
    _ body: () throws(SystemError) -> Result
) throws(KernelImageError) -> Result {
    do { return try body() } catch { throw .unreadable(error) }
}
