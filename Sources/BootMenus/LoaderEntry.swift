/// A file of the Boot Loader Specification, type 1, as it stands there.
struct LoaderEntry: Equatable {
    /// The file's name without `.conf` and without the count of tries.
    var id: String
    var title: String
    var version = ""
    var machineID = ""
    var sortKey: String?
    var architecture: String?
    var kernel: String?
    /// An EFI program, and whether it says that it is a unified kernel image.
    var program: (path: String, isUnified: Bool)?
    var initrds: [String] = []
    var options = ""
    /// nil: they are not counted.
    var triesLeft: Int?
    var place: MenuPlace

    static func == (left: LoaderEntry, right: LoaderEntry) -> Bool {
        left.id == right.id && left.place == right.place && left.options == right.options
    }

    /// The entries of a folder, in no order that means anything.
    static func all(in folder: FileReference, files: any MenuFiles, notes: inout MenuNotes) -> [LoaderEntry] {
        var entries: [LoaderEntry] = []
        for name in files.names(in: folder).sorted() where name.hasSuffix(".conf") {
            let file = folder.appending(name)
            let place = MenuPlace(file: file.path, line: 1)
            guard entries.count < BootMenu.maximumEntries else {
                notes.add(.tooMany("entries", limit: BootMenu.maximumEntries), at: place)
                break
            }
            guard let bytes = files.configuration(file, notes: &notes, asked: place) else { continue }
            entries.append(LoaderEntry(bytes, fileName: name, place: place))
        }
        return entries
    }

    init(_ bytes: [UInt8], fileName: String, place: MenuPlace) {
        (id, triesLeft) = Self.counted(fileName, suffix: ".conf")
        title = ""
        self.place = place
        for line in ConfigurationLine.all(bytes) {
            switch line.key {
            case "title": title = line.value
            case "version": version = line.value
            case "machine-id": machineID = line.value
            case "sort-key": sortKey = line.value
            case "architecture": architecture = line.value
            case "linux": kernel = line.value
            case "efi": program = (line.value, false)
            case "uki": program = (line.value, true)
            case "initrd": initrds += line.words.prefix(max(0, 64 - initrds.count))
            case "options": options += (options.isEmpty ? "" : " ") + line.value
            // Other keys are for the loader's own screen.
            default: break
            }
        }
        if title.isEmpty { title = id }
    }

    /// `name+3-1.conf`: 3 tries left, 1 made.
    static func counted(_ fileName: String, suffix: String) -> (id: String, triesLeft: Int?) {
        let name = String(Substring(fileName.utf8.dropLast(suffix.utf8.count)))
        guard let plus = name.utf8.lastIndex(of: UInt8(ascii: "+")), plus != name.startIndex else {
            return (name, nil)
        }
        let counts = name[name.utf8.index(after: plus)...].utf8.split(
            separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        let areNumbers = counts.allSatisfy { !$0.isEmpty && $0.count < 10 && $0.allSatisfy { $0.isDigit } }
        guard areNumbers, let left = counts.first.flatMap({ Int(String(Substring($0))) }) else {
            return (name, nil)
        }
        return (String(name[..<plus]), left)
    }

    /// Whether this one is shown above the other: what may still be tried, then by key, machine, version and name.
    func stands(above other: LoaderEntry) -> Bool {
        if (triesLeft == 0) != (other.triesLeft == 0) { return other.triesLeft == 0 }
        if (sortKey == nil) != (other.sortKey == nil) { return sortKey != nil }
        if let sortKey, let key = other.sortKey {
            if sortKey != key { return sortKey.utf8.lexicographicallyPrecedes(key.utf8) }
            if machineID != other.machineID {
                return machineID.utf8.lexicographicallyPrecedes(other.machineID.utf8)
            }
            let order = compareVersions(version, other.version)
            if order != 0 { return order > 0 }
        }
        let order = compareVersions(id, other.id)
        return order == 0 ? other.id.utf8.lexicographicallyPrecedes(id.utf8) : order > 0
    }
}

extension MenuHost.Architecture {
    /// As EFI and the Boot Loader Specification call it.
    var efiName: String {
        switch self {
        case .x86: "ia32"
        case .x86_64: "x64"
        case .arm64: "aa64"
        }
    }
}
