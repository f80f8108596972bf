import CLinux
import Glibc

/// A file, folder or link that is open by its path or for reading, by whatever name it now has.
public final class NodeDescriptor: Sendable {
    private let descriptor: OwnedDescriptor

    /// For sending the content from file to socket.
    public var rawDescriptor: CInt { descriptor.rawValue }

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    public func status() throws(SystemError) -> NodeStatus { try status(of: [0]) }

    /// The status of an entry of this folder; a link's own.
    ///
    /// - Parameter name: ends in a NUL and holds no slash.
    public func status(of name: [UInt8]) throws(SystemError) -> NodeStatus {
        var status = netbootd_status_s()
        guard unsafe netbootd_status(descriptor.rawValue, name, &status) == 0 else { throw .last("statx") }
        return NodeStatus(status)
    }

    public func space() throws(SystemError) -> FileSystemSpace {
        var space = netbootd_space_s()
        guard unsafe netbootd_space(descriptor.rawValue, &space) == 0 else { throw .last("fstatfs") }
        return FileSystemSpace(space)
    }

    /// What a link says, as it stands there.
    public func linkTarget() throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let target = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let result = unsafe netbootd_link_target(descriptor.rawValue, buffer.baseAddress, buffer.count)
            if result < 0 { failure = .last("readlink") }
            count = max(0, result)
        }
        if let failure { throw failure }
        return target
    }

    /// Opens what is at `path` beneath this folder, by way of folders alone: no link on the way is followed, and a link
    /// at its end is opened itself.
    ///
    /// - Parameters:
    ///   - path: relative, ends in a NUL; empty but for that: this folder.
    ///   - forReading: a regular file's content; without it, anything's status.
    public func open(_ path: [UInt8], forReading: Bool = false) throws(SystemError) -> NodeDescriptor {
        let fd = unsafe netbootd_open_node(rawDescriptor, path, forReading ? 1 : 0)
        guard fd >= 0 else { throw .last("open a node of an exported folder") }
        return NodeDescriptor(OwnedDescriptor(fd))
    }

    /// The same folder, to read its entries from their first.
    public func reopenedFolder() throws(SystemError) -> NodeDescriptor {
        let fd = netbootd_reopen_folder(descriptor.rawValue)
        guard fd >= 0 else { throw .last("open a folder for reading") }
        return NodeDescriptor(OwnedDescriptor(fd))
    }

    /// Goes on with the entries behind the one that had this cookie; 0: from the first.
    public func seekEntries(to cookie: UInt64) throws(SystemError) {
        guard lseek(descriptor.rawValue, off_t(truncatingIfNeeded: cookie), SEEK_SET) >= 0 else {
            throw .last("lseek")
        }
    }

    /// The next entries of a folder that is open for reading, as the kernel writes them (getdents64(2)).
    ///
    /// - Returns: how many bytes; 0 at its end.
    public func readEntries(into buffer: inout FolderEntryBuffer) throws(SystemError) -> Int {
        let count = unsafe netbootd_entries(descriptor.rawValue, &buffer.bytes, buffer.bytes.count)
        guard count >= 0 else { throw .last("getdents64") }
        buffer.filled = count
        return count
    }

    /// Reads up to `count` bytes from `offset` of a file that is open for reading; fewer only at its end.
    public func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let result = unsafe pread(
                    descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
                    off_t(truncatingIfNeeded: offset) + filled)
                if result == 0 { return }
                if result > 0 {
                    filled += result
                } else if errno != EINTR {
                    failure = .last("read a file at \(offset)")
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Tells the kernel that a file will be read from front to back: it reads further ahead then.
    public func expectSequentialReading() {
        _ = posix_fadvise(descriptor.rawValue, 0, 0, POSIX_FADV_SEQUENTIAL)
    }
}

/// Entries of a folder as getdents64(2) gives them.
public struct FolderEntryBuffer: Sendable {
    fileprivate(set) var bytes: [UInt8]
    fileprivate var filled = 0

    public init(byteCount: Int = 32_768) { bytes = Array(repeating: 0, count: byteCount) }

    public struct Entry: Sendable {
        public var inode: UInt64
        /// Where the entries behind this one are found.
        public var cookie: UInt64
        /// Nil when the file system does not say.
        public var isFolder: Bool?
        /// Of its name in the buffer, without the NUL behind it.
        fileprivate var name: Range<Int>
        fileprivate var end: Int
    }

    /// The entry that begins at `offset`: 0, or the last one's end; nil behind the last.
    public func entry(at offset: Int) -> Entry? {
        // struct linux_dirent64: inode 8, cookie 8, length 2, kind 1, name.
        guard offset + 19 < filled else { return nil }
        let length = Int(bytes[offset + 16]) | Int(bytes[offset + 17]) << 8
        guard length > 19, offset + length <= filled else { return nil }
        let start = offset + 19
        var end = start
        while end < offset + length, bytes[end] != 0 { end += 1 }
        let kind = bytes[offset + 18]
        return Entry(
            inode: number(at: offset), cookie: number(at: offset + 8),
            isFolder: kind == UInt8(DT_UNKNOWN) ? nil : kind == UInt8(DT_DIR), name: start..<end,
            end: offset + length)
    }

    public func end(of entry: Entry) -> Int { entry.end }

    public func name(of entry: Entry) -> ArraySlice<UInt8> { bytes[entry.name] }

    private func number(at offset: Int) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
}

extension NodeDescriptor {
    /// Opens a folder of the host, by whatever links lead to it.
    public convenience init(folder path: String) throws(SystemError) {
        let fd = unsafe netbootd_open_folder(path)
        guard fd >= 0 else { throw .last("open the folder \(path)") }
        self.init(OwnedDescriptor(fd))
    }
}

extension FileRoot {
    /// Opens a folder beneath the root; links on the way must not lead out of it. An empty path is the root itself.
    public func openFolder(_ path: String) throws(SystemError) -> NodeDescriptor {
        let flags = UInt64(NETBOOTD_O_PATH | O_DIRECTORY | O_CLOEXEC)
        let fd = unsafe netbootd_openat2(rawDescriptor, path.isEmpty ? "." : path, flags, resolve)
        guard fd >= 0 else { throw .last("open the folder \(self.path)/\(path)") }
        return NodeDescriptor(OwnedDescriptor(fd))
    }
}
