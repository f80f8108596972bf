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

extension FileIdentity {
    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        byteCount = Int64(status.st_size)
        modifiedSeconds = Int64(status.st_mtim.tv_sec)
        modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
    }
}

/// A regular file, open for reading.
public final class OpenFile: Sendable {
    private let descriptor: OwnedDescriptor
    public let identity: FileIdentity

    init(descriptor: consuming OwnedDescriptor, identity: FileIdentity) {
        self.descriptor = descriptor
        self.identity = identity
    }

    /// What is in memory alone, as a file among others. To be sealed before.
    public init(_ memory: borrowing MemoryFile) throws(SystemError) {
        let fd = netbootd_duplicate(memory.rawDescriptor)
        guard fd >= 0 else { throw .last("duplicate a descriptor") }
        descriptor = OwnedDescriptor(fd)
        identity = try Self.identity(of: fd)
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

extension OpenFile {
    /// What the file is by now: it may have changed since it was opened.
    public func currentIdentity() throws(SystemError) -> FileIdentity {
        try Self.identity(of: rawDescriptor)
    }

    fileprivate static func identity(of descriptor: CInt) throws(SystemError) -> FileIdentity {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("fstat") }
        return FileIdentity(status)
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    public func bytes(at offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                unsafe filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Tells the kernel that the file will be read from front to back: it reads further ahead then.
    public func expectSequentialReading() {
        _ = posix_fadvise(rawDescriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// Reads consecutive records of `recordBytes` each, and leaves `gapBytes` untouched in front of each.
    ///
    /// - Parameter buffer: gap, record, gap, record and so on; the last record may be shorter.
    /// - Returns: how many of the file's bytes were read; fewer than have room only at the end of the file.
    public func readRecords(
        at offset: Int64, recordBytes: Int, gapBytes: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        let stride = gapBytes + recordBytes
        let recordCount = (buffer.count + stride - 1) / stride
        if recordCount == 1 && buffer.count > gapBytes {
            return unsafe try read(
                at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[gapBytes...]))
        }
        // The last one may consist of its gap alone.
        let capacity = max(buffer.count - recordCount * gapBytes, 0)
        let count = unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: recordCount) { vectors in
            for index in 0..<recordCount {
                let start = index * stride + gapBytes
                unsafe vectors[index] = iovec(
                    iov_base: buffer.baseAddress.map { unsafe $0 + start },
                    iov_len: max(min(recordBytes, buffer.count - start), 0))
            }
            return unsafe preadv(rawDescriptor, vectors.baseAddress, CInt(recordCount), off_t(offset))
        }
        if count == capacity { return count }
        // A signal, or a file that has become shorter: one by one, until nothing more comes.
        var total = 0
        for start in Swift.stride(from: gapBytes, to: buffer.count, by: stride) {
            let record = unsafe UnsafeMutableRawBufferPointer(
                rebasing: buffer[start..<min(start + recordBytes, buffer.count)])
            let count = unsafe try read(at: offset + Int64(total), into: record)
            total += count
            if count < record.count { break }
        }
        return total
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
    let resolve: UInt64

    var rawDescriptor: CInt { descriptor.rawValue }

    /// - Parameter trustsLinks: symbolic links in the folder may lead anywhere. For folders of the
    ///   distribution's packages alone.
    public init(path: String, trustsLinks: Bool = false) throws(SystemError) {
        self.path = path
        resolve = UInt64(RESOLVE_NO_MAGICLINKS) | (trustsLinks ? 0 : UInt64(RESOLVE_BENEATH))
        let fd = unsafe netbootd_open_folder(path)
        guard fd >= 0 else { throw .last("open the folder \(path)") }
        descriptor = OwnedDescriptor(fd)
    }

    /// A whole file system: its links are followed as if it were `/`, and what is mounted on its folders is not seen.
    ///
    /// - Parameters:
    ///   - fileSystem: its top folder.
    ///   - path: what it is called in errors.
    public init(fileSystem: consuming OwnedDescriptor, path: String) {
        self.path = path
        resolve = UInt64(RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT | RESOLVE_NO_XDEV)
        descriptor = fileSystem
    }

    /// Opens the regular file at `path`, relative to the root.
    ///
    /// The kernel itself refuses to leave the root (`RESOLVE_BENEATH`), whatever the path and its links say. With
    /// trusted links, `path` must be a single name.
    public func open(_ path: String) throws(OpenFailure) -> OpenFile {
        // Without O_NONBLOCK a FIFO would hang us before fstat can refuse it.
        let flags = UInt64(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard
            resolve & UInt64(RESOLVE_BENEATH | RESOLVE_IN_ROOT) != 0 || !path.utf8.contains(UInt8(ascii: "/"))
        else {
            throw .outsideRoot
        }
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
        return OpenFile(descriptor: opened, identity: FileIdentity(status))
    }

    /// The names in a folder, sorted, without `.` and `..`; nil when there is no such folder.
    public func names(inFolder path: String) -> [String]? {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let fd = unsafe netbootd_openat2(descriptor.rawValue, path, flags, resolve)
        guard fd >= 0 else { return nil }
        guard let folder = unsafe fdopendir(fd) else {
            close(fd)
            return nil
        }
        return unsafe SystemIO.names(inOpenFolder: folder).sorted()
    }
}
