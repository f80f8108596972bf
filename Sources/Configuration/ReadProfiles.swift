internal import BootCore
internal import Wire

/// `profiles` and `loaders`.
extension ConfigurationReader {
    private enum ProfileKey: String, ConfigurationKey {
        case title, kernel, initrd, cmdline, initramfs, loader, vars, options
    }

    private enum VariableOwnerKey: String { case vars }

    /// Names that mean something else where a profile's name may stand.
    private static let reservedNames = ["menu", "local"]

    func readProfile(_ cursor: Cursor, name: String, key: Cursor) -> Profile? {
        if Self.reservedNames.contains(name) {
            key.report(.boot(.reservedProfileName(name)))
        } else if !Cursor.isName(name) {
            key.report(.unexpected(.text(name, isQuoted: false), expected: .profileName))
        }
        guard let fields = cursor.fields(ProfileKey.self) else { return nil }
        let title = fields[.title]?.line() ?? ""
        let kernel = fields[.kernel]?.bootPath(orURL: true)
        let initrds = fields[.initrd]?.itemsOrOne.compactMap { $0.bootPath(orURL: true) } ?? []
        let commandLine = fields[.cmdline].flatMap(readTemplate)
        let initramfs = fields[.initramfs]?.choice(InitramfsDialect.self)
        let loaders = fields[.loader].map(readProfileLoader) ?? [:]
        let vars = fields[.vars].map(readVariables) ?? [:]
        let options = fields[.options].map(readOptions) ?? []
        if fields[.kernel] == nil {
            if fields[.loader] == nil { key.report(.boot(.nothingToBoot)) }
            fields[.initrd]?.report(.boot(.uselessWithoutKernel("initrd")))
            fields[.cmdline]?.report(.boot(.uselessWithoutKernel("cmdline")))
            fields[.initramfs]?.report(.boot(.uselessWithoutKernel("initramfs")))
        }
        let entry = kernel.flatMap { kernel in
            (commandLine ?? (try? Template(""))).map {
                KernelEntry(kernel: kernel, initrds: initrds, commandLine: $0, initramfs: initramfs)
            }
        }
        return Profile(
            name: name, title: title, kernel: entry, loaders: loaders, vars: vars, dhcpOptions: options)
    }

    /// One path for every platform, or a path for each.
    private func readProfileLoader(_ cursor: Cursor) -> [Platform: String] {
        switch cursor.node.content {
        case .mapping, .refused: return readLoaders(cursor)
        case .sequence: return cursor.refuse(.textOrMapping) ?? [:]
        case .scalar:
            guard let path = cursor.bootPath(orURL: false) else { return [:] }
            return Dictionary(uniqueKeysWithValues: Platform.allCases.map { ($0, path) })
        }
    }

    /// Paths by platform.
    func readLoaders(_ cursor: Cursor) -> [Platform: String] {
        var loaders: [Platform: String] = [:]
        for (key, name, value) in cursor.entries() ?? [] {
            let path = value.bootPath(orURL: false)
            guard let platform = Platform(rawValue: name) else {
                let known = Platform.allCases.map(\.rawValue)
                key.report(
                    .unknownKey(suggestion: findings.suggestion(for: name, among: known), known: known))
                continue
            }
            loaders[platform] = path
        }
        return loaders
    }

    // MARK: Variables and placeholders

    /// Values by name, for the placeholders of templates.
    func readVariables(_ cursor: Cursor) -> [String: String] {
        var variables: [String: String] = [:]
        for (key, name, value) in cursor.entries() ?? [] {
            if !Self.isVariableName(name) {
                key.report(.unexpected(.text(name, isQuoted: false), expected: .variableName))
            }
            variables[name] = value.line()
        }
        return variables
    }

    /// Gathers all names first, because a profile may use what only some machines set.
    mutating func collectVariables(
        profiles: [(key: Cursor, name: String, value: Cursor)], machines: Cursor?
    ) {
        var owners = profiles.map(\.value.node)
        if let machines, case .sequence(let items) = machines.node.content { owners += items }
        for case .mapping(let entries) in owners.map(\.content) {
            for entry in entries where entry.key == VariableOwnerKey.vars.rawValue {
                if case .mapping(let variables) = entry.value.content {
                    variableNames.formUnion(variables.map(\.key))
                }
            }
        }
    }

    /// Letters, digits, `-` and `_`, and not a name that netbootd fills in itself.
    private static func isVariableName(_ name: String) -> Bool {
        !name.isEmpty && !BootPolicy.placeholderNames.contains(name)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private func readTemplate(_ cursor: Cursor) -> Template? {
        guard let text = cursor.line() else { return nil }
        let template: Template
        do throws(Template.ParseError) {
            template = try Template(text)
        } catch {
            switch error {
            case .unclosedBrace(let offset): cursor.report(.unclosedBrace, at: offset, of: text)
            case .badName(let name, let offset): cursor.report(.badPlaceholder(name), at: offset, of: text)
            }
            return nil
        }
        let known = (BootPolicy.placeholderNames.union(variableNames)).sorted()
        for name in template.placeholders where !known.contains(name) || name == "nfs" && !exportsAreStated {
            let problem: ConfigurationProblem =
                name == "nfs"
                ? .nfsPlaceholder
                : .unknownPlaceholder(
                    name, suggestion: findings.suggestion(for: name, among: known), known: known)
            cursor.report(problem, at: Self.offset(of: name, in: text), of: text)
        }
        return template
    }

    /// Where the placeholder stands, in characters; 0 when it is not to be told from `${…}`.
    private static func offset(of name: String, in text: String) -> Int {
        let characters = Array(text)
        let wanted = Array("{\(name)}")
        return characters.indices.first { index in
            characters[index...].starts(with: wanted)
                && (index == 0 || characters[index - 1] != "$" && characters[index - 1] != "{")
        } ?? 0
    }
}

extension Cursor {
    /// Reports something that begins `offset` characters into `text`, which is this scalar's.
    func report(_ problem: ConfigurationProblem, at offset: Int, of text: String) {
        guard case .scalar(text, let isPlain) = node.content, node.start.line == node.end.line else {
            report(problem)
            return
        }
        let quotes = isPlain ? 0 : 1
        // With an escape in it, the text in the file is longer than the text that it means.
        let isLiteral = node.end.column - node.start.column == text.unicodeScalars.count + 2 * quotes
        let column = node.start.column + quotes + text.prefix(offset).unicodeScalars.count
        let place = isLiteral ? SourcePlace(line: node.start.line, column: column) : node.start
        findings.report(problem, at: place, path: path)
    }
}
