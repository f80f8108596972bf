import CLinux
import Glibc

/// A file of this host that the configuration names: its content and who may read it.
public struct HostFile: Equatable, Sendable {
    /// The first `limit` bytes at most.
    public var bytes: [UInt8]
    /// The permission bits.
    public var mode: UInt32

    public init(bytes: [UInt8], mode: UInt32) {
        self.bytes = bytes
        self.mode = mode
    }

    /// Reads a regular file.
    ///
    /// - Throws: EISDIR or EINVAL for what is none.
    public init(path: String, limit: Int) throws(SystemError) {
        // Without O_NONBLOCK a FIFO would hang us before fstat can refuse it.
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard fd >= 0 else { throw .last("open \(path)") }
        let file = OwnedDescriptor(fd)
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0 else { throw .last("fstat \(path)") }
        switch status.st_mode & mode_t(Glibc.S_IFMT) {
        case mode_t(Glibc.S_IFREG): break
        case mode_t(Glibc.S_IFDIR): throw SystemError("read \(path)", code: EISDIR)
        default: throw SystemError("read \(path), which is no regular file", code: EINVAL)
        }
        mode = UInt32(status.st_mode & 0o7777)
        var filled = 0
        var buffer = [UInt8](repeating: 0, count: min(limit, max(0, Int(status.st_size))))
        while filled < buffer.count {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe read(file.rawValue, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled)
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("read \(path)")
            }
            filled += count
        }
        bytes = Array(buffer.prefix(filled))
    }

    /// Makes a file that is not there yet, whole and on the disk when this returns.
    ///
    /// - Parameters:
    ///   - mode: whatever the process's umask is.
    ///   - groupID: whose group the file gets; nil: the process's.
    /// - Throws: EEXIST when something of this name is there. A file that could not be written whole is removed.
    public static func create(
        _ path: String, bytes: [UInt8], mode: UInt32, groupID: UInt32? = nil
    ) throws(SystemError) {
        // Nobody may open it before it has its group.
        let fd = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard fd >= 0 else { throw .last("make \(path)") }
        let file = OwnedDescriptor(fd)
        do throws(SystemError) {
            if let groupID, fchown(file.rawValue, uid_t.max, groupID) != 0 {
                throw .last("give \(path) to the group \(groupID)")
            }
            guard fchmod(file.rawValue, mode_t(mode)) == 0 else { throw .last("set the mode of \(path)") }
            guard unsafe write(file.rawValue, bytes, bytes.count) == bytes.count, fsync(file.rawValue) == 0
            else { throw .last("write \(path)") }
        } catch {
            unsafe unlink(path)
            throw error
        }
    }
}
