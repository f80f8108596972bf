/// Writes a cpio archive in the "newc" form, which the kernel unpacks as its initramfs.
///
/// The kernel makes no missing parents: a folder has to be added before what is in it. See
/// Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
public struct CPIOArchive {
    public private(set) var bytes: [UInt8] = []
    private var nextInode: UInt32 = 1

    public init() {}

    /// What a member is, with its permissions (the low twelve bits of a mode) where it has some.
    public enum Member: Equatable, Sendable {
        case folder(permissions: UInt16 = 0o755)
        case file([UInt8], permissions: UInt16 = 0o644)
        /// The target as it is written.
        case link(target: String)
        case characterDevice(major: UInt32, minor: UInt32, permissions: UInt16 = 0o600)
    }

    /// The most that one member may hold: sizes are 32-bit numbers.
    public static let maximumFileBytes = Int(UInt32.max)

    /// - Parameter path: relative, without `./`: `lib/modules`.
    public mutating func add(_ path: String, _ member: Member) {
        switch member {
        case .folder(let permissions): write(path, mode: 0o040_000 | UInt32(permissions), links: 2)
        case .file(let content, let permissions):
            precondition(content.count <= Self.maximumFileBytes)
            write(path, mode: 0o100_000 | UInt32(permissions), content: content)
        case .link(let target): write(path, mode: 0o120_777, content: Array(target.utf8))
        case .characterDevice(let major, let minor, let permissions):
            write(path, mode: 0o020_000 | UInt32(permissions), device: (major, minor))
        }
    }

    /// The whole archive, with its trailer, zero-padded to a multiple of 512 so that another may follow.
    public consuming func finished() -> [UInt8] {
        write("TRAILER!!!", mode: 0)
        pad(to: 512)
        return bytes
    }

    private mutating func write(
        _ path: String, mode: UInt32, links: UInt32 = 1, content: [UInt8] = [],
        device: (major: UInt32, minor: UInt32) = (0, 0)
    ) {
        let name = Array(path.utf8)
        bytes += "070701".utf8
        // Inode, mode, owner, group, links, time, size, device of the file system, device, name, check.
        let fields: [UInt32] = [
            mode == 0 ? 0 : nextInode, mode, 0, 0, links, 0, UInt32(content.count), 0, 0, device.major,
            device.minor, UInt32(name.count + 1), 0,
        ]
        nextInode += 1
        for field in fields {
            bytes += hexadecimal((0..<4).map { UInt8(truncatingIfNeeded: field >> (24 - 8 * $0)) }).utf8
        }
        bytes += name
        bytes.append(0)
        pad(to: 4)
        bytes += content
        pad(to: 4)
    }

    private mutating func pad(to alignment: Int) {
        bytes += repeatElement(0, count: (alignment - bytes.count % alignment) % alignment)
    }
}
