import Glibc
import SystemIO
import TestSupport

@testable import Kexec

/// A host of files: disks as sysfs shows them, whose file systems are folders that pass for mounted.
struct FakeDisks {
    let folder: TemporaryFolder
    private var mounts = ""

    init() throws { folder = try TemporaryFolder() }

    var host: HostFiles { HostFiles(root: folder.path) }

    /// - Parameters:
    ///   - number: `8:0`, or `mountableNumber()`.
    ///   - contents: the device's own bytes, as in `DeviceFixtures`.
    ///   - files: more of its files in sysfs.
    func add(
        disk: String, partition: String? = nil, number: String, contents: [(Int, String)] = [],
        files: [String: String] = [:]
    ) throws {
        let name = partition ?? disk
        let place = "devices/pci0/block/\(disk)" + (partition.map { "/\($0)" } ?? "")
        try folder.write("sys/\(place)/dev", "\(number)\n")
        try folder.write("sys/\(place)/size", "2048\n")
        for (file, text) in files { try folder.write("sys/\(place)/\(file)", text) }
        if let partition {
            try folder.write("sys/\(place)/partition", "\(partition.suffix(1))\n")
        }
        try folder.write("sys/class/block/.keep", "")
        folder.link("sys/class/block/\(name)", to: "../../\(place)")
        try folder.write("dev/\(name)", DeviceFixtures.device(contents))
    }

    /// Lets a folder of this one pass for the mounted file system of the device with `mountableNumber`.
    mutating func mount(_ name: String) throws {
        mounts +=
            "30 1 \(try mountableNumber()) / \(folder.path)/\(name) rw,relatime shared:1 - ext4 /dev/x rw\n"
        try folder.write("proc/self/mountinfo", mounts)
    }

    /// The number of the file system that the folder is on: the device with it can pass for mounted.
    func mountableNumber() throws -> String {
        var status = stat()
        guard unsafe stat(folder.path, &status) == 0 else { throw SystemError("stat", code: errno) }
        let device = UInt64(status.st_dev)
        return "\(device >> 8 & 0xfff | device >> 32 & ~0xfff):\(device & 0xff | device >> 12 & 0xffff_ff00)"
    }
}
