import CLinux
import CZlib
import Glibc
public import SystemIO
import Wire

/// Builds the initramfs in which `kexec-join` is a small boot loader.
public struct InitramfsBuilder {
    /// Why there is no initramfs.
    public enum Failure: Error, Equatable, Sendable {
        case cannotRead(SystemError)
        /// The file is no static executable: it would need libraries that are not in the initramfs.
        case notStatic(path: String)
        case tooLarge(path: String, limitBytes: Int)
        case cannotWrite(path: String, code: CInt)
        case noModules(path: String)
    }

    /// What is in it.
    public struct Summary: Equatable, Sendable {
        public var modules: [String] = []
        /// Before and after it was compressed.
        public var unpackedBytes = 0
        public var packedBytes: Int64 = 0
    }

    private static let limitBytes = 512 << 20

    /// Writes `archive(…)` with gzip to a file, which is there only when it is complete.
    public static func write(
        to path: String, executable: String, modules: String? = nil
    ) throws(Failure) -> Summary {
        let folder = modules.map { ModuleFolder(path: $0) }
        if let folder, folder.files.isEmpty { throw .noModules(path: folder.path) }
        let program = try contents(executable)
        guard isStatic(program) else { throw .notStatic(path: executable) }
        let chosen = folder.map { Self.chosen(from: $0) } ?? []
        var files: [(path: String, bytes: [UInt8])] = []
        if let folder {
            for file in chosen { files.append((file, try contents("\(folder.path)/\(file)"))) }
            for table in ["modules.alias", "modules.dep"] {
                guard let text = HostFiles.live.text("\(folder.path)/\(table)") else { continue }
                files.append((table, Array(Self.table(text, named: table, of: chosen).utf8)))
            }
            files.append(("list", Array((chosen.joined(separator: "\n") + "\n").utf8)))
        }
        let archive = archive(executable: program, modules: files)
        try compress(archive, to: path)
        var summary = Summary(modules: chosen, unpackedBytes: archive.count)
        var status = stat()
        if unsafe stat(path, &status) == 0 { summary.packedBytes = Int64(status.st_size) }
        return summary
    }

    /// The archive itself: `/init` and the folders that it mounts on, then `/lib/modules`.
    public static func archive(executable: [UInt8], modules: [(path: String, bytes: [UInt8])]) -> [UInt8] {
        var archive = CPIOArchive()
        for folder in ["bin", "dev", "etc", "lib", "lib/modules", "proc", "run", "sys", "tmp"] {
            archive.add(folder, .folder())
        }
        archive.add("dev/console", .characterDevice(major: 5, minor: 1))
        archive.add("dev/null", .characterDevice(major: 1, minor: 3, permissions: 0o666))
        archive.add("init", .file(executable, permissions: 0o755))
        archive.add("bin/kexec-join", .link(target: "/init"))
        // Swift's runtime ends a program whose own path it cannot find, and it looks before /proc can be mounted.
        archive.add("proc/self", .folder())
        archive.add("proc/self/exe", .link(target: "/init"))
        var made: Set<String> = []
        for (path, bytes) in modules {
            let parts = path.split(separator: "/")
            for depth in 1..<max(parts.count, 1) {
                let folder = parts[..<depth].joined(separator: "/")
                if made.insert(folder).inserted { archive.add("lib/modules/\(folder)", .folder()) }
            }
            archive.add("lib/modules/\(path)", .file(bytes))
        }
        return archive.finished()
    }

    /// Of a distribution's whole folder, what leads to disks, networks and keyboards; of a heap, all.
    static func chosen(from folder: ModuleFolder) -> [String] {
        guard !folder.needs.isEmpty else { return folder.files }
        return folder.ordered(
            folder.files.filter { file in
                let path = file.hasPrefix("kernel/") ? String(file.dropFirst(7)) : nil
                return path.map { path in usual.contains { path.hasPrefix($0) } } ?? true
            })
    }

