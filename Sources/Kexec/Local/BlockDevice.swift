import CLinux
import Glibc
public import SystemIO

/// A disk, a partition, or what the kernel has made of some (LVM, RAID, LUKS).
public struct BlockDevice: Equatable, Sendable {
    /// The kernel's name: `sda1`.
    public var name: String
    public var number: Number
    public var byteCount: Int64
    /// The disk that this partition is on, by the kernel's name.
    public var disk: String?
    /// From 1.
    public var partition: Int?
    public var partitionUUID: String?
    public var partitionLabel: String?
    /// `vg-root` of `/dev/mapper/vg-root`.
    public var mapperName: String?
    /// The devices (LVM, RAID, multipath) that are made of it: its contents are theirs to read.
    public var holders: [String]
    /// Nil when nothing known is on it, or it cannot be read.
    public var contents: FileSystemIdentity?

    /// The kernel's number of a device.
    public struct Number: Hashable, Sendable, CustomStringConvertible {
        public var major: UInt32
        public var minor: UInt32

        public init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }

        /// Reads `8:1`.
        init?(_ text: some StringProtocol) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1])
            else { return nil }
            self.init(major: major, minor: minor)
        }

        public var description: String { "\(major):\(minor)" }
    }

    public init(
        name: String, number: Number, byteCount: Int64, disk: String? = nil, partition: Int? = nil,
        partitionUUID: String? = nil, partitionLabel: String? = nil, mapperName: String? = nil,
        holders: [String] = [], contents: FileSystemIdentity? = nil
    ) {
        self.name = name
        self.number = number
        self.byteCount = byteCount
        self.disk = disk
        self.partition = partition
        self.partitionUUID = partitionUUID
        self.partitionLabel = partitionLabel
        self.mapperName = mapperName
        self.holders = holders
        self.contents = contents
    }

    /// `/dev/sda1`; sysfs writes a slash in a name as an exclamation mark.
    public var path: String { "/dev/" + String(name.map { $0 == "!" ? "/" : $0 }) }

    public var isDisk: Bool { disk == nil && mapperName == nil }
}

extension BlockDevice {
    /// All that this host has, in the kernel's order of names; each is read once to see what is on it.
    public static func all(on host: HostFiles = .live) -> [BlockDevice] {
        var tables: [String: PartitionTable] = [:]
        var devices: [BlockDevice] = []
        for name in host.names(inFolder: folder).filter(isOfInterest).sorted(by: comesBefore) {
            guard var device = BlockDevice(named: name, on: host) else { continue }
            let disk = device.disk ?? name
            if device.partition != nil, tables[disk] == nil {
                let size = host.text("\(folder)/\(disk)/queue/logical_block_size").flatMap { Int($0) } ?? 512
                tables[disk] = DeviceBytes("/dev/\(disk)", on: host).flatMap { bytes in
                    PartitionTable(sectorBytes: size) { bytes.read(at: $0, count: $1) }
                }
            }
            if let number = device.partition {
                device.partitionUUID = tables[disk]?.uuid(ofPartition: number)
                device.partitionLabel = tables[disk]?.partitions[number]?.label
            }
            if let bytes = DeviceBytes(device.path, on: host) {
                device.contents = FileSystemIdentity { bytes.read(at: $0, count: $1) }
            }
            devices.append(device)
        }
        return devices
    }

    private static let folder = "/sys/class/block"

    /// Not memory, and not what is slow to answer that it is empty.
    private static func isOfInterest(_ name: String) -> Bool {
        if name.hasPrefix("mmcblk"), name.contains("boot") || name.contains("rpmb") { return false }
        return !["ram", "zram", "fd"].contains { name.hasPrefix($0) && name != $0 }
    }

    private init?(named name: String, on host: HostFiles) {
        let own = "\(Self.folder)/\(name)"
        guard let number = host.text("\(own)/dev").flatMap({ Number($0) }),
            let sectors = host.text("\(own)/size").flatMap({ Int64($0) }), sectors > 0,
            sectors < Int64.max / 512
        else { return nil }
        let partition = host.text("\(own)/partition").flatMap { Int($0) }
        // The link leads to …/block/sda/sda1.
        let above = host.link(own)?.split(separator: "/").dropLast().last.map { String($0) }
        self.init(
            name: name, number: number, byteCount: sectors * 512, disk: partition == nil ? nil : above,
            partition: partition, mapperName: host.text("\(own)/dm/name"),
            holders: host.names(inFolder: "\(own)/holders"))
    }
}

/// `sdb` before `sdaa`, `nvme0n2` before `nvme0n10`.
private func comesBefore(_ left: String, _ right: String) -> Bool {
    let (a, b) = (runs(of: left), runs(of: right))
    for (x, y) in zip(a, b) where x != y {
        return x.count == y.count ? x.lexicographicallyPrecedes(y) : x.count < y.count
    }
    return a.count < b.count
}

/// The name cut where digits begin or end.
private func runs(of name: String) -> [[UInt8]] {
    var runs: [[UInt8]] = []
    for byte in name.utf8 {
        let isDigit = (0x30...0x39).contains(byte)
        if let last = runs.last?.last, (0x30...0x39).contains(last) == isDigit {
            runs[runs.count - 1].append(byte)
        } else {
            runs.append([byte])
        }
    }
    return runs
}

/// An open block device.
private final class DeviceBytes {
    private let descriptor: OwnedDescriptor

    init?(_ path: String, on host: HostFiles) {
        // Without O_NONBLOCK a drive without a disc would be waited for.
        let fd = unsafe open(host.path(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard fd >= 0 else { return nil }
        descriptor = OwnedDescriptor(fd)
    }

    /// Fewer bytes, or none, where the device ends or cannot be read.
    func read(at offset: Int64, count: Int) -> [UInt8] {
        guard offset >= 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
                    off_t(offset) + filled)
            }
            if got < 0, errno == EINTR { continue }
            if got <= 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}
