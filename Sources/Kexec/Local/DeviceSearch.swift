public import BootMenus
import CLinux
public import SystemIO

/// What a device reference was found to mean.
public struct FoundDevice: Equatable, Sendable {
    public var device: BlockDevice
    /// Firmware's count of drives is not to be had from here: `hd0` was taken for the disk that the configuration
    /// is on, and the others for the rest in the kernel's order.
    public var isGuess: Bool
}

/// Finds what configurations name among this host's devices.
public struct DeviceSearch: Sendable {
    public let devices: [BlockDevice]
    private let host: HostFiles

    public init(devices: [BlockDevice], host: HostFiles = .live) {
        self.devices = devices
        self.host = host
    }

    /// - Parameters:
    ///   - home: the device that the configuration is on.
    ///   - holds: whether a device has a file.
    public func device(
        for reference: DeviceReference, home: BlockDevice?, holds: (BlockDevice, String) -> Bool
    ) throws(LocalFailure) -> FoundDevice {
        var found: BlockDevice?
        switch reference.name {
        case .fileSystemUUID(let uuid): found = first { equal($0.contents?.uuid, uuid) }
        case .fileSystemLabel(let label): found = first { $0.contents?.label == label }
        case .partitionUUID(let uuid): found = first { equal($0.partitionUUID, uuid) }
        case .partitionLabel(let label): found = first { $0.partitionLabel == label }
        case .node(let name): found = try node(name, home: home, holds: holds)
        case .drive(let drive, let partition):
            guard let device = onDrive(drive, partition, home: home) else { break }
            return FoundDevice(device: device, isGuess: true)
        case .holding(let path):
            let order = (home.map { [$0] } ?? []) + devices
            found = order.first { $0.contents?.kind.isFileSystem == true && holds($0, path) }
        case .image, .unknown: throw .unsupportedReference(reference.description)
        }
        guard let found else {
            throw .noSuchDevice(reference.description, known: devices.map(\.name))
        }
        return FoundDevice(device: found, isGuess: false)
    }

    private func first(_ isMeant: (BlockDevice) -> Bool) -> BlockDevice? {
        devices.first { $0.holders.isEmpty && isMeant($0) }
    }

    /// A name beneath `/dev`; without udev there are no links, so what they say is looked up here.
    private func node(
        _ name: String, home: BlockDevice?, holds: (BlockDevice, String) -> Bool
    ) throws(LocalFailure) -> BlockDevice? {
        let parts = name.split(separator: "/", maxSplits: 2).map { String($0) }
        if parts.count == 3, parts[0] == "disk" {
            let meaning: DeviceReference.Name? =
                switch parts[1] {
                case "by-uuid": .fileSystemUUID(parts[2])
                case "by-label": .fileSystemLabel(parts[2])
                case "by-partuuid": .partitionUUID(parts[2])
                case "by-partlabel": .partitionLabel(parts[2])
                default: nil
                }
            if let meaning {
                return try device(for: DeviceReference(meaning), home: home, holds: holds).device
            }
        }
        if let known = devices.first(where: {
            $0.path == "/dev/\(name)" || $0.mapperName.map { "mapper/\($0)" } == name
        }) {
            return known
        }
        var number = BlockDevice.Number(major: 0, minor: 0)
        guard unsafe netbootd_node_number(host.path("/dev/\(name)"), &number.major, &number.minor) == 0
        else { return nil }
        return devices.first { $0.number == number }
    }

    private func onDrive(
        _ drive: DeviceReference.Drive, _ partition: DeviceReference.Partition?, home: BlockDevice?
    ) -> BlockDevice? {
        let isWanted: (BlockDevice) -> Bool =
            switch drive.kind {
            case .hardDisk: { !$0.name.hasPrefix("sr") && !$0.name.hasPrefix("loop") }
            case .floppy: { $0.name.hasPrefix("fd") }
            case .opticalDisc: { $0.name.hasPrefix("sr") }
            }
        let homeDisk = home.flatMap { $0.disk ?? $0.name }
        let disks = devices.filter { $0.isDisk && isWanted($0) }
        let order = disks.filter { $0.name == homeDisk } + disks.filter { $0.name != homeDisk }
        guard order.indices.contains(drive.number) else { return nil }
        let disk = order[drive.number]
        guard let partition else { return disk }
        return devices.first { $0.disk == disk.name && $0.partition == partition.number }
    }
}

private func equal(_ left: String?, _ right: String) -> Bool { left?.lowercased() == right.lowercased() }
