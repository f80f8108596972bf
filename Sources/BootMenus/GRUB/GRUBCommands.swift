extension GRUBScript {
    /// Runs one of GRUB's own commands. What is not known here counts as done, and a note says so.
    mutating func run(
        _ name: String, _ arguments: [String], block: [GRUBStatement]?, at place: MenuPlace
    ) -> Flow {
        succeeded = true
        switch name {
        case "break": return .breakLoop
        case "continue": return .continueLoop
        case "return":
            succeeded = (arguments.first ?? "0") == "0"
            return .leaveFunction
        case "exit", "normal_exit", "boot": return .stop
        case "true", ":": break
        // Whether a key is held or a line was typed: nobody is there.
        case "false", "keystatus", "read", "cmostest", "regexp", "sleep_interruptible": succeeded = false
        case "[", "test": succeeded = test(name == "[" ? Self.withoutBracket(arguments) : arguments)
        case "set", "unset", "export", "shift", "setparams", "increment", "decrement":
            setVariable(name, arguments)
        case "eval": return evaluate(arguments.joined(separator: " "), at: place)
        case "menuentry", "submenu", "hiddenentry": define(name, arguments, block: block ?? [], at: place)
        case "source", ".", "configfile", "normal", "load_env", "blscfg", "search", "search.file",
            "search.fs_label", "search.fs_uuid", "loopback", "probe":
            return lookUp(name, arguments, at: place)
        default:
            if !load(name, arguments), !Self.withoutEffectHere.contains(name) {
                notes.add(.unknownCommand(name), at: place)
            }
        }
        return .onward
    }

    /// Commands for the screen, the keyboard and the loader's own parts.
    private static let withoutEffectHere: Set<String> = [
        "insmod", "rmmod", "echo", "loadfont", "load_video", "terminal_output", "terminal_input", "terminal",
        "serial", "background_image", "background_color", "clear", "sleep", "play", "save_env", "gfxmode",
        "savedefault", "recordfail", "videoinfo", "cryptomount", "nativedisk", "keymap", "password",
        "password_pbkdf2", "authenticate", "acpi", "cutmem", "badram", "devicetree", "lsefi", "ls", "outb",
        "cat",
        "clear_bad_shadow", "gptsync", "parttool", "drivemap", "hdparm", "efi-watchdog", "verify_detached",
        "trust", "module_prefix", "fallback", "pager", "nat64", "smbios", "getenv", "setenv", "net_bootp",
        "net_dhcp",
    ]

    private static func withoutBracket(_ words: [String]) -> [String] {
        words.last == "]" ? Array(words.dropLast()) : words
    }

    private func test(_ words: [String]) -> Bool {
        GRUBTest.isTrue(words) { [self] path in path.isEmpty ? nil : files.kind(of: file(path)) }
    }

    private mutating func setVariable(_ command: String, _ arguments: [String]) {
        switch command {
        case "set":
            for argument in arguments {
                guard let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
                assign(String(argument[..<equals]), String(argument[argument.utf8.index(after: equals)...]))
            }
        case "unset": for name in arguments { context.variables[name] = nil }
        case "export":
            for argument in arguments {
                let name = argument.utf8.prefix { $0 != UInt8(ascii: "=") }
                context.exported.insert(String(Substring(name)))
                if name.count < argument.utf8.count { setVariable("set", [argument]) }
            }
        case "shift":
            context.arguments.removeFirst(
                min(context.arguments.count, arguments.first.flatMap(Self.count) ?? 1))
        case "setparams": context.arguments = arguments
        case "increment", "decrement":
            guard let name = arguments.first else { return }
            let (sum, overflow) = (Int(value(of: name)) ?? 0).addingReportingOverflow(
                command == "increment" ? 1 : -1)
            if !overflow { assign(name, "\(sum)") }
        default: break
        }
    }

    private static func count(_ text: String) -> Int? { Int(text).flatMap { $0 >= 0 ? $0 : nil } }

    /// `menuentry TITLE [--id ID] [--class …] … { … }`, remembered until the script is through.
    private mutating func define(
        _ command: String, _ arguments: [String], block: [GRUBStatement], at place: MenuPlace
    ) {
        var id: String?
        var positional: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                positional.append(argument)
                continue
            }
            let parts = argument.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1)
            let name = String(Substring(parts[0]))
            guard ["--id", "--class", "--users", "--hotkey", "--source"].contains(name) else { continue }
            let value = parts.count > 1 ? String(Substring(parts[1])) : rest.popFirst()
            if name == "--id" { id = value }
        }
        guard let title = positional.first, addsEntry(at: place) else { return }
        definitions.append(
            command == "submenu"
                ? .menu(title: title, id: id ?? title, arguments: positional, body: block, place: place)
                : .entry(title: title, id: id ?? title, arguments: positional, body: block, place: place))
    }

    /// Whether there is room for one more.
    mutating func addsEntry(at place: MenuPlace) -> Bool {
        entryCount += 1
        if entryCount > Self.maximumEntries {
            notes.add(.tooMany("entries", limit: Self.maximumEntries), at: place)
        }
        return entryCount <= Self.maximumEntries
    }

    /// A file as the script names it: on `(DEVICE)`, or on what `$root` says.
    func file(_ written: String) -> FileReference {
        if written.utf8.first == UInt8(ascii: "("), let end = written.utf8.firstIndex(of: UInt8(ascii: ")")) {
            let name = String(written[written.utf8.index(after: written.startIndex)..<end])
            return FileReference(
                device: device(name), path: String(written[written.utf8.index(after: end)...]))
        }
        return FileReference(device: device(value(of: "root")), path: written)
    }

    func device(_ name: String) -> DeviceReference? {
        name.isEmpty ? nil : context.devices[name] ?? DeviceReference(name)
    }

    /// The name under which a device stands in variables.
    mutating func name(for device: DeviceReference?) -> String {
        guard let device else { return "" }
        if let name = context.deviceNames[device] { return name }
        guard context.devices.count < 1000 else { return "" }
        let name = "found\(context.devices.count)"
        context.devices[name] = device
        context.deviceNames[device] = name
        return name
    }
}
