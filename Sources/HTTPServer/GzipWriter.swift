import CZlib
import Glibc
import SystemIO

/// Compresses a file into memory, as one gzip member (RFC 1952). The only place here that knows zlib.
@safe
struct GzipWriter: ~Copyable {
    // zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8]
    /// False when there was no memory for it.
    private let isReady: Bool

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        output = [UInt8](repeating: 0, count: 65_536)
        // 15 is the largest window; 16 more asks for gzip's header instead of zlib's.
        isReady =
            unsafe deflateInit2_(
                stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Takes the next bytes of the content; after the last ones, `isLast` ends the member.
    mutating func write(
        _ input: UnsafeMutableRawBufferPointer, isLast: Bool, to file: inout MemoryFile
    ) throws(SystemError) {
        guard isReady else { throw SystemError("compress a file", code: ENOMEM) }
        unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = UInt32(input.count)
        var space: UInt32 = 0
        repeat {
            let capacity = output.count
            unsafe output.withUnsafeMutableBufferPointer { buffer in
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(capacity)
                // With room for output and a state of its own it has nothing to fail for.
                _ = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
            }
            space = unsafe stream.pointee.avail_out
            try file.append(output.prefix(capacity - Int(space)))
        } while space == 0
    }
}
