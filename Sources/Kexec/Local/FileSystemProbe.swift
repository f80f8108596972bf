import Wire

/// What a block device holds, as its first bytes tell.
public struct FileSystemIdentity: Equatable, Sendable {
    public var kind: Kind
    /// As `UUID=` writes it; compared without regard to case.
    public var uuid: String?
    public var label: String?

    /// The raw value is the kernel's name of it where it is a file system.
    public enum Kind: String, Sendable {
        case ext2, ext3, ext4, xfs, btrfs, vfat, exfat, ntfs, iso9660, squashfs
        case swap
        case luks = "LUKS"
        case lvm = "LVM"
        case raid = "RAID"

        public var isFileSystem: Bool {
            switch self {
            case .ext2, .ext3, .ext4, .xfs, .btrfs, .vfat, .exfat, .ntfs, .iso9660, .squashfs: true
            case .swap, .luks, .lvm, .raid: false
            }
        }
    }

    public init(kind: Kind, uuid: String? = nil, label: String? = nil) {
        self.kind = kind
        self.uuid = uuid
        self.label = label
    }

    /// Looks at superblocks.
    ///
    /// - Parameter read: bytes of the device from an offset; fewer, or none, where there are no more.
    /// - Returns: nil when nothing known is there.
    public init?(reading read: (_ offset: Int64, _ count: Int) -> [UInt8]) {
        let head = read(0, 8192)
        // Containers first: what is inside begins with bytes of its own.
        let found =
            Self.container(head) ?? Self.swap(head) ?? Self.xfs(head) ?? Self.extended(head)
            ?? Self.squashfs(head) ?? Self.btrfs(read(0x1_0000, 4096)) ?? Self.iso9660(read(0x8000, 2048))
            ?? Self.microsoft(head) ?? Self.vfat(head, read)
        guard let found else { return nil }
        self = found
    }

    private static func container(_ head: [UInt8]) -> FileSystemIdentity? {
        if head.hasBytes("LUKS".utf8, at: 0), head.number(UInt16.self, at: 4) == 0xbeba {
            return FileSystemIdentity(
                kind: .luks, uuid: head.text(at: 168, byteCount: 40),
                label: head.number(UInt16.self, at: 6) == 0x0200 ? head.text(at: 24, byteCount: 48) : nil)
        }
        for sector in 0..<4 where head.hasBytes("LABELONE".utf8, at: sector * 512) {
            if head.hasBytes("LVM2".utf8, at: sector * 512 + 24) { return FileSystemIdentity(kind: .lvm) }
        }
        for offset in [0, 4096] where head.number(UInt32.self, at: offset) == 0xa92b_4efc {
            return FileSystemIdentity(kind: .raid, label: head.text(at: offset + 32, byteCount: 32))
        }
        return nil
    }

    private static func swap(_ head: [UInt8]) -> FileSystemIdentity? {
        // At the end of its first page.
        guard head.hasBytes("SWAPSPACE2".utf8, at: 4086) else { return nil }
        return FileSystemIdentity(
            kind: .swap, uuid: uuid(head.field(at: 1036, byteCount: 16)),
            label: head.text(at: 1052, byteCount: 16))
    }

    private static func xfs(_ head: [UInt8]) -> FileSystemIdentity? {
        guard head.hasBytes("XFSB".utf8, at: 0) else { return nil }
        return FileSystemIdentity(
            kind: .xfs, uuid: uuid(head.field(at: 32, byteCount: 16)),
            label: head.text(at: 108, byteCount: 12))
    }

    /// ext2, ext3 and ext4 differ in what they need a driver to know.
    private static func extended(_ head: [UInt8]) -> FileSystemIdentity? {
        guard head.number(UInt16.self, at: 1080) == 0xef53 else { return nil }
        let compatible = head.number(UInt32.self, at: 1024 + 0x5c)
        let incompatible = head.number(UInt32.self, at: 1024 + 0x60)
        let readOnlyCompatible = head.number(UInt32.self, at: 1024 + 0x64)
        if incompatible & 8 != 0 { return nil }  // a journal of another file system
        let isFour = incompatible & ~0x16 != 0 || readOnlyCompatible & ~0x7 != 0
        return FileSystemIdentity(
            kind: isFour ? .ext4 : compatible & 4 != 0 ? .ext3 : .ext2,
            uuid: uuid(head.field(at: 1024 + 0x68, byteCount: 16)),
            label: head.text(at: 1024 + 0x78, byteCount: 16))
    }

