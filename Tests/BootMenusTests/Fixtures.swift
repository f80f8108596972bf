import BootMenus
import Glibc
import Testing

/// Files in memory; a device plays no part, unless a test says where a file is.
struct FixtureFiles: MenuFiles {
    var contents: [String: [UInt8]] = [:]
    var uuid: String?

    init(_ texts: [String: String], uuid: String? = nil) {
        contents = texts.mapValues { Array($0.utf8) }
        self.uuid = uuid
    }

    func bytes(of file: FileReference, limit: Int) -> [UInt8]? { contents[file.path] }

    func kind(of file: FileReference) -> MenuFileKind? {
        if let bytes = contents[file.path] { return .file(byteCount: bytes.count) }
        return names(in: file).isEmpty ? nil : .folder
    }

    func names(in folder: FileReference) -> [String] {
        let prefix = folder.path == "/" ? "/" : folder.path + "/"
        return contents.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.contains("/") }
    }

    func fileSystemUUID(of device: DeviceReference?) -> String? { uuid }
}

/// The seeds, each with the language it is written in.
let seeds: [(name: String, format: MenuFormat)] = [
    ("debian-grub.cfg", .grub), ("ubuntu-xen-grub.cfg", .grub), ("debian-installer-grub.cfg", .grub),
    ("fedora-grub.cfg", .grub), ("alpine-grub.cfg", .grub), ("redhat-grub.conf", .grubLegacy),
    ("fedora-entry.conf", .loaderEntries), ("arch-entry.conf", .loaderEntries),
    ("debian-installer-menu.cfg", .syslinux), ("alpine-extlinux.conf", .syslinux),
    ("kexec-loader.conf", .kexecLoader),
]

let efiHost = MenuHost(architecture: .x86_64, isEFI: true)
let biosHost = MenuHost(architecture: .x86_64, isEFI: false)

/// A real configuration; the fuzzer begins with the same ones.
func fixture(_ name: String) throws -> String {
    let folder = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
    let file = unsafe open("/\(folder)/Fuzz/BootMenus/seeds/\(name)", O_RDONLY)
    try #require(file >= 0, "no seed \(name)")
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe read(file, &bytes, bytes.count)
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// What `grub.cfg` offers when it lies in `/boot/grub` with other files beside it.
func grub(_ text: String, _ others: [String: String] = [:], host: MenuHost = biosHost) -> BootMenu {
    let files = FixtureFiles(others.merging(["/boot/grub/grub.cfg": text]) { $1 })
    return BootMenu(reading: FileReference(path: "/boot/grub/grub.cfg"), as: .grub, files: files, host: host)
}
