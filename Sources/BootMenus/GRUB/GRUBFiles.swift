extension GRUBScript {
    static let maximumFileBytes = 1 << 20

    /// Runs a command that asks for files or devices.
    mutating func lookUp(_ command: String, _ arguments: [String], at place: MenuPlace) -> Flow {
        switch command {
        case "source", ".":
            guard let name = arguments.first else { break }
            return source(file(name), at: place)
        case "configfile", "normal":
            let prefix = value(of: "prefix")
            openMenu(file(arguments.first ?? prefix + "/grub.cfg"), at: place)
        case "load_env": loadEnvironment(arguments)
        case "blscfg": addLoaderEntries(arguments, at: place)
        case "search", "search.file", "search.fs_label", "search.fs_uuid": search(command, arguments)
        case "loopback":
            let words = arguments.filter { !$0.hasPrefix("-") }
            guard words.count > 1, context.devices.count < 1000 else { break }
            context.devices[words[0]] = DeviceReference(.image(file(words[1])))
        case "probe": probe(arguments)
        default: break
        }
        return .onward
    }

    /// Runs a script where it is asked for, with the same variables.
    mutating func source(_ file: FileReference, at place: MenuPlace) -> Flow {
        guard let statements = script(file, at: place) else {
            succeeded = false
            return .onward
        }
        return evaluate(statements, named: file.path)
    }

    mutating func evaluate(_ text: String, at place: MenuPlace) -> Flow {
        let (statements, errors) = GRUBParser.parse(Array(text.utf8))
        for error in errors { notes.add(.syntax(expected: error.expected), at: place) }
        return evaluate(statements, named: context.file)
    }

    private mutating func evaluate(_ statements: [GRUBStatement], named file: String) -> Flow {
        guard callDepth < Self.maximumCalls else {
            notes.add(
                .tooMany("functions and files within each other", limit: Self.maximumCalls), at: place(1))
            return .onward
        }
        let outer = context.file
        context.file = file
        callDepth += 1
        defer {
            callDepth -= 1
            context.file = outer
        }
        let flow = run(statements)
        return flow == .leaveFunction ? .onward : flow
    }

    /// The tree of a script; nil if it is not there, and then a note says so.
    private mutating func script(_ file: FileReference, at place: MenuPlace) -> [GRUBStatement]? {
        fileCount += 1
        guard fileCount <= Self.maximumFiles else {
            notes.add(.tooMany("files", limit: Self.maximumFiles), at: place)
            return nil
        }
        guard let bytes = files.bytes(of: file, limit: Self.maximumFileBytes) else {
            notes.add(.missingFile(file.description), at: place)
            return nil
        }
        guard bytes.count <= Self.maximumFileBytes else {
            notes.add(
                .tooLong(byteCount: bytes.count, limit: Self.maximumFileBytes),
                at: MenuPlace(file: file.path, line: 1))
            return nil
        }
        scriptBytes += bytes.count
        guard scriptBytes <= Self.maximumScriptBytes else {
            notes.add(.tooMany("bytes in all files", limit: Self.maximumScriptBytes), at: place)
            return nil
        }
        let (statements, errors) = GRUBParser.parse(bytes)
        for error in errors {
            notes.add(.syntax(expected: error.expected), at: MenuPlace(file: file.path, line: error.line))
        }
        return statements
    }

    /// `configfile`: another menu, which sees the exported variables only, in place of this one.
    private mutating func openMenu(_ file: FileReference, at place: MenuPlace) {
        guard callDepth < Self.maximumCalls, let statements = script(file, at: place) else {
            succeeded = false
            return
        }
        let menu = menuWithin(
            named: file.path,
            variables: [
                "config_file": "(\(name(for: file.device)))\(file.path)",
                "config_directory": "(\(name(for: file.device)))\(file.folder.path)",
            ]
        ) { script in _ = script.run(statements) }
        for node in menu.nodes { definitions.append(.finished(node)) }
        if let choice = menu.defaultChoice { context.variables["default"] = choice }
        if let timeout = menu.timeout { context.variables["timeout"] = timeout }
    }

    private mutating func loadEnvironment(_ arguments: [String]) {
        var name = value(of: "prefix") + "/grubenv"
        var wanted: Set<String> = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "-f" || argument == "--file" {
                name = rest.popFirst() ?? name
            } else if argument.hasPrefix("--file=") {
                name = String(argument.utf8.dropFirst(7)) ?? name
            } else if !argument.hasPrefix("-") {
                wanted.insert(argument)
            }
        }
        guard let bytes = files.bytes(of: file(name), limit: 64 << 10) else {
            succeeded = false
            return
        }
        for (name, value) in Self.environment(bytes) where wanted.isEmpty || wanted.contains(name) {
            assign(name, value)
        }
    }

    /// An environment block: `NAME=VALUE` by line, a backslash before what stands for itself, `#` for the rest.
    static func environment(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        var lines: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in bytes.prefix(64 << 10) {
            if !isEscaped, byte == UInt8(ascii: "\n") {
                lines.append([])
            } else if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            } else {
                lines[lines.count - 1].append(byte)
            }
            isEscaped = false
        }
        return lines.compactMap { line in
            guard line.first != UInt8(ascii: "#"), let equals = line.firstIndex(of: UInt8(ascii: "=")),
                equals > 0
            else { return nil }
            return (
                String(decoding: line[..<equals], as: UTF8.self),
                String(decoding: line[(equals + 1)...], as: UTF8.self)
            )
        }
    }

    /// `search [--file|--label|--fs-uuid] [--set[=VARIABLE]] NAME`; `search.fs_uuid NAME VARIABLE` is the same.
    ///
    /// It always finds: whether there is such a file system is for those to say who have the disks.
    private mutating func search(_ command: String, _ arguments: [String]) {
        var variable = command == "search" ? nil : "root" as String?
        var kind = command == "search" ? "" : String(command.utf8.dropFirst("search.".utf8.count)) ?? ""
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "-f", "--file": kind = "file"
            case "-l", "--label", "--fs-label": kind = "fs_label"
            case "-u", "--fs-uuid": kind = "fs_uuid"
            case "-s", "--set": variable = "root"
            case "-h", "--hint": _ = rest.popFirst()
            case _ where argument.hasPrefix("--set="): variable = String(argument.utf8.dropFirst(6))
            case _ where argument.hasPrefix("-"): break
            default: words.append(argument)
            }
        }
        // `--set root NAME` was written, too.
        if command == "search", words.count > 1, words[0] == "root" { words.removeFirst() }
        if command != "search", words.count > 1 { variable = words[1] }
        guard let name = words.first, let variable, !name.isEmpty else { return }
        let found: DeviceReference.Name =
            switch kind {
            case "fs_uuid": .fileSystemUUID(name)
            case "fs_label": .fileSystemLabel(name)
            default: .holding(normalized(name))
            }
        assign(variable, self.name(for: DeviceReference(found)))
    }

    /// `probe --fs-uuid --set=VARIABLE DEVICE`: the one property that command lines are made with.
    private mutating func probe(_ arguments: [String]) {
        var variable: String?
        var device: String?
        var wantsUUID = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "-u", "--fs-uuid": wantsUUID = true
            case "-s", "--set": variable = rest.popFirst()
            case _ where argument.hasPrefix("--set="): variable = String(argument.utf8.dropFirst(6))
            case _ where argument.hasPrefix("-"): break
            default: device = argument
            }
        }
        guard let variable, var name = device else { return }
        if name.hasPrefix("("), name.hasSuffix(")") { name = String(name.dropFirst().dropLast()) }
        let reference = self.device(name)
        var value: String?
        if wantsUUID {
            if case .fileSystemUUID(let uuid) = reference?.name {
                value = uuid
            } else {
                value = files.fileSystemUUID(of: reference)
            }
        }
        succeeded = value != nil
        assign(variable, value ?? "")
    }
}