    private static let usual = [
        "crypto/crc32c", "crypto/xxhash", "crypto/blake2b", "crypto/sha256", "arch/x86/crypto/crc32",
        "arch/x86/crypto/crct10dif", "drivers/ata/", "drivers/block/loop", "drivers/block/virtio",
        "drivers/block/xen-blk", "drivers/cdrom/", "drivers/firmware/efi/", "drivers/hid/hid-generic",
        "drivers/hid/hid.", "drivers/hid/usbhid/", "drivers/hv/", "drivers/input/serio/",
        "drivers/input/keyboard/atkbd", "drivers/message/", "drivers/mmc/", "drivers/net/ethernet/",
        "drivers/net/hyperv/", "drivers/net/mdio", "drivers/net/phy/", "drivers/net/usb/",
        "drivers/net/virtio_net", "drivers/net/vmxnet3/", "drivers/net/xen-netfront", "drivers/nvme/host/",
        "drivers/scsi/", "drivers/usb/host/", "drivers/usb/storage/", "drivers/virtio/", "fs/btrfs/",
        "fs/efivarfs/", "fs/ext4/", "fs/fat/", "fs/isofs/", "fs/nls/", "fs/squashfs/", "fs/xfs/",
        "net/packet/",
    ]

    /// A table of `depmod` without the modules that are not there.
    static func table(_ text: String, named name: String, of chosen: [String]) -> String {
        let modules = Set(chosen.map { ModuleFolder.moduleName($0) })
        return text.split(separator: "\n").filter { line in
            if name == "modules.dep" {
                return modules.contains(ModuleFolder.moduleName(String(line.prefix { $0 != ":" })))
            }
            return line.split(separator: " ").last.map { modules.contains(String($0)) } ?? false
        }.map { $0 + "\n" }.joined()
    }

    /// An ELF file without an interpreter (a program header of type 3).
    static func isStatic(_ bytes: [UInt8]) -> Bool {
        guard bytes.hasBytes("ELF".utf8, at: 1), bytes.number(UInt8.self, at: 4) == 2 else { return false }
        let first = Int(truncatingIfNeeded: bytes.number(UInt64.self, at: 32))
        let size = Int(bytes.number(UInt16.self, at: 54))
        let count = Int(bytes.number(UInt16.self, at: 56))
        guard first > 0, first < bytes.count, size >= 32 else { return false }
        return !(0..<count).contains { bytes.number(UInt32.self, at: first + $0 * size) == 3 }
    }

    private static func contents(_ path: String) throws(Failure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SystemIO.contents(ofFile: path, limit: limitBytes)
        } catch {
            throw .cannotRead(error)
        }
        guard bytes.count <= limitBytes else { throw .tooLarge(path: path, limitBytes: limitBytes) }
        return bytes
    }

    private static func compress(_ bytes: [UInt8], to path: String) throws(Failure) {
        let unfinished = path + ".new"
        guard let file = unsafe gzopen(unfinished, "wb6") else {
            throw .cannotWrite(path: unfinished, code: errno)
        }
        var offset = 0
        var isWritten = true
        while isWritten, offset < bytes.count {
            let part = bytes[offset..<min(bytes.count, offset + 1 << 20)]
            isWritten = unsafe part.withUnsafeBytes {
                unsafe gzwrite(file, $0.baseAddress, UInt32($0.count)) == CInt($0.count)
            }
            offset += part.count
        }
        let isClosed = unsafe gzclose(file) == Z_OK
        guard isWritten, isClosed, unsafe rename(unfinished, path) == 0 else {
            let code = errno
            unsafe unlink(unfinished)
            throw .cannotWrite(path: path, code: code)
        }
    }
}

extension InitramfsBuilder.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotRead(let error): error.description
        case .notStatic(let path):
            "\(path) is no static 64-bit executable; take kexec-join from a release of netbootd, or build it with "
                + "swift build -c release --static-swift-stdlib --product kexec-join"
        case .tooLarge(let path, let limit): "\(path) has more than \(limit >> 20) MiB"
        case .cannotWrite(let path, let code): "cannot write \(path): \(SystemError.text(of: code))"
        case .noModules(let path): "there are no kernel modules (.ko, .ko.gz, .ko.xz, .ko.zst) in \(path)"
        }
    }
}
