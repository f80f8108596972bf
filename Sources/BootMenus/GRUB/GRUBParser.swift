/// A script of GRUB 2 as a tree.
indirect enum GRUBStatement: Equatable {
    case command(GRUBCommand)
    /// The first branch whose condition ends well is taken.
    case choice([GRUBBranch], otherwise: [GRUBStatement])
    case each(variable: String, words: [GRUBWord], body: [GRUBStatement])
    case loop(GRUBBranch, until: Bool)
    case function(name: String, body: [GRUBStatement])
}

struct GRUBBranch: Equatable {
    var condition: [GRUBStatement]
    var body: [GRUBStatement]
}

struct GRUBCommand: Equatable {
    var words: [GRUBWord]
    /// What stands between braces at its end: a menu entry's commands.
    var block: [GRUBStatement]?
    var line: Int
}

/// Builds the tree; what makes no sense is left out line by line and told in `errors`.
struct GRUBParser {
    /// Deeper than any configuration that a person or a program wrote.
    static let maximumDepth = 40
    static let maximumErrors = 20

    private var lexer: GRUBLexer
    private var token = GRUBLexer.Token.separator
    private var tokenLine = 1
    private var depth = 0
    private(set) var errors: [GRUBSyntaxError] = []

    private init(_ bytes: [UInt8]) {
        lexer = GRUBLexer(bytes)
    }

    static func parse(_ bytes: [UInt8]) -> (statements: [GRUBStatement], errors: [GRUBSyntaxError]) {
        var parser = GRUBParser(bytes)
        let statements = parser.script()
        return (statements, parser.errors)
    }

    private mutating func script() -> [GRUBStatement] {
        var statements: [GRUBStatement] = []
        while true {
            var restart = lexer
            do throws(GRUBSyntaxError) {
                try advance()
                while token == .separator {
                    restart = lexer
                    try advance()
                }
                if token == .end { return statements }
                statements.append(try statement())
                guard token == .separator || token == .end else { throw unexpected("the end of the line") }
            } catch {
                if errors.count < Self.maximumErrors { errors.append(error) }
                depth = 0
                lexer = restart
                lexer.skipLine()
            }
        }
    }

    private mutating func advance() throws(GRUBSyntaxError) {
        token = try lexer.next()
        // A separator that ends a line was read together with the line's end.
        tokenLine = lexer.line
    }

    private func unexpected(_ expected: String) -> GRUBSyntaxError {
        GRUBSyntaxError(expected: expected, line: tokenLine)
    }

    /// The keyword that stands here, if it is one.
    private var keyword: String? {
        guard case .word(let word) = token else { return nil }
        return word.plain
    }

    private mutating func statement() throws(GRUBSyntaxError) -> GRUBStatement {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw unexpected("at most \(Self.maximumDepth) blocks within each other")
        }
        switch keyword {
        case "if": return try choice()
        case "for": return try each()
        case "while": return .loop(try loop(), until: false)
        case "until": return .loop(try loop(), until: true)
        case "function": return try function()
        case .some, .none: return .command(try command())
        }
    }

    private mutating func command() throws(GRUBSyntaxError) -> GRUBCommand {
        var command = GRUBCommand(words: [], block: nil, line: tokenLine)
        while case .word(let word) = token {
            command.words.append(word)
            try advance()
        }
        guard !command.words.isEmpty else { throw unexpected("a command") }
        if token == .openBrace {
            command.block = try block()
            while case .word(let word) = token {
                // GRUB allows arguments after the block, too.
                command.words.append(word)
                try advance()
            }
        }
        return command
    }

    /// From an opening brace to behind the closing one.
    private mutating func block() throws(GRUBSyntaxError) -> [GRUBStatement] {
        try advance()
        var statements: [GRUBStatement] = []
        while token != .closeBrace {
            if token == .separator {
                try advance()
                continue
            }
            guard token != .end else { throw unexpected("}") }
            statements.append(try statement())
        }
        try advance()
        return statements
    }

    /// Statements up to one of these keywords, which stays the token.
    private mutating func statements(until ends: String...) throws(GRUBSyntaxError) -> [GRUBStatement] {
        var statements: [GRUBStatement] = []
        while true {
            if token == .separator {
                try advance()
                continue
            }
            if let keyword, ends.contains(keyword) { return statements }
            guard token != .end, token != .closeBrace else {
                throw unexpected(ends.joined(separator: " or "))
            }
            statements.append(try statement())
        }
    }

    private mutating func choice() throws(GRUBSyntaxError) -> GRUBStatement {
        var branches: [GRUBBranch] = []
        repeat {
            try advance()
            let condition = try statements(until: "then")
            try advance()
            let body = try statements(until: "elif", "else", "fi")
            branches.append(GRUBBranch(condition: condition, body: body))
        } while keyword == "elif"
        var otherwise: [GRUBStatement] = []
        if keyword == "else" {
            try advance()
            otherwise = try statements(until: "fi")
        }
        try advance()
        return .choice(branches, otherwise: otherwise)
    }

    private mutating func each() throws(GRUBSyntaxError) -> GRUBStatement {
        try advance()
        guard let variable = keyword else { throw unexpected("a variable's name") }
        try advance()
        guard keyword == "in" else { throw unexpected("in") }
        try advance()
        var words: [GRUBWord] = []
        while case .word(let word) = token {
            words.append(word)
            try advance()
        }
        let body = try doneBody()
        return .each(variable: variable, words: words, body: body)
    }

    private mutating func loop() throws(GRUBSyntaxError) -> GRUBBranch {
        try advance()
        let condition = try statements(until: "do")
        return GRUBBranch(condition: condition, body: try doneBody())
    }

    private mutating func doneBody() throws(GRUBSyntaxError) -> [GRUBStatement] {
        while token == .separator { try advance() }
        guard keyword == "do" else { throw unexpected("do") }
        try advance()
        let body = try statements(until: "done")
        try advance()
        return body
    }

    private mutating func function() throws(GRUBSyntaxError) -> GRUBStatement {
        try advance()
        guard let name = keyword else { throw unexpected("a function's name") }
        try advance()
        while token == .separator { try advance() }
        guard token == .openBrace else { throw unexpected("{") }
        return .function(name: name, body: try block())
    }
}
