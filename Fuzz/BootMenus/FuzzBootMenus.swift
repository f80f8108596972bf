import BootMenus

/// Every path is the input, so that it includes itself wherever it includes anything.
private struct InputFiles: MenuFiles {
    var content: [UInt8]

    func bytes(of file: FileReference, limit: Int) -> [UInt8]? { content }
    func kind(of file: FileReference) -> MenuFileKind? { .file(byteCount: content.count) }
    func names(in folder: FileReference) -> [String] { ["a.conf", "b+1-2.conf", "c.efi"] }
    func fileSystemUUID(of device: DeviceReference?) -> String? { nil }
}

/// Reads the input as each of the languages, and looks whether the menu holds together.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBootMenus(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let files = InputFiles(content: unsafe Array(UnsafeBufferPointer(start: data, count: size)))
    for format in MenuFormat.allCases {
        let menu = BootMenu(
            reading: FileReference(path: "/boot/grub/grub.cfg"), as: format, files: files,
            host: MenuHost(architecture: .x86_64, isEFI: true))
        precondition(menu.entries.count <= 1000, "too many entries")
        precondition(menu.defaultEntry.map { menu.entries.indices.contains($0) } ?? menu.entries.isEmpty)
        for note in menu.notes { precondition(!note.description.isEmpty) }
        for entry in menu.entries {
            precondition(entry.kernel != nil || entry.unsupported != nil, "neither a kernel nor a reason")
            for file in [entry.kernel].compactMap({ $0 }) + entry.initrds + entry.modules.map(\.file) {
                let parts = file.path.split(separator: "/")
                precondition(file.path.hasPrefix("/") && !parts.contains(".."), "leaves its file system")
                precondition(!file.description.isEmpty)
            }
        }
    }
    return 0
}
