import CLinux
import Glibc

/// A file that is in memory alone: artifacts are kept in one from the network to the kernel's own loader.
///
/// It is written from front to back by one owner, then sealed: nobody can change it afterwards, so that what was
/// verified is what is loaded.
public struct MemoryFile: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    public private(set) var byteCount: Int64 = 0

    /// - Parameter name: shown in `/proc`, and nothing else.
    public init(name: String) throws(SystemError) {
        let fd = unsafe netbootd_memory_file(name)
        guard fd >= 0 else { throw .last("make a file in memory for \(name)") }
        descriptor = OwnedDescriptor(fd)
    }

    /// Valid for as long as the file is.
    public var rawDescriptor: CInt { descriptor.rawValue }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe pwrite(
                rawDescriptor, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written,
                off_t(byteCount))
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("write to memory")
            }
            written += count
            byteCount += Int64(count)
        }
    }

    public mutating func append(_ bytes: some Sequence<UInt8>) throws(SystemError) {
        let bytes = Array(bytes)
        var failure: SystemError?
        unsafe bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { unsafe try append(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Appends all of another file.
    public mutating func append(_ other: borrowing MemoryFile) throws(SystemError) {
        var offset: Int64 = 0
        while offset < other.byteCount {
            let bytes = try other.bytes(at: offset, count: 1 << 20)
            try append(bytes)
            offset += Int64(bytes.count)
        }
    }

    /// Appends zeros until the size is a multiple of `alignment`.
    public mutating func pad(to alignment: Int64) throws(SystemError) {
        let surplus = byteCount % alignment
        if surplus > 0 { try append(repeatElement(0, count: Int(alignment - surplus))) }
    }

    /// Gives up what was written from `count` on, and its memory.
    public mutating func truncate(to count: Int64) throws(SystemError) {
        guard ftruncate(rawDescriptor, off_t(count)) == 0 else { throw .last("shorten a file in memory") }
        byteCount = count
    }

    /// Forbids every further change, for this process too.
    public func seal() throws(SystemError) {
        guard netbootd_seal(rawDescriptor) == 0 else { throw .last("seal a file in memory") }
    }

    /// Up to `count` bytes from `offset`; fewer only at the end.
    public func bytes(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        try Self.bytes(of: rawDescriptor, at: offset, count: count)
    }

    /// The same for a reader that cannot hold the file itself: it must live meanwhile.
    public static func bytes(of descriptor: CInt, at offset: Int64, count: Int) throws(SystemError) -> [UInt8]
    {
        var filled = 0
        var result = [UInt8](repeating: 0, count: count)
        while filled < count {
            let got = unsafe result.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
                    off_t(offset) + filled)
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .last("read from memory")
            }
            filled += got
        }
        result.removeLast(count - filled)
        return result
    }
}
