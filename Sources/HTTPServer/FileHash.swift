import Crypto
import SystemIO
import Wire

/// Reads a whole file, in pieces that do not crowd out anything else.
enum FileHash {
    private static let chunkBytes = 1 << 20
    /// A compressed copy of more is not worth the memory.
    static let maximumCompressedBytes: Int64 = 64 << 20

    /// 64 lower-case hexadecimal digits.
    static func sha256(
        of file: OpenFile, unless isStopping: () -> Bool
    ) throws(DigestFailure) -> String {
        var hash = SHA256()
        let isWhole: Bool
        do throws(SystemError) {
            isWhole = unsafe try forEachChunk(of: file, unless: isStopping) { chunk, _ in
                unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(chunk))
            }
        } catch {
            throw .system(error)
        }
        guard isWhole else { throw .stopped }
        return hexadecimal(hash.finalize())
    }

    /// The file as gzip writes it, in memory; nil when it is too large for that, or when this was stopped.
    static func compressed(
        _ file: OpenFile, unless isStopping: () -> Bool
    ) throws(DigestFailure) -> OpenFile? {
        guard file.byteCount <= maximumCompressedBytes else { return nil }
        var writer = GzipWriter()
        do throws(SystemError) {
            var memory = try MemoryFile(name: "kexec-join.gz")
            let isWhole = unsafe try forEachChunk(of: file, unless: isStopping) {
                (chunk, isLast) throws(SystemError) in
                unsafe try writer.write(chunk, isLast: isLast, to: &memory)
            }
            guard isWhole else { return nil }
            try memory.seal()
            return try OpenFile(memory)
        } catch {
            throw .system(error)
        }
    }

    /// - Parameter body: gets each piece, at least one, and whether it is the last.
    /// - Returns: false when it was stopped.
    private static func forEachChunk(
        of file: OpenFile, unless isStopping: () -> Bool,
        _ body: (UnsafeMutableRawBufferPointer, Bool) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
        defer { unsafe buffer.deallocate() }
        var offset: Int64 = 0
        while !isStopping() {
            let count = unsafe try file.read(at: offset, into: buffer)
            let isLast = count < buffer.count
            unsafe try body(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), isLast)
            if isLast { return true }
            offset += Int64(count)
        }
        return false
    }
}
