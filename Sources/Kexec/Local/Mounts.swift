import CLinux
import Glibc
import SystemIO

/// A line of `/proc/self/mountinfo`.
struct MountPoint: Equatable {
    var device: BlockDevice.Number
    /// Which part of the file system is seen; `/` for all of it.
    var root: String
    var path: String
    var type: String
    var source: String

    /// Lines that are not as proc(5) describes them are left out.
    static func all(in text: String) -> [MountPoint] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 10, let dash = fields[6...].firstIndex(of: "-"), dash + 2 < fields.count,
                let device = BlockDevice.Number(fields[2])
            else { return nil }
            return MountPoint(
                device: device, root: unescaped(fields[3]), path: unescaped(fields[4]),
                type: String(fields[dash + 1]), source: unescaped(fields[dash + 2]))
        }
    }

    /// White space and backslashes stand there as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ 0x30...0x37 ~= $0 }) {
                bytes.append(digits.reduce(0) { $0 << 3 | ($1 & 7) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Opens the file systems of devices for reading.
struct FileSystemOpener {
    let host: HostFiles

    /// The whole file system of a device: where it is mounted already, else mounted for us alone.
    ///
    /// Such a mount is attached to no folder (fsmount(2)) and read-only; it ends with the root's last use,
    /// whatever happens to this process. A journal is not replayed: another system may be asleep on the disk.
    ///
    /// - Parameter type: what the configuration says it is, in place of what its superblock says.
    func open(_ device: BlockDevice, type: String? = nil) throws(LocalFailure) -> FileRoot {
        if !device.holders.isEmpty { throw .held(device: device.path, by: device.holders) }
        if let mounted = mounted(device) { return mounted }
        let types = types(of: device, asked: type)
        guard !types.isEmpty else {
            throw .notAFileSystem(device: device.path, kind: device.contents?.kind)
        }
        var failure = LocalFailure.noDriver(device: device.path, types: types)
        for type in types {
            do throws(LocalFailure) {
                return try mount(device, type: type)
            } catch {
                // Another type's complaint tells more than that there is no driver.
                if case .noDriver = error { continue }
                failure = error
                if case .oldKernel = error { break }
            }
        }
        throw failure
    }

    private func mounted(_ device: BlockDevice) -> FileRoot? {
        for mount in MountPoint.all(in: host.text("/proc/self/mountinfo") ?? "").reversed()
        where mount.root == "/" && mount.device == device.number {
            let fd = unsafe netbootd_open_folder(mount.path)
            guard fd >= 0 else { continue }
            let folder = OwnedDescriptor(fd)
            // Something else may have been mounted over it.
            var number = BlockDevice.Number(major: 0, minor: 0)
            if unsafe netbootd_file_system_number(fd, &number.major, &number.minor) == 0,
                number == device.number
            {
                return FileRoot(fileSystem: folder, path: device.path)
            }
        }
        return nil
    }

    private func types(of device: BlockDevice, asked: String?) -> [String] {
        if let asked { return asked == "ext2" || asked == "ext3" ? ["ext4", asked] : [asked] }
        switch device.contents?.kind {
        case .ext2: return ["ext4", "ext2"]
        case .ext3: return ["ext4", "ext3"]
        case .ntfs: return ["ntfs3", "ntfs"]
        case let kind? where kind.isFileSystem: return [kind.rawValue]
        case .some: return []
        case nil:
            // Whatever this kernel has a driver for.
            return (host.text("/proc/filesystems") ?? "").split(separator: "\n")
                .filter { !$0.hasPrefix("nodev") }
                .map { String($0.drop { $0 == "\t" }) }
        }
    }

    private func mount(_ device: BlockDevice, type: String) throws(LocalFailure) -> FileRoot {
        let fs = unsafe netbootd_fsopen(type)
        guard fs >= 0 else {
            switch errno {
            case ENODEV: throw .noDriver(device: device.path, types: [type])
            case ENOSYS: throw .oldKernel
            case let code:
                throw .cannotMount(
                    device: device.path, SystemError("fsopen \(type)", code: code), kernelSays: [])
            }
        }
        let context = OwnedDescriptor(fs)
        var flags = ["ro"]
        switch type {
        case "ext4", "ext3": flags.append("noload")
        case "xfs": flags.append("norecovery")
        default: break
        }
        var isSet = unsafe netbootd_fsconfig_string(fs, "source", host.path(device.path)) == 0
        for flag in flags where isSet { isSet = unsafe netbootd_fsconfig_flag(fs, flag) == 0 }
        guard isSet, netbootd_fsconfig_create(fs) == 0 else {
            let error = SystemError("mount \(device.path) as \(type)", code: errno)
            throw .cannotMount(device: device.path, error, kernelSays: messages(of: context.rawValue))
        }
        let mount = netbootd_fsmount_detached(fs)
        guard mount >= 0 else {
            throw .cannotMount(
                device: device.path, SystemError("fsmount \(device.path)", code: errno), kernelSays: [])
        }
        return FileRoot(fileSystem: OwnedDescriptor(mount), path: device.path)
    }

    /// What the kernel has to say of a mount that failed: `e ext4: …`, one line for each read.
    private func messages(of context: CInt) -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while messages.count < 16 {
            let count = unsafe read(context, &buffer, buffer.count)
            guard count > 2 else { break }
            messages.append(
                String(decoding: buffer[2..<count].filter { $0 != 0x0a }, as: UTF8.self))
        }
        return messages
    }
}