    private static func squashfs(_ head: [UInt8]) -> FileSystemIdentity? {
        head.hasBytes("hsqs".utf8, at: 0) ? FileSystemIdentity(kind: .squashfs) : nil
    }

    private static func btrfs(_ block: [UInt8]) -> FileSystemIdentity? {
        guard block.hasBytes("_BHRfS_M".utf8, at: 0x40) else { return nil }
        return FileSystemIdentity(
            kind: .btrfs, uuid: uuid(block.field(at: 0x20, byteCount: 16)),
            label: block.text(at: 0x12b, byteCount: 256))
    }

    /// Its UUID is the time of its last change: `2024-02-10-11-29-40-00`.
    private static func iso9660(_ volume: [UInt8]) -> FileSystemIdentity? {
        guard volume.hasBytes("CD001".utf8, at: 1) else { return nil }
        let times = [830, 813].compactMap { volume.field(at: $0, byteCount: 16) }
        let digits = times.first { $0.allSatisfy { 0x30...0x39 ~= $0 } && $0.contains { $0 != 0x30 } }
        let uuid = digits.map { digits in
            [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14, 14..<16]
                .map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
        }
        return FileSystemIdentity(
            kind: .iso9660, uuid: uuid, label: volume.text(at: 40, byteCount: 32))
    }

    private static func microsoft(_ head: [UInt8]) -> FileSystemIdentity? {
        if head.hasBytes("NTFS    ".utf8, at: 3) {
            return FileSystemIdentity(
                kind: .ntfs, uuid: head.field(at: 0x48, byteCount: 8).map { upper($0.reversed()) })
        }
        guard head.hasBytes("EXFAT   ".utf8, at: 3) else { return nil }
        return FileSystemIdentity(kind: .exfat, uuid: serial(head, at: 0x64))
    }

    private static func uuid(_ bytes: [UInt8]?) -> String? {
        bytes.flatMap { SystemUUID(bytes: $0) }.flatMap { $0.isMeaningless ? nil : $0.description }
    }

    /// Microsoft's 32-bit serial numbers: `1A2B-3C4D`.
    private static func serial(_ head: [UInt8], at offset: Int) -> String? {
        head.field(at: offset, byteCount: 4).map {
            let digits = upper($0.reversed())
            return "\(digits.prefix(4))-\(digits.suffix(4))"
        }
    }

    private static func upper(_ bytes: [UInt8]) -> String { hexadecimal(bytes).uppercased() }

    private static func vfat(_ head: [UInt8], _ read: (Int64, Int) -> [UInt8]) -> FileSystemIdentity? {
        let sectorBytes = head.number(UInt16.self, at: 11)
        let clusterSectors = head.number(UInt8.self, at: 13)
        let reserved = head.number(UInt16.self, at: 14)
        let tables = head.number(UInt8.self, at: 16)
        let media = head.number(UInt8.self, at: 21)
        guard head.number(UInt16.self, at: 510) == 0xaa55, [512, 1024, 2048, 4096].contains(sectorBytes),
            clusterSectors.nonzeroBitCount == 1, reserved > 0, (1...2).contains(tables),
            media == 0xf0 || media >= 0xf8
        else { return nil }
        let is32 = head.number(UInt16.self, at: 22) == 0
        let tableSectors = is32 ? head.number(UInt32.self, at: 36) : head.number(UInt16.self, at: 22)
        // The label in the root folder is the one that is kept up to date; FAT32's root is a chain of clusters.
        var root = reserved + tables * tableSectors
        if is32 { root += max(head.number(UInt32.self, at: 44), 2) * clusterSectors - 2 * clusterSectors }
        let inFolder = volumeLabel(read(Int64(root * sectorBytes), 16_384))
        let inHead = head.text(at: is32 ? 0x47 : 0x2b, byteCount: 11)
        return FileSystemIdentity(
            kind: .vfat, uuid: serial(head, at: is32 ? 0x43 : 0x27),
            label: inFolder ?? (inHead == "NO NAME" ? nil : inHead))
    }

    private static func volumeLabel(_ folder: [UInt8]) -> String? {
        for entry in stride(from: 0, to: folder.count - 31, by: 32) {
            if folder[entry] == 0 { return nil }
            // Deleted ones begin with E5; long names have more of the attributes than a label.
            if folder[entry] != 0xe5, folder[entry + 11] & 0x3f == 8 {
                return folder.text(at: entry, byteCount: 11)
            }
        }
        return nil
    }
}
