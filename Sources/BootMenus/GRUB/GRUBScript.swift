/// What a script of GRUB 2 knows while it runs.
struct GRUBContext {
    var variables: [String: String] = [:]
    /// What a menu within the menu sees of them.
    var exported: Set<String> = ["root", "prefix"]
    var functions: [String: [GRUBStatement]] = [:]
    /// `$1`, `$2`, …
    var arguments: [String] = []
    /// What `loopback` and `search` found, by the name that stands in `$root`.
    var devices: [String: DeviceReference] = [:]
    var deviceNames: [DeviceReference: String] = [:]
    /// What the file is called that is being read.
    var file = ""

    /// As `configfile` and a submenu begin.
    var forMenuWithin: GRUBContext {
        var context = self
        context.variables = variables.filter { exported.contains($0.key) }
        context.arguments = []
        return context
    }
}

/// What the commands of one entry, or those outside of any, have loaded.
struct GRUBRecipe {
    var kind = MenuEntry.Kind.linux
    var kernel: FileReference?
    var initrds: [FileReference] = []
    var commandLine = ""
    var modules: [MenuModule] = []
    var unsupported: UnsupportedEntry?
}

/// A menu of GRUB, in which entries and menus stand side by side and are counted together.
indirect enum GRUBNode {
    case entry(MenuEntry)
    case menu(title: String, id: String, GRUBMenu)
}

struct GRUBMenu {
    var nodes: [GRUBNode] = []
    /// What `default` and `timeout` were in the end; nil if they were not set.
    var defaultChoice: String?
    var timeout: String?
}

/// An entry as it was defined; its commands run when the script is through, as they do when somebody chooses it.
enum GRUBDefinition {
    case entry(title: String, id: String, arguments: [String], body: [GRUBStatement], place: MenuPlace)
    case menu(title: String, id: String, arguments: [String], body: [GRUBStatement], place: MenuPlace)
    /// What `configfile` brought.
    case finished(GRUBNode)
}

/// Runs a script of GRUB 2 for what it offers. It loads nothing and writes nothing.
///
/// All that a hostile script could make grow is bounded: commands run, bytes put in for variables, files, entries.
struct GRUBScript {
    static let maximumCommands = 50_000
    static let maximumExpandedBytes = 32 << 20
    static let maximumValueBytes = 8 << 10
    static let maximumCalls = 16
    static let maximumFiles = 64
    static let maximumScriptBytes = 8 << 20
    static let maximumEntries = 1000

    enum Flow: Equatable { case onward, breakLoop, continueLoop, leaveFunction, stop }

    let files: any MenuFiles
    let host: MenuHost
    var context = GRUBContext()
    var recipe = GRUBRecipe()
    var definitions: [GRUBDefinition] = []
    var succeeded = true
    var notes = MenuNotes()
    /// How many functions, files and menus are being run within each other.
    var callDepth = 0
    var entryCount = 0
    private var commandCount = 0
    private var expandedBytes = 0
    var fileCount = 0
    var scriptBytes = 0

    init(files: any MenuFiles, host: MenuHost) {
        self.files = files
        self.host = host
    }

    func place(_ line: Int) -> MenuPlace { MenuPlace(file: context.file, line: line) }

    mutating func run(_ statements: [GRUBStatement]) -> Flow {
        for statement in statements {
            let flow = run(statement)
            if flow != .onward { return flow }
        }
        return .onward
    }

    private mutating func run(_ statement: GRUBStatement) -> Flow {
        guard countCommand() else { return .stop }
        switch statement {
        case .command(let command): return run(command)
        case .function(let name, let body):
            context.functions[name] = body
            succeeded = true
            return .onward
        case .choice(let branches, let otherwise):
            for branch in branches {
                let flow = run(branch.condition)
                if flow != .onward { return flow }
                if succeeded { return run(branch.body) }
            }
            succeeded = true
            return run(otherwise)
        case .each(let variable, let words, let body):
            for value in expand(words) {
                guard countCommand() else { return .stop }
                assign(variable, value)
                if let flow = afterRound(run(body)) { return flow }
            }
            return .onward
        case .loop(let branch, let until):
            while true {
                guard countCommand() else { return .stop }
                let flow = run(branch.condition)
                if flow != .onward { return flow }
                if succeeded == until { return .onward }
                if let flow = afterRound(run(branch.body)) { return flow }
            }
        }
    }

