/// Reads the configurations of syslinux, isolinux, extlinux and pxelinux, which are one language.
struct SyslinuxReader {
    static let maximumAppendBytes = 16 << 10

    private let files: any MenuFiles
    /// What paths without a slash are relative to, wherever a file that was included lies.
    private let folder: FileReference
    var notes = MenuNotes()
    private var labels: [SyslinuxLabel] = []
    /// Title and outer menu of each menu; 0 is the outermost.
    private var menus: [(title: String, outer: Int)] = [("", 0)]
    private var menu = 0
    private var isInLabel = false
    private var isInHelp = false
    private var globalAppend = ""
    private var defaultName: String?
    private var menuDefault: String?
    private var onTimeout: String?
    private var timeout: Duration?
    private var includeCount = 0

    init(_ file: FileReference, files: any MenuFiles) {
        self.files = files
        // pxelinux takes its paths from the folder above.
        folder = file.folder.name == "pxelinux.cfg" ? file.folder.folder : file.folder
    }

    mutating func read(_ file: FileReference, asked place: MenuPlace, depth: Int = 0) {
        includeCount += 1
        guard depth < BootMenu.maximumIncludes, includeCount <= 200 else {
            notes.add(.tooMany("files within each other", limit: BootMenu.maximumIncludes), at: place)
            return
        }
        guard let bytes = files.configuration(file, notes: &notes, asked: place) else { return }
        for line in ConfigurationLine.all(bytes) {
            let place = MenuPlace(file: file.path, line: line.number)
            let key = line.key.lowercased()
            if isInHelp {
                isInHelp = key != "endtext"
            } else if key == "include" {
                read(SyslinuxLabel.file(line.split.first, in: folder), asked: place, depth: depth + 1)
            } else if key == "menu" {
                takeMenu(line.split, at: place, depth: depth)
            } else {
                take(key, line, at: place)
            }
        }
    }

    private mutating func take(_ key: String, _ line: ConfigurationLine, at place: MenuPlace) {
        switch key {
        case "label":
            isInLabel = labels.count < BootMenu.maximumEntries
            if isInLabel {
                labels.append(SyslinuxLabel(name: line.split.first, menu: menu, place: place))
            } else {
                notes.add(.tooMany("entries", limit: BootMenu.maximumEntries), at: place)
            }
        case "kernel": setAction(.kernel(line.value))
        case "linux": setAction(.linux(line.value))
        case "com32": setAction(.module(line.value))
        case "config": setAction(.configuration(line.split.first))
        case "boot", "bss", "fdimage", "pxe", "localboot": setAction(.other(key, line.value))
        case "append":
            let value = String(Substring(line.value.utf8.prefix(Self.maximumAppendBytes)))
            if isInLabel { labels[labels.count - 1].append = value } else { globalAppend = value }
        case "initrd": if isInLabel { labels[labels.count - 1].initrd = line.value }
        case "default": defaultName = line.value
        case "ui": break
        case "ontimeout": onTimeout = line.split.first
        case "timeout":
            // In tenths of a second; 0 is for ever.
            guard let tenths = Int(line.value), (0..<1 << 20).contains(tenths) else {
                notes.add(.badValue(line.value, of: "timeout"), at: place)
                break
            }
            timeout = tenths == 0 ? nil : .milliseconds(tenths * 100)
        case "text": isInHelp = line.value.lowercased().hasPrefix("help")
        case "prompt", "say", "display", "font", "kbdmap", "serial", "console", "allowoptions", "noescape",
            "nocomplete", "implicit", "totaltimeout", "onerror", "path", "sendcookies", "ipappend",
            "sysappend",
            "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "nohalt",
            "endtext",
            "fdt", "fdtdir", "devicetree", "devicetreedir", "fdtoverlays", "devicetree-overlay":
            break
        default: notes.add(.unknownCommand(line.key), at: place)
        }
    }

    private mutating func setAction(_ action: SyslinuxAction) {
        if isInLabel { labels[labels.count - 1].action = action }
    }

    /// `MENU WORD VALUE`: mostly colours; what makes the menu is taken.
    private mutating func takeMenu(_ words: (first: String, rest: String), at place: MenuPlace, depth: Int) {
        let value = ConfigurationLine(key: "", value: words.rest, number: 0)
        switch words.first.lowercased() {
        case "label":
            // ^ marks the letter that chooses it.
            let title = String(decoding: words.rest.utf8.filter { $0 != UInt8(ascii: "^") }, as: UTF8.self)
            if isInLabel {
                labels[labels.count - 1].title = title
            } else if menu > 0, menus[menu].title.isEmpty {
                menus[menu].title = title
            }
        case "title": if menu > 0 { menus[menu].title = words.rest }
        case "default":
            if isInLabel { menuDefault = menuDefault ?? labels[labels.count - 1].name }
        case "hide": if isInLabel { labels[labels.count - 1].isHidden = true }
        case "disable": if isInLabel { labels[labels.count - 1].isDisabled = true }
        // Leads back or to another menu of the same file, which is shown anyway.
        case "exit", "goto", "quit": if isInLabel { labels[labels.count - 1].isDisabled = true }
        case "separator": isInLabel = false
        case "begin":
            isInLabel = false
            guard menus.count < 200 else { break }
            menus.append((title: "", outer: menu))
            menu = menus.count - 1
            menus[menu].title = words.rest
        case "end":
            isInLabel = false
            menu = menus[menu].outer
        case "include":
            read(SyslinuxLabel.file(value.split.first, in: folder), asked: place, depth: depth + 1)
        default: break
        }
    }

