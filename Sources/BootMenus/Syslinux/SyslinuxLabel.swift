/// What syslinux does with what a label names.
enum SyslinuxAction: Equatable {
    /// `KERNEL`: the name's end says what it is.
    case kernel(String)
    case linux(String)
    case module(String)
    case configuration(String)
    /// A boot sector, a disk's image, a network boot program, the firmware: its keyword and its value.
    case other(String, String)
}

/// An entry of a syslinux configuration while its lines are read.
struct SyslinuxLabel {
    var name: String
    var title: String?
    var action: SyslinuxAction?
    /// nil: the one for all labels holds.
    var append: String?
    var initrd: String?
    var isHidden = false
    var isDisabled = false
    /// Index of the menu it lies in; 0 is the outermost.
    var menu: Int
    var place: MenuPlace

    /// `globalAppend` stands before what the label itself appends nothing to; `APPEND -` appends nothing at all.
    func entry(
        globalAppend: String, folder: FileReference, submenus: [String]
    ) -> MenuEntry {
        let (words, initrds) = Self.split(append == "-" ? "" : append ?? globalAppend)
        let files =
            (initrd.map { $0.utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) } })
            ?? initrds
        var entry = MenuEntry(title: title ?? name, id: name, submenus: submenus, place: place)
        entry.commandLine = words.joined(separator: " ")
        entry.initrds = files.prefix(64).map { Self.file($0, in: folder) }
        switch action ?? .kernel(name) {
        case .linux(let path): Self.load(path, into: &entry, folder: folder)
        case .kernel(let path):
            let suffix = path.utf8.lastIndex(of: UInt8(ascii: ".")).map { path[$0...].lowercased() }
            switch suffix {
            case ".c32", ".com", ".cbt": Self.run(path, words, &entry, folder: folder)
            case ".bs", ".bss", ".bin", ".img": Self.refuse(&entry, .bootSector(path))
            case ".0": Self.refuse(&entry, .anotherLoader(path))
            default: Self.load(path, into: &entry, folder: folder)
            }
        case .module(let path): Self.run(path, words, &entry, folder: folder)
        case .configuration(let path): Self.refuse(&entry, .anotherLoader(path))
        case .other("localboot", _): Self.refuse(&entry, .loaderCommand("localboot"))
        case .other("pxe", let path): Self.refuse(&entry, .anotherLoader(path))
        case .other(_, let path): Self.refuse(&entry, .bootSector(path))
        }
        return entry
    }

    private static func refuse(_ entry: inout MenuEntry, _ reason: UnsupportedEntry) {
        entry.kind = .chain
        entry.initrds = []
        entry.unsupported = reason
    }

    private static func load(_ path: String, into entry: inout MenuEntry, folder: FileReference) {
        if path.utf8.starts(with: "http://".utf8) || path.utf8.starts(with: "https://".utf8)
            || path.utf8.starts(with: "tftp://".utf8) || path.utf8.starts(with: "ftp://".utf8)
        {
            entry.initrds = []
            entry.unsupported = .onNetwork(path)
        } else {
            entry.kernel = file(path, in: folder)
        }
    }

    /// A module of syslinux: of these, `mboot.c32 KERNEL WORDS --- MODULE WORDS …` can be loaded.
    private static func run(
        _ path: String, _ words: [String], _ entry: inout MenuEntry, folder: FileReference
    ) {
        let name = FileReference(path: path).name.lowercased()
        guard name == "mboot.c32" else { return refuse(&entry, .loaderCommand(name)) }
        let parts = words.split(separator: "---", omittingEmptySubsequences: false)
        guard let kernel = parts.first, let file = kernel.first, !file.hasPrefix("-") else {
            return refuse(&entry, .form("mboot.c32 \(words.joined(separator: " "))"))
        }
        entry.kind = .multiboot
        entry.initrds = []
        entry.commandLine = kernel.dropFirst().joined(separator: " ")
        load(file, into: &entry, folder: folder)
        entry.modules = parts.dropFirst().prefix(64).compactMap { part in
            part.first.map {
                MenuModule(
                    file: Self.file($0, in: folder), commandLine: part.dropFirst().joined(separator: " "))
            }
        }
    }

    /// Relative to the configuration's folder, unless it begins with a slash; `::` says the same.
    static func file(_ written: String, in folder: FileReference) -> FileReference {
        let path = written.hasPrefix("::") ? "/" + written.dropFirst(2) : written
        return path.hasPrefix("/") ? FileReference(device: folder.device, path: path) : folder.appending(path)
    }

    /// The words without `initrd=`, and what the last one of these names.
    private static func split(_ append: String) -> (words: [String], initrds: [String]) {
        var words: [String] = []
        var initrds: [String] = []
        for part in append.utf8.split(whereSeparator: { $0.isBlank }) {
            if part.starts(with: "initrd=".utf8) {
                initrds = part.dropFirst(7).split(separator: UInt8(ascii: ",")).map { String(Substring($0)) }
            } else {
                words.append(String(Substring(part)))
            }
        }
        return (words, initrds)
    }
}
