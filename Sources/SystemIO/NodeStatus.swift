import CLinux
import Glibc

/// A moment as file systems keep it: seconds since 1970, negative before, and nanoseconds after that second.
public struct FileTime: Hashable, Sendable {
    public var seconds: Int64
    /// From 0 to 999,999,999.
    public var nanoseconds: UInt32

    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Since 1970, modulo 2^64.
    public var totalNanoseconds: UInt64 {
        UInt64(bitPattern: seconds) &* 1_000_000_000 &+ UInt64(nanoseconds)
    }
}

/// Everything that a file system says of one of its nodes (statx(2)).
public struct NodeStatus: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file, folder, link, blockDevice, characterDevice, socket, fifo
    }

    /// Of the host, until it restarts.
    public var device: UInt64
    public var inode: UInt64
    public var kind: Kind
    /// The low twelve bits of the mode.
    public var permissions: UInt32
    public var linkCount: UInt32
    public var userID: UInt32
    public var groupID: UInt32
    public var byteCount: UInt64
    public var allocatedBytes: UInt64
    /// What a device node stands for.
    public var deviceNumber: (major: UInt32, minor: UInt32) { (deviceMajor, deviceMinor) }
    private var deviceMajor: UInt32
    private var deviceMinor: UInt32
    public var accessed: FileTime
    public var modified: FileTime
    public var changed: FileTime
    /// Nil where the file system does not keep it.
    public var born: FileTime?

    public init(
        device: UInt64 = 0, inode: UInt64, kind: Kind, permissions: UInt32, linkCount: UInt32 = 1,
        userID: UInt32 = 0, groupID: UInt32 = 0, byteCount: UInt64 = 0, allocatedBytes: UInt64 = 0,
        deviceNumber: (major: UInt32, minor: UInt32) = (0, 0), accessed: FileTime = FileTime(seconds: 0),
        modified: FileTime = FileTime(seconds: 0), changed: FileTime = FileTime(seconds: 0),
        born: FileTime? = nil
    ) {
        self.device = device
        self.inode = inode
        self.kind = kind
        self.permissions = permissions
        self.linkCount = linkCount
        self.userID = userID
        self.groupID = groupID
        self.byteCount = byteCount
        self.allocatedBytes = allocatedBytes
        deviceMajor = deviceNumber.major
        deviceMinor = deviceNumber.minor
        self.accessed = accessed
        self.modified = modified
        self.changed = changed
        self.born = born
    }

    init(_ status: netbootd_status_s) {
        let kind: Kind =
            switch mode_t(status.mode) & mode_t(Glibc.S_IFMT) {
            case mode_t(Glibc.S_IFDIR): .folder
            case mode_t(Glibc.S_IFLNK): .link
            case mode_t(Glibc.S_IFBLK): .blockDevice
            case mode_t(Glibc.S_IFCHR): .characterDevice
            case mode_t(Glibc.S_IFSOCK): .socket
            case mode_t(Glibc.S_IFIFO): .fifo
            default: .file
            }
        self.init(
            device: status.device, inode: status.inode, kind: kind, permissions: status.mode & 0o7777,
            linkCount: status.links, userID: status.uid, groupID: status.gid, byteCount: status.size,
            allocatedBytes: status.blocks * 512, deviceNumber: (status.rdev_major, status.rdev_minor),
            accessed: FileTime(seconds: status.atime, nanoseconds: status.atime_ns),
            modified: FileTime(seconds: status.mtime, nanoseconds: status.mtime_ns),
            changed: FileTime(seconds: status.ctime, nanoseconds: status.ctime_ns),
            born: status.has_btime != 0 ? FileTime(seconds: status.btime, nanoseconds: status.btime_ns) : nil)
    }
}

/// How much a file system holds (statfs(2)).
public struct FileSystemSpace: Hashable, Sendable {
    /// The file system's own, the same after a restart of the host for most of them; 0 for some.
    public var id: UInt64 = 0
    public var totalBytes: UInt64
    public var freeBytes: UInt64
    /// Of these, what ordinary users may have.
    public var availableBytes: UInt64
    public var totalFiles: UInt64
    public var freeFiles: UInt64

    public init(
        id: UInt64 = 0, totalBytes: UInt64, freeBytes: UInt64 = 0, availableBytes: UInt64 = 0,
        totalFiles: UInt64, freeFiles: UInt64 = 0
    ) {
        self.id = id
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.availableBytes = availableBytes
        self.totalFiles = totalFiles
        self.freeFiles = freeFiles
    }

    init(_ space: netbootd_space_s) {
        self.init(
            id: space.id, totalBytes: space.blocks &* space.block_bytes,
            freeBytes: space.free_blocks &* space.block_bytes,
            availableBytes: space.available_blocks &* space.block_bytes, totalFiles: space.files,
            freeFiles: space.free_files)
    }
}