    /// All that was read, as a menu. A label that opens another configuration becomes what stands there.
    mutating func finished() -> BootMenu {
        var result = BootMenu(timeout: timeout)
        let chosen = onTimeout ?? menuDefault ?? defaultName.map { Self.firstWord($0) }
        addImplicitLabel()
        var opened: [MenuEntry] = []
        for label in labels where !label.isDisabled && (!label.isHidden || label.name == chosen) {
            let submenus = titles(of: label.menu)
            if let file = otherConfiguration(of: label) {
                opened += entries(of: file, by: label, submenus: submenus)
            } else {
                if label.name == chosen, result.defaultEntry == nil {
                    result.defaultEntry = result.entries.count
                }
                result.entries.append(
                    label.entry(globalAppend: globalAppend, folder: folder, submenus: submenus))
            }
        }
        // A menu's help leads back to the menu: what is there already is not shown again.
        let own = Set(result.entries.map { Contents(of: $0) })
        result.entries += opened.filter { !own.contains(Contents(of: $0)) }
        result.entries = Array(result.entries.prefix(BootMenu.maximumEntries))
        let isThere = result.defaultEntry.map { $0 < result.entries.count } ?? false
        if !isThere { result.defaultEntry = result.entries.isEmpty ? nil : 0 }
        result.notes = notes.all
        return result
    }

    /// `DEFAULT vmlinuz root=…` without any label is an entry, too.
    private mutating func addImplicitLabel() {
        guard labels.isEmpty, let defaultName, !defaultName.lowercased().hasSuffix(".c32") else { return }
        let words = ConfigurationLine(key: "", value: defaultName, number: 0).split
        guard !words.first.isEmpty else { return }
        var label = SyslinuxLabel(name: words.first, menu: 0, place: MenuPlace(file: folder.path, line: 1))
        label.append = globalAppend.isEmpty ? words.rest : globalAppend + " " + words.rest
        labels.append(label)
    }

    private static func firstWord(_ text: String) -> String {
        ConfigurationLine(key: "", value: text, number: 0).split.first
    }

    private func titles(of menu: Int) -> [String] {
        var titles: [String] = []
        var menu = menu
        while menu > 0, titles.count < BootMenu.maximumIncludes {
            titles.insert(menus[menu].title, at: 0)
            menu = menus[menu].outer
        }
        return titles
    }

    /// What `CONFIG FILE` or `KERNEL vesamenu.c32` with `APPEND FILE` opens.
    private func otherConfiguration(of label: SyslinuxLabel) -> FileReference? {
        let path: String
        switch label.action {
        case .configuration(let file): path = file
        case .kernel(let module), .module(let module):
            let name = FileReference(path: module).name.lowercased()
            guard ["menu.c32", "vesamenu.c32"].contains(name), let append = label.append else { return nil }
            path = Self.firstWord(append)
        case .linux, .other, nil: return nil
        }
        return path.isEmpty || path == "~" || path == "-" ? nil : SyslinuxLabel.file(path, in: folder)
    }

    private struct Contents: Hashable {
        var id: String
        var kernel: FileReference?
        var commandLine: String

        init(of entry: MenuEntry) { (id, kernel, commandLine) = (entry.id, entry.kernel, entry.commandLine) }
    }

    private mutating func entries(
        of file: FileReference, by label: SyslinuxLabel, submenus: [String]
    ) -> [MenuEntry] {
        var inner = SyslinuxReader(file, files: files)
        // What these open in turn is not followed: menus lead back to each other.
        inner.read(file, asked: label.place, depth: BootMenu.maximumIncludes / 2)
        let folder = inner.folder
        let entries = inner.labels.filter {
            inner.otherConfiguration(of: $0) == nil && !$0.isDisabled && !$0.isHidden
        }
        .map { inner.labelled($0, folder: folder, submenus: submenus + [label.title ?? label.name]) }
        for note in inner.notes.all { notes.add(note.problem, at: note.place) }
        return entries
    }

    private func labelled(_ label: SyslinuxLabel, folder: FileReference, submenus: [String]) -> MenuEntry {
        label.entry(globalAppend: globalAppend, folder: folder, submenus: submenus + titles(of: label.menu))
    }
}
