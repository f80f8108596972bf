import CLinux
import Glibc

/// What distinguishes one state of a file from another.
public struct FileIdentity: Hashable, Sendable {
    public var device: UInt64
    public var inode: UInt64
    public var byteCount: Int64
    /// Last modification, in seconds since 1970 and nanoseconds.
    public var modifiedSeconds: Int64
    public var modifiedNanoseconds: Int64
}

/// A regular file, open for reading.
public final class OpenFile: Sendable {
    private let descriptor: OwnedDescriptor
    public let identity: FileIdentity

    init(descriptor: consuming OwnedDescriptor, identity: FileIdentity) {
        self.descriptor = descriptor
        self.identity = identity
    }

    public var byteCount: Int64 { identity.byteCount }
    public var rawDescriptor: CInt { descriptor.rawValue }

    /// A second descriptor of the same open file, for a library that closes what it is given.
    public func duplicate() throws(SystemError) -> OwnedDescriptor {
        let fd = netbootd_duplicate(rawDescriptor)
        guard fd >= 0 else { throw .last("duplicate a descriptor") }
        return OwnedDescriptor(fd)
    }

    /// Reads up to `buffer.count` bytes from `offset`; fewer only at the end of the file.
    public func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    {
        var filled = 0
        while filled < buffer.count {
            let count = unsafe pread(
                rawDescriptor, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled,
                off_t(offset) + filled)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("read a file at \(offset)")
            }
            filled += count
        }
        return filled
    }
}

/// Why a path could not be opened.
public enum OpenFailure: Error, Equatable, Sendable {
    case notFound
    case accessDenied
    case notARegularFile
    /// The path leads out of its root, by `..` or a symbolic link.
    case outsideRoot
    case other(SystemError)
}

/// A folder beneath which files are opened, and never beside or above it.
public final class FileRoot: Sendable {
    public let path: String
    private let descriptor: OwnedDescriptor

    public init(path: String) throws(SystemError) {
        self.path = path
        let fd = unsafe netbootd_open_folder(path)
        guard fd >= 0 else { throw .last("open the folder \(path)") }
        descriptor = OwnedDescriptor(fd)
    }

    /// Opens the regular file at `path`, relative to the root.
    ///
    /// The kernel itself refuses to leave the root (`RESOLVE_BENEATH`), whatever the path and its links say.
    public func open(_ path: String) throws(OpenFailure) -> OpenFile {
        // Without O_NONBLOCK a FIFO would hang us before fstat can refuse it.
        let flags = UInt64(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
        let fd = unsafe netbootd_openat2(descriptor.rawValue, path, flags, resolve)
        guard fd >= 0 else {
            let error = SystemError.last("open \(self.path)/\(path)")
            switch error.code {
            case ENOENT, ENOTDIR, ENAMETOOLONG: throw .notFound
            case EACCES, EPERM: throw .accessDenied
            case EXDEV, ELOOP: throw .outsideRoot
            default: throw .other(error)
            }
        }
        let opened = OwnedDescriptor(fd)
        var status = stat()
        guard unsafe fstat(fd, &status) == 0 else { throw .other(.last("fstat \(path)")) }
        guard status.st_mode & mode_t(Glibc.S_IFMT) == mode_t(Glibc.S_IFREG) else { throw .notARegularFile }
        let identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), byteCount: Int64(status.st_size),
            modifiedSeconds: Int64(status.st_mtim.tv_sec), modifiedNanoseconds: Int64(status.st_mtim.tv_nsec))
        return OpenFile(descriptor: opened, identity: identity)
    }
}