    /// What a loop hands on if it ends here; nil: another round.
    private func afterRound(_ flow: Flow) -> Flow? {
        switch flow {
        case .onward, .continueLoop: nil
        case .breakLoop: .onward
        case .leaveFunction, .stop: flow
        }
    }

    private mutating func countCommand() -> Bool {
        commandCount += 1
        guard commandCount <= Self.maximumCommands, expandedBytes <= Self.maximumExpandedBytes else {
            notes.add(.tooMany("commands", limit: Self.maximumCommands), at: place(1))
            return false
        }
        return true
    }

    private mutating func run(_ command: GRUBCommand) -> Flow {
        let words = expand(command.words)
        guard let name = words.first else {
            succeeded = true
            return .onward
        }
        if command.block == nil, words.count == 1, let equals = name.utf8.firstIndex(of: UInt8(ascii: "=")),
            command.words.first?.startsWithAssignment == true
        {
            assign(String(name[..<equals]), String(name[name.utf8.index(after: equals)...]))
            succeeded = true
            return .onward
        }
        let arguments = Array(words.dropFirst())
        if let body = context.functions[name] { return call(body, arguments: arguments) }
        return run(name, arguments, block: command.block, at: place(command.line))
    }

    private mutating func call(_ body: [GRUBStatement], arguments: [String]) -> Flow {
        guard callDepth < Self.maximumCalls else {
            notes.add(
                .tooMany("functions and files within each other", limit: Self.maximumCalls), at: place(1))
            succeeded = false
            return .onward
        }
        let outer = context.arguments
        context.arguments = arguments
        callDepth += 1
        defer {
            callDepth -= 1
            context.arguments = outer
        }
        let flow = run(body)
        return flow == .leaveFunction ? .onward : flow
    }

    mutating func assign(_ name: String, _ value: String) {
        guard context.variables[name] != nil || context.variables.count < 4096 else { return }
        context.variables[name] = String(Substring(value.utf8.prefix(Self.maximumValueBytes)))
    }

    func value(of name: String) -> String {
        switch name {
        case "?": succeeded ? "0" : "1"
        case "#": "\(context.arguments.count)"
        case "*", "@": context.arguments.joined(separator: " ")
        case _ where name.utf8.allSatisfy(\.isDigit):
            Int(name).flatMap { $0 > 0 && $0 <= context.arguments.count ? context.arguments[$0 - 1] : nil }
                ?? ""
        default: context.variables[name] ?? ""
        }
    }

    mutating func expand(_ words: [GRUBWord]) -> [String] {
        var result: [String] = []
        for word in words {
            if let plain = word.plain {
                result.append(plain)
            } else {
                expand(word, into: &result)
            }
        }
        return result
    }

    private mutating func expand(_ word: GRUBWord, into result: inout [String]) {
        var text: [UInt8] = []
        var isWord = word.isQuoted
        for part in word.parts {
            switch part {
            case .text(let literal):
                text += literal.utf8
                isWord = true
            case .variable(let name, isQuoted: true): text += spent(value(of: name))
            case .variable(let name, isQuoted: false):
                for byte in spent(value(of: name)) {
                    if byte.isBlank || byte == UInt8(ascii: "\n") {
                        if isWord { result.append(String(decoding: text, as: UTF8.self)) }
                        (text, isWord) = ([], false)
                    } else {
                        text.append(byte)
                        isWord = true
                    }
                }
            }
        }
        if isWord { result.append(String(decoding: text, as: UTF8.self)) }
    }

    /// A value that is put in, or nothing once too much was.
    private mutating func spent(_ value: String) -> String.UTF8View {
        expandedBytes += value.utf8.count
        return expandedBytes <= Self.maximumExpandedBytes ? value.utf8 : "".utf8
    }
}

extension GRUBWord {
    /// `name=…` with a name that stands there as such.
    fileprivate var startsWithAssignment: Bool {
        guard case .text(let text) = parts.first, let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
        else {
            return false
        }
        let name = text.utf8[..<equals]
        guard let first = name.first, first.isLetter || first == UInt8(ascii: "_") else { return false }
        return name.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") }
    }
}
