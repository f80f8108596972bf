/// A file of a kernel's NFS server, `/etc/exports` (exports(5)), as far as it can be served read-only.
public struct ExportsFile: Sendable {
    public private(set) var exports: [NFSExport] = []
    /// In the file's order.
    public private(set) var findings: [Finding] = []

    /// Something that is wrong, or hardly meant, at a place of the file. Lines and columns begin at 1.
    public struct Finding: Equatable, Sendable {
        public var line: Int
        public var column: Int
        public var what: What
    }

    public enum What: Equatable, Sendable {
        case option(ExportOptions.Problem)
        case clients(ExportClientsProblem)
        /// The path does not begin with a slash, or has `..` in it.
        case badPath(String)
        /// The path has nobody behind it: for a kernel that is everybody.
        case noClients(String)
        case sameClients(String)
        /// A quote or a parenthesis is never closed.
        case unclosed(Character)
        case notUTF8
        case tooManyExports(limit: Int)
        // Advice.
        case optionAdvice(ExportOptions.Advice)
        /// `host (ro)`: the options are for everybody, and the host has none.
        case spaceBeforeOptions(String)
    }

    /// More than any file for people has.
    public static let maximumBytes = 1 << 20
    public static let maximumExports = 4096

    public init(parsing bytes: [UInt8]) {
        for line in ExportsLines(bytes).lines {
            var words = ExportsWords(line)
            read(&words)
        }
    }

    private mutating func read(_ words: inout ExportsWords) {
        guard let path = words.next() else { return }
        if let problem = words.problem { return find(problem, at: path) }
        guard let text = text(of: path) else { return find(.notUTF8, at: path) }
        let names = text.split(separator: "/")
        guard text.hasPrefix("/"), !names.contains(".."), !names.contains(".") else {
            return find(.badPath(text), at: path)
        }
        let normal = "/" + names.joined(separator: "/")
        var grants: [ExportGrant] = []
        var defaults = ExportOptions()
        var fsid: UInt64?
        var hasClients = false
        var previous: String?
        while let word = words.next() {
            if let problem = words.problem { return find(problem, at: word) }
            if word.bytes.first == UInt8(ascii: "-") {
                apply(word.dropFirst(), to: &defaults)
                fsid = defaults.fsid
                continue
            }
            hasClients = true
            guard let (clients, options) = client(word, defaults, previous) else { continue }
            previous = options.hasOwn ? nil : clients.description
            fsid = options.options.fsid ?? fsid
            guard !grants.contains(where: { $0.clients == clients }) else {
                find(.sameClients(clients.description), at: word)
                continue
            }
            grants.append(options.options.grant(to: clients))
        }
        if !hasClients { return find(.noClients(normal), at: path) }
        add(NFSExport(path: normal, folder: .host(normal), grants: grants, fsid: fsid), at: path)
    }

    /// Several lines of one path are one export.
    private mutating func add(_ export: NFSExport, at word: ExportsWord) {
        guard let index = exports.firstIndex(where: { $0.path == export.path }) else {
            guard exports.count < Self.maximumExports else {
                return find(.tooManyExports(limit: Self.maximumExports), at: word)
            }
            exports.append(export)
            return
        }
        for grant in export.grants {
            if exports[index].grants.contains(where: { $0.clients == grant.clients }) {
                find(.sameClients(grant.clients.description), at: word)
            } else {
                exports[index].grants.append(grant)
            }
        }
        exports[index].fsid = exports[index].fsid ?? export.fsid
    }

    /// `client`, `client(options)` or `(options)`.
    private mutating func client(
        _ word: ExportsWord, _ defaults: ExportOptions, _ previous: String?
    ) -> (clients: ExportClients, (options: ExportOptions, hasOwn: Bool))? {
        let open = word.bytes.firstIndex(of: UInt8(ascii: "("))
        let name = word.prefix(upTo: open ?? word.bytes.count)
        var options = defaults
        if let open {
            guard word.bytes.last == UInt8(ascii: ")") else {
                find(.unclosed("("), at: word)
                return nil
            }
            apply(word.part(open + 1..<word.bytes.count - 1), to: &options)
        }
        guard let text = text(of: name) else {
            find(.notUTF8, at: word)
            return nil
        }
        if text.isEmpty, let previous { find(.spaceBeforeOptions(previous), at: word) }
        do throws(ExportClientsProblem) {
            return (text.isEmpty ? .everyone : try ExportClients(parsing: text), (options, open != nil))
        } catch {
            find(.clients(error), at: word)
            return nil
        }
    }

    private mutating func apply(_ list: ExportsWord, to options: inout ExportOptions) {
        for word in list.separated(by: UInt8(ascii: ",")) where !word.bytes.isEmpty {
            guard let text = text(of: word) else {
                find(.notUTF8, at: word)
                continue
            }
            do throws(ExportOptions.Problem) {
                if let advice = try options.apply(text) { find(.optionAdvice(advice), at: word) }
            } catch {
                find(.option(error), at: word)
            }
        }
    }

    private func text(of word: ExportsWord) -> String? { String(validating: word.bytes, as: UTF8.self) }

    private mutating func find(_ what: What, at word: ExportsWord) {
        findings.append(Finding(line: word.line, column: word.column, what: what))
    }
}

extension ExportsFile.What {
    /// Whether it keeps nothing from being served.
    public var isAdvice: Bool {
        switch self {
        case .optionAdvice, .spaceBeforeOptions: true
        case .option, .clients, .badPath, .noClients, .sameClients, .unclosed, .notUTF8, .tooManyExports:
            false
        }
    }
}
