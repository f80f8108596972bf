extension BootMenu {
    /// Reads the folder `loader/entries`, the file `loader.conf` above it, and the unified images in `EFI/Linux`, as
    /// systemd-boot does.
    static func loaderEntries(_ folder: FileReference, files: any MenuFiles, host: MenuHost) -> BootMenu {
        var notes = MenuNotes()
        var found = LoaderEntry.all(in: folder, files: files, notes: &notes)
        let images = folder.folder.folder.appending("EFI/Linux")
        for name in files.names(in: images).sorted() where name.utf8.count > 4 && isProgram(name) {
            guard found.count < maximumEntries else { break }
            let file = images.appending(name)
            let (id, triesLeft) = LoaderEntry.counted(name, suffix: ".efi")
            var entry = LoaderEntry([], fileName: name, place: MenuPlace(file: file.path, line: 1))
            (entry.id, entry.title, entry.triesLeft) = (id, id, triesLeft)
            entry.program = (file.path, true)
            found.append(entry)
        }
        found = found.filter { entry in
            guard let architecture = entry.architecture, !architecture.isEmpty,
                architecture.lowercased() != host.architecture.efiName
            else { return true }
            notes.add(.otherArchitecture(architecture), at: entry.place)
            return false
        }
        found.sort { $0.stands(above: $1) }
        let settings = LoaderSettings(folder.folder.appending("loader.conf"), files: files, notes: &notes)
        let chosen = settings.defaultPattern.flatMap { pattern in
            found.firstIndex { matches(pattern, $0.id) || matches(pattern, $0.id + $0.suffix) }
        }
        return BootMenu(
            entries: found.map { $0.menuEntry(device: folder.device) },
            defaultEntry: found.isEmpty ? nil : chosen ?? 0, timeout: settings.timeout, notes: notes.all)
    }

    private static func isProgram(_ name: String) -> Bool { name.lowercased().hasSuffix(".efi") }

    /// Whether a pattern with `*` and `?` fits a name, in capitals or not.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let pattern = Array(pattern.lowercased().utf8)
        let name = Array(name.lowercased().utf8)
        var (p, n) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] || pattern[p] == UInt8(ascii: "?") {
                (p, n) = (p + 1, n + 1)
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                (p, n) = (last.pattern + 1, last.name + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// What `loader.conf` says about the menu.
private struct LoaderSettings {
    var defaultPattern: String?
    /// Without a word about it, systemd-boot does not wait.
    var timeout: Duration? = .zero

    init(_ file: FileReference, files: any MenuFiles, notes: inout MenuNotes) {
        guard let bytes = files.bytes(of: file, limit: BootMenu.maximumFileBytes) else { return }
        for line in ConfigurationLine.all(Array(bytes.prefix(BootMenu.maximumFileBytes))) {
            switch line.key {
            // What starts with @ stands in a variable of the firmware.
            case "default": defaultPattern = line.value.hasPrefix("@") ? nil : line.value
            case "timeout":
                if line.value == "menu-force" {
                    timeout = nil
                } else if let seconds = Int(line.value), (0..<1 << 20).contains(seconds) {
                    timeout = .seconds(seconds)
                } else if line.value != "menu-hidden", line.value != "menu-disabled" {
                    notes.add(
                        .badValue(line.value, of: "timeout"),
                        at: MenuPlace(file: file.path, line: line.number))
                }
            default: break
            }
        }
    }
}

extension LoaderEntry {
    fileprivate var suffix: String { kernel == nil && program?.isUnified == true ? ".efi" : ".conf" }

    fileprivate func menuEntry(device: DeviceReference?) -> MenuEntry {
        var entry = MenuEntry(title: title, id: id, commandLine: options, place: place)
        if let kernel {
            entry.kernel = FileReference(device: device, path: kernel)
            // Initrds that start with $ are Fedora's for its own GRUB, and empty as a rule.
            entry.initrds = initrds.filter { !$0.hasPrefix("$") }.map {
                FileReference(device: device, path: $0)
            }
        } else if let program {
            entry.kind = program.isUnified ? .unifiedImage : .chain
            if program.isUnified {
                entry.kernel = FileReference(device: device, path: program.path)
            } else {
                entry.unsupported = .anotherLoader(program.path)
            }
        } else {
            entry.unsupported = .noKernel
        }
        let words = options.utf8.split(separator: 0x20).map { String(Substring($0)) }
        let variables = words.filter { $0.hasPrefix("$") }
        if let variable = variables.first(where: { !$0.hasPrefix("$tuned_") }) {
            entry.unsupported = entry.unsupported ?? .variable(variable)
        }
        if !variables.isEmpty {
            entry.commandLine = words.filter { !$0.hasPrefix("$") }.joined(separator: " ")
        }
        return entry
    }
}
