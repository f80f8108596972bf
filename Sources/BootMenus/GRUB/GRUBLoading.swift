extension GRUBScript {
    /// Runs a command that loads something; false if it is none of these.
    mutating func load(_ command: String, _ arguments: [String]) -> Bool {
        switch command {
        case "linux", "linux16", "linuxefi": loadKernel(.linux, arguments)
        case "multiboot": loadKernel(.multiboot, Self.withoutOptions(arguments))
        case "multiboot2", "xen_hypervisor": loadKernel(.multiboot2, Self.withoutOptions(arguments))
        case "initrd", "initrd16", "initrdefi": loadInitrds(arguments)
        case "module", "module2", "xen_module":
            let arguments = Self.withoutOptions(arguments)
            guard let name = arguments.first, recipe.modules.count < 64 else { break }
            recipe.modules.append(
                MenuModule(file: loaded(name), commandLine: Self.commandLine(arguments.dropFirst())))
        case "chainloader":
            recipe.kind = .chain
            let name = Self.withoutOptions(arguments).first ?? ""
            recipe.unsupported = name.hasSuffix("+1") ? .bootSector(name) : .anotherLoader(name)
        case "fwsetup", "halt", "reboot", "lockdown", "uppermem": if command != "uppermem" { refuse(command) }
        case "ntldr", "freedos", "plan9", "truecrypt", "pxechain", "legacy_kernel", "legacy_configfile",
            "syslinux_configfile", "extract_syslinux_entries_source":
            refuse(command)
        default:
            guard ["xnu_", "kfreebsd", "knetbsd", "kopenbsd"].contains(where: command.hasPrefix) else {
                return false
            }
            refuse(command)
        }
        return true
    }

    private mutating func refuse(_ command: String) {
        recipe.kind = .chain
        recipe.unsupported = .loaderCommand(command)
    }

    private mutating func loadKernel(_ kind: MenuEntry.Kind, _ arguments: [String]) {
        guard let name = arguments.first else { return }
        recipe = GRUBRecipe(kind: kind, kernel: nil, commandLine: Self.commandLine(arguments.dropFirst()))
        recipe.kernel = loaded(name)
    }

    private mutating func loadInitrds(_ arguments: [String]) {
        recipe.initrds = []
        for name in arguments.prefix(64) {
            if name.hasPrefix("newc:") {
                recipe.unsupported = recipe.unsupported ?? .form(name)
            } else {
                recipe.initrds.append(loaded(name))
            }
        }
    }

    private mutating func loaded(_ name: String) -> FileReference {
        let file = file(name)
        if case .unknown(let device) = file.device?.name {
            let network = ["tftp", "http", "pxe", "nd", "net"]
            let first = device.utf8.prefix { $0 != UInt8(ascii: ",") }
            if network.contains(String(Substring(first))) {
                recipe.unsupported = .onNetwork("(\(device))\(file.path)")
            }
        }
        return file
    }

    private static func withoutOptions(_ arguments: [String]) -> [String] {
        Array(arguments.drop { $0.hasPrefix("--") })
    }

    /// The arguments as GRUB hands them to a kernel: one with a space in quotes, and a backslash before `\`, `'` and `"`
    /// unless it begins `\xHH`.
    private static func commandLine(_ arguments: ArraySlice<String>) -> String {
        var line: [UInt8] = []
        for argument in arguments {
            if !line.isEmpty { line.append(0x20) }
            let bytes = Array(argument.utf8)
            let needsQuotes = bytes.contains(0x20)
            if needsQuotes { line.append(UInt8(ascii: "\"")) }
            for (index, byte) in bytes.enumerated() {
                let isHexEscape =
                    byte == UInt8(ascii: "\\") && bytes.count > index + 3
                    && bytes[index + 1] == UInt8(ascii: "x")
                    && bytes[index + 2].isHexDigit && bytes[index + 3].isHexDigit
                if "\\'\"".utf8.contains(byte), !isHexEscape { line.append(UInt8(ascii: "\\")) }
                line.append(byte)
            }
            if needsQuotes { line.append(UInt8(ascii: "\"")) }
        }
        return String(decoding: line, as: UTF8.self)
    }
}

extension UInt8 {
    var isHexDigit: Bool { isDigit || (0x61...0x66).contains(self | 0x20) }
}
