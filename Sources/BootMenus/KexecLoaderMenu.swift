extension BootMenu {
    /// Reads `kexec-loader.conf`, the configuration of Daniel Collins's kexec-loader (versions 1 and 2).
    ///
    /// `grub-path DEVICE PATH` brings in the menu of a GRUB; `grub-map hd0 sda` says which disk it means.
    static func kexecLoader(_ file: FileReference, files: any MenuFiles, host: MenuHost) -> BootMenu {
        var reader = KexecLoaderReader(file, files: files, host: host)
        return reader.menu()
    }
}

private struct KexecLoaderReader {
    let file: FileReference
    let files: any MenuFiles
    let host: MenuHost
    var notes = MenuNotes()
    var result = BootMenu()
    var entry: MenuEntry?
    /// What stands above all titles holds for those that say nothing else.
    var commonRoot: DeviceReference?
    var entryRoot: DeviceReference?
    var isDefault = false
    var grubFiles: [(FileReference, MenuPlace)] = []
    var disks: [DeviceReference.Drive: String] = [:]

    init(_ file: FileReference, files: any MenuFiles, host: MenuHost) {
        (self.file, self.files, self.host) = (file, files, host)
        (commonRoot, entryRoot) = (file.device, file.device)
    }

    mutating func menu() -> BootMenu {
        let top = MenuPlace(file: file.path, line: 1)
        for line in ConfigurationLine.all(files.configuration(file, notes: &notes, asked: top) ?? []) {
            let place = MenuPlace(file: file.path, line: line.number)
            let key = String(
                decoding: line.key.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? 0x2d : $0 },
                as: UTF8.self)
            if key == "title" {
                finishEntry()
                guard result.entries.count < BootMenu.maximumEntries else {
                    notes.add(.tooMany("entries", limit: BootMenu.maximumEntries), at: place)
                    break
                }
                entry = MenuEntry(title: line.value, place: place)
            } else if !takeOfMenu(key, line, at: place), !takeOfEntry(key, line) {
                notes.add(.unknownCommand(line.key), at: place)
            }
        }
        finishEntry()
        for (grub, place) in grubFiles { addGRUB(grub, at: place) }
        result.defaultEntry = result.defaultEntry ?? (result.entries.isEmpty ? nil : 0)
        result.notes = notes.all
        return result
    }

    private mutating func finishEntry() {
        guard var entry else { return }
        // `root` may stand after the files that lie there.
        entry.kernel = entry.kernel?.on(entryRoot)
        entry.initrds = entry.initrds.map { $0.on(entryRoot) }
        entry.modules = entry.modules.map {
            MenuModule(file: $0.file.on(entryRoot), commandLine: $0.commandLine)
        }
        if isDefault { result.defaultEntry = result.entries.count }
        if entry.kernel == nil { entry.unsupported = .noKernel }
        if !entry.modules.isEmpty { entry.kind = .multiboot }
        result.entries.append(entry)
        (self.entry, entryRoot, isDefault) = (nil, commonRoot, false)
    }

    /// Settings that hold for all entries, wherever they stand.
    private mutating func takeOfMenu(_ key: String, _ line: ConfigurationLine, at place: MenuPlace) -> Bool {
        switch key {
        case "timeout":
            guard let seconds = Int(line.value), (0..<1 << 20).contains(seconds) else {
                notes.add(.badValue(line.value, of: "timeout"), at: place)
                break
            }
            result.timeout = seconds == 0 ? nil : .seconds(seconds)
        case "grub-path":
            let words = line.words
            guard grubFiles.count < 8, let first = words.first else { break }
            let folder =
                words.count > 1
                ? FileReference(device: DeviceReference(first), path: words[1])
                : FileReference(first, root: file.device)
            grubFiles.append((folder, place))
        case "grub-root":
            let device = DeviceReference(line.value)
            for path in ["/boot/grub", "/grub"] where grubFiles.count < 8 {
                grubFiles.append((FileReference(device: device, path: path), place))
            }
        case "grub-map":
            let words = line.words
            if words.count > 1, case .drive(let drive, nil) = DeviceReference(words[0]).name,
                disks.count < 64,
                case .node(let node) = DeviceReference(words[1]).name
            {
                disks[drive] = node
            }
        case "grub-first", "grub-autodetect", "kmod", "kernel-module", "modprobe", "keymap": break
        default: return false
        }
        return true
    }

    private mutating func takeOfEntry(_ key: String, _ line: ConfigurationLine) -> Bool {
        let (first, rest) = line.split
        switch key {
        case "root", "rootfs":
            entryRoot = DeviceReference(line.value)
            if entry == nil { commonRoot = entryRoot }
        case "kernel":
            entry?.kernel = FileReference(first, root: nil)
            // Version 1 took the command line from here.
            if !rest.isEmpty, entry?.commandLine.isEmpty == true { entry?.commandLine = rest }
        case "cmdline": entry?.commandLine = line.value
        case "append": append(line.value)
        case "initrd":
            if let count = entry?.initrds.count, count < 64, !first.isEmpty {
                entry?.initrds.append(FileReference(line.value, root: nil))
            }
        case "module":
            if let count = entry?.modules.count, count < 64, !first.isEmpty {
                entry?.modules.append(MenuModule(file: FileReference(first, root: nil), commandLine: rest))
            }
        case "default": isDefault = entry != nil
        case "reset-vga", "mount": break
        default: return false
        }
        return true
    }

    private mutating func append(_ words: String) {
        guard let line = entry?.commandLine, line.utf8.count < 16 << 10 else { return }
        entry?.commandLine = line.isEmpty ? words : line + " " + words
    }

    /// What GRUB offers comes after our own entries.
    private mutating func addGRUB(_ folder: FileReference, at place: MenuPlace) {
        for (name, format) in [
            ("grub.cfg", MenuFormat.grub), ("menu.lst", .grubLegacy), ("grub.conf", .grubLegacy),
        ] {
            let configuration = folder.appending(name)
            guard files.kind(of: configuration) != nil else { continue }
            let menu = BootMenu(reading: configuration, as: format, files: files, host: host)
            let room = BootMenu.maximumEntries - result.entries.count
            if result.entries.isEmpty { result.defaultEntry = menu.defaultEntry }
            result.entries += menu.entries.prefix(room).map { $0.withDrives(disks) }
            result.timeout = result.timeout ?? menu.timeout
            for note in menu.notes { notes.add(note.problem, at: note.place) }
            return
        }
        notes.add(.missingFile(folder.appending("grub.cfg").description), at: place)
    }
}

extension MenuEntry {
    /// The same with drives that somebody has told the names of.
    fileprivate func withDrives(_ disks: [DeviceReference.Drive: String]) -> MenuEntry {
        var entry = self
        entry.kernel = kernel?.withDrives(disks)
        entry.initrds = initrds.map { $0.withDrives(disks) }
        entry.modules = modules.map {
            MenuModule(file: $0.file.withDrives(disks), commandLine: $0.commandLine)
        }
        return entry
    }
}

extension FileReference {
    /// The same on this device if it names none.
    fileprivate func on(_ root: DeviceReference?) -> FileReference {
        device == nil ? FileReference(device: root, path: path) : self
    }

    fileprivate func withDrives(_ disks: [DeviceReference.Drive: String]) -> FileReference {
        guard case .drive(let drive, let partition) = device?.name, let disk = disks[drive] else {
            return self
        }
        guard let partition else { return FileReference(device: DeviceReference(.node(disk)), path: path) }
        // nvme0n1p2, but sda2.
        let separator = disk.utf8.last?.isDigit == true ? "p" : ""
        return FileReference(
            device: DeviceReference(.node("\(disk)\(separator)\(partition.number)")), path: path)
    }
}
