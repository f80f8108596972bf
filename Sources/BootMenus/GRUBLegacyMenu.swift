extension BootMenu {
    /// Reads `menu.lst` or `grub.conf` of GRUB legacy, where partitions are counted from 0.
    static func grubLegacy(_ file: FileReference, files: any MenuFiles) -> BootMenu {
        var notes = MenuNotes()
        let top = MenuPlace(file: file.path, line: 1)
        guard let bytes = files.configuration(file, notes: &notes, asked: top) else {
            return BootMenu(notes: notes.all)
        }
        var menu = BootMenu()
        var defaultNumber = 0
        var entry: LegacyEntry?
        for line in ConfigurationLine.all(bytes, separators: "=") {
            let place = MenuPlace(file: file.path, line: line.number)
            if line.key.lowercased() == "title" {
                if let entry { menu.entries.append(entry.finished) }
                entry = LegacyEntry(entry: MenuEntry(title: line.value, place: place), root: file.device)
                guard menu.entries.count < maximumEntries else {
                    notes.add(.tooMany("entries", limit: maximumEntries), at: place)
                    entry = nil
                    break
                }
            } else if entry != nil {
                if entry?.take(line) == false { notes.add(.unknownCommand(line.key), at: place) }
            } else {
                switch line.key.lowercased() {
                case "default":
                    if line.value.hasPrefix("saved") {
                        defaultNumber = savedDefault(beside: file, files: files)
                    } else if let number = Int(line.value), number >= 0 {
                        defaultNumber = number
                    } else {
                        notes.add(.badValue(line.value, of: "default"), at: place)
                    }
                case "timeout":
                    if let seconds = Int(line.value), (0..<1 << 20).contains(seconds) {
                        menu.timeout = .seconds(seconds)
                    }
                case "fallback", "hiddenmenu", "color", "splashimage", "gfxmenu", "password", "serial",
                    "terminal",
                    "foreground", "background", "viewport", "setkey", "debug", "boot", "graphicsmode":
                    break
                default: notes.add(.unknownCommand(line.key), at: place)
                }
            }
        }
        if let entry { menu.entries.append(entry.finished) }
        menu.defaultEntry =
            menu.entries.isEmpty ? nil : defaultNumber < menu.entries.count ? defaultNumber : 0
        menu.notes = notes.all
        return menu
    }

    /// `grub-set-default` writes the number as the first line of the file `default`.
    private static func savedDefault(beside file: FileReference, files: any MenuFiles) -> Int {
        let bytes = files.bytes(of: file.folder.appending("default"), limit: 4096) ?? []
        let number = Int(String(decoding: bytes.prefix(5).prefix { $0.isDigit }, as: UTF8.self))
        return number ?? 0
    }
}

/// An entry while its lines are read.
private struct LegacyEntry {
    var entry: MenuEntry
    var root: DeviceReference?

    private func file(_ written: String) -> FileReference {
        FileReference(written, root: root, firstPartition: 0)
    }

    /// False if the command is none that is known.
    mutating func take(_ line: ConfigurationLine) -> Bool {
        switch line.key.lowercased() {
        case "root", "rootnoverify":
            let words = line.words
            if let device = words.first { root = DeviceReference(device, firstPartition: 0) }
        // Ubuntu's and Debian's `uuid`, GRUB4DOS's `find --set-root FILE`.
        case "uuid": if !line.value.isEmpty { root = DeviceReference(.fileSystemUUID(line.value)) }
        case "find":
            if line.value.hasPrefix("--set-root"), let path = line.words.last(where: { $0.hasPrefix("/") }) {
                root = DeviceReference(.holding(FileReference(path: path).path))
            }
        case "kernel": takeKernel(line)
        case "initrd":
            entry.initrds = line.words.prefix(64).map { file($0) }
        case "module", "modulenounzip":
            let (name, arguments) = line.split
            if !name.isEmpty, entry.modules.count < 64 {
                entry.modules.append(MenuModule(file: file(name), commandLine: arguments))
            }
        case "chainloader":
            entry.kind = .chain
            let name = line.words.last ?? ""
            entry.unsupported = name.hasSuffix("+1") ? .bootSector(name) : .anotherLoader(name)
        case "configfile":
            entry.kind = .chain
            entry.unsupported = .anotherLoader(line.value)
        case "halt", "reboot", "commandline", "install", "bootp", "dhcp", "tftpserver":
            entry.kind = .chain
            entry.unsupported = .loaderCommand(line.key)
        case "savedefault", "quiet", "boot", "lock", "makeactive", "map", "hide", "unhide", "password",
            "pause",
            "color", "clear", "echo", "parttype", "serial", "terminal", "fallback", "uppermem", "geometry",
            "rarp",
            "cat", "vbeprobe", "setvbe", "splashimage", "gfxmenu", "timeout", "default", "hiddenmenu":
            break
        default: return false
        }
        return true
    }

    private mutating func takeKernel(_ line: ConfigurationLine) {
        var rest = line.split
        // `--type=…` and `--no-mem-option`.
        for _ in 0..<4 where rest.first.hasPrefix("--") {
            rest = ConfigurationLine(key: "", value: rest.rest, number: line.number).split
        }
        guard !rest.first.isEmpty else { return }
        entry.kernel = file(rest.first)
        entry.commandLine = rest.rest
        if rest.first.hasPrefix("(nd)") { entry.unsupported = .onNetwork(rest.first) }
    }

    /// GRUB legacy sees by the kernel's first bytes whether it is a multiboot one; here the modules tell.
    var finished: MenuEntry {
        var entry = entry
        if entry.kernel == nil, entry.unsupported == nil { entry.unsupported = .noKernel }
        if !entry.modules.isEmpty, entry.kind == .linux { entry.kind = .multiboot }
        return entry
    }
}
