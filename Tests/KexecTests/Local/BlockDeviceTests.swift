import BootMenus
import SystemIO
import Testing

@testable import Kexec

@Suite("Block devices and what names them")
struct BlockDeviceTests {
    /// Two disks with partitions, one of them held by LVM, and a disc.
    private func host() throws -> FakeDisks {
        let disks = try FakeDisks()
        try disks.add(disk: "sda", number: "8:0", contents: DeviceFixtures.mbr)
        try disks.add(disk: "sda", partition: "sda1", number: "8:1", contents: DeviceFixtures.ext4)
        try disks.add(disk: "nvme0n1", number: "259:0", contents: DeviceFixtures.gpt)
        try disks.add(
            disk: "nvme0n1", partition: "nvme0n1p1", number: "259:1", contents: DeviceFixtures.fat16)
        try disks.add(
            disk: "nvme0n1", partition: "nvme0n1p2", number: "259:2", contents: DeviceFixtures.lvm,
            files: ["holders/dm-0": ""])
        try disks.add(
            disk: "dm-0", number: "254:0", contents: DeviceFixtures.xfs, files: ["dm/name": "vg-root\n"])
        try disks.add(disk: "sr0", number: "11:0", contents: DeviceFixtures.iso)
        try disks.add(disk: "ram0", number: "1:0")
        return disks
    }

    @Test("Devices come with their partitions' identities and what is on them")
    func devices() throws {
        let fake = try host()
        let devices = BlockDevice.all(on: fake.host)
        #expect(
            devices.map(\.name) == ["sr0", "dm-0", "sda", "sda1", "nvme0n1", "nvme0n1p1", "nvme0n1p2"])
        let byName = Dictionary(uniqueKeysWithValues: devices.map { ($0.name, $0) })
        #expect(byName["sda1"]?.disk == "sda")
        #expect(byName["sda1"]?.partitionUUID == "1a2b3c4d-01")
        #expect(byName["sda1"]?.byteCount == Int64(2048 * 512))
        #expect(byName["nvme0n1p1"]?.partitionLabel == "EFI System")
        #expect(byName["nvme0n1p2"]?.holders == ["dm-0"])
        #expect(byName["dm-0"]?.mapperName == "vg-root")
        #expect(byName["dm-0"]?.contents?.kind == .xfs)
    }

    @Test("Each way to name a device finds it, and firmware's count is said to be a guess")
    func references() throws {
        let fake = try host()
        let devices = BlockDevice.all(on: fake.host)
        let search = DeviceSearch(devices: devices, host: fake.host)
        let home = devices.first { $0.name == "nvme0n1p1" }
        let uuid = "11111111-2222-3333-4444-555555555555"
        let hd = DeviceReference.Drive(.hardDisk, 0)
        let cases: [(DeviceReference.Name, String, Bool)] = [
            (.fileSystemUUID(uuid), "sda1", false), (.fileSystemUUID("1a2b-3c4d"), "nvme0n1p1", false),
            (.fileSystemLabel("data"), "dm-0", false), (.partitionUUID("1A2B3C4D-01"), "sda1", false),
            (.partitionLabel("EFI System"), "nvme0n1p1", false), (.node("sda1"), "sda1", false),
            (.node("mapper/vg-root"), "dm-0", false), (.node("disk/by-uuid/\(uuid)"), "sda1", false),
            (.drive(hd, partition: .init(1, scheme: .gpt)), "nvme0n1p1", true),
            (.drive(.init(.hardDisk, 1), partition: .init(1)), "sda1", true),
            (.drive(hd, partition: nil), "nvme0n1", true),
            (.drive(.init(.opticalDisc, 0), partition: nil), "sr0", true),
            (.holding("/vmlinuz"), "dm-0", false),
        ]
        for (name, expected, isGuess) in cases {
            let found = try search.device(for: DeviceReference(name), home: home) { device, path in
                device.name == "dm-0" && path == "/vmlinuz"
            }
            #expect(found.device.name == expected)
            #expect(found.isGuess == isGuess)
        }
    }

    @Test("A device that is not there is an error that lists those that are")
    func missing() throws {
        let fake = try host()
        let search = DeviceSearch(devices: BlockDevice.all(on: fake.host), host: fake.host)
        for name in [
            DeviceReference.Name.fileSystemUUID("0000"), .fileSystemLabel("x"), .node("sdz9"),
            .drive(.init(.hardDisk, 7), partition: nil), .holding("/nothing"),
        ] {
            do throws(LocalFailure) {
                _ = try search.device(for: DeviceReference(name), home: nil) { _, _ in false }
                Issue.record("\(name) was found")
            } catch {
                guard case .noSuchDevice(_, let known) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(known.contains("nvme0n1p2"))
            }
        }
    }

    @Test("Mount points are read as proc(5) writes them, and odd lines are left out")
    func mountInfo() {
        let text = """
            22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
            28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
            64 28 0:34 /@home /mnt/a\\040b rw master:1 propagate_from:2 - btrfs /dev/sda1 rw,subvol=/@home
            65 28 8:1 / /boot rw - vfat /dev/sda1

            66 28 8:x / /boot rw shared:1 - vfat /dev/sda1 rw
            """
        let mounts = MountPoint.all(in: text)
        #expect(mounts.map(\.path) == ["/sys", "/", "/mnt/a b"])
        #expect(
            mounts[2]
                == MountPoint(
                    device: .init(major: 0, minor: 34), root: "/@home", path: "/mnt/a b", type: "btrfs",
                    source: "/dev/sda1"))
        for length in 0...text.utf8.count {
            _ = MountPoint.all(in: String(decoding: text.utf8.prefix(length), as: UTF8.self))
        }
    }
}
