/// One argument of a command before its variables are put in.
struct GRUBWord: Equatable {
    enum Part: Equatable {
        case text(String)
        /// Unquoted, its value may become several words or none.
        case variable(String, isQuoted: Bool)
    }

    var parts: [Part] = []
    /// A word with a quotation mark is one even if nothing is in it.
    var isQuoted = false

    /// The text of a word without quotes and variables: what a keyword must be.
    var plain: String? {
        guard !isQuoted, parts.count == 1, case .text(let text) = parts[0] else { return nil }
        return text
    }
}

/// What went wrong in a script, and where.
struct GRUBSyntaxError: Error, Equatable {
    var expected: String
    var line: Int
}

/// Cuts a script of GRUB 2 into words, as its manual's chapter on writing scripts says.
struct GRUBLexer {
    enum Token: Equatable {
        case word(GRUBWord)
        /// A line's end or a semicolon.
        case separator
        case openBrace
        case closeBrace
        case end
    }

    private let bytes: [UInt8]
    private(set) var position: Int
    /// Of the byte at `position`, from 1.
    private(set) var line: Int

    init(_ bytes: [UInt8], position: Int = 0, line: Int = 1) {
        self.bytes = bytes
        self.position = position
        self.line = line
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var following: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    private mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    mutating func next() throws(GRUBSyntaxError) -> Token {
        skipBlanks()
        switch current {
        case nil: return .end
        case UInt8(ascii: "\n"), UInt8(ascii: ";"):
            advance()
            return .separator
        case UInt8(ascii: "{"):
            advance()
            return .openBrace
        case UInt8(ascii: "}"):
            advance()
            return .closeBrace
        default: return .word(try word())
        }
    }

    /// Leaves a line that makes no sense.
    mutating func skipLine() {
        while let byte = current {
            advance()
            if byte == UInt8(ascii: "\n") { return }
        }
    }

    private mutating func skipBlanks() {
        while let byte = current {
            if byte.isBlank {
                advance()
            } else if byte == UInt8(ascii: "\\"), following == UInt8(ascii: "\n") {
                advance()
                advance()
            } else if byte == UInt8(ascii: "#") {
                while let byte = current, byte != UInt8(ascii: "\n") { advance() }
            } else {
                return
            }
        }
    }

    private mutating func word() throws(GRUBSyntaxError) -> GRUBWord {
        var word = GRUBWord()
        var text: [UInt8] = []
        func flush() {
            if !text.isEmpty { word.parts.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
        }
        scanning: while let byte = current {
            switch byte {
            case _ where byte.isBlank: break scanning
            case UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"): break scanning
            case UInt8(ascii: "\\"):
                advance()
                guard let escaped = current else { break scanning }
                advance()
                if escaped != UInt8(ascii: "\n") {
                    word.isQuoted = true
                    text.append(escaped)
                }
            case UInt8(ascii: "'"):
                word.isQuoted = true
                try singleQuoted(into: &text)
            case UInt8(ascii: "\""):
                word.isQuoted = true
                try doubleQuoted { part in
                    switch part {
                    case .text(let more): text += more.utf8
                    case .variable:
                        flush()
                        word.parts.append(part)
                    }
                }
            case UInt8(ascii: "$"):
                if let name = variableName() {
                    flush()
                    word.parts.append(.variable(name, isQuoted: false))
                } else {
                    text.append(byte)
                }
            default:
                text.append(byte)
                advance()
            }
        }
        flush()
        return word
    }

    private mutating func singleQuoted(into text: inout [UInt8]) throws(GRUBSyntaxError) {
        let start = line
        advance()
        while let byte = current {
            advance()
            if byte == UInt8(ascii: "'") { return }
            text.append(byte)
        }
        throw GRUBSyntaxError(expected: "a closing '", line: start)
    }

    private mutating func doubleQuoted(_ give: (GRUBWord.Part) -> Void) throws(GRUBSyntaxError) {
        let start = line
        var text: [UInt8] = []
        func flush() {
            if !text.isEmpty { give(.text(String(decoding: text, as: UTF8.self))) }
            text = []
        }
        advance()
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                flush()
                return
            case UInt8(ascii: "\\"):
                escapeInQuotes(into: &text)
            case UInt8(ascii: "$"):
                if let name = variableName() {
                    flush()
                    give(.variable(name, isQuoted: true))
                } else {
                    text.append(byte)
                }
            default:
                text.append(byte)
                advance()
            }
        }
        throw GRUBSyntaxError(expected: "a closing \"", line: start)
    }

    /// Between double quotes a backslash means something before `$`, `"`, `\` and a line's end only.
    private mutating func escapeInQuotes(into text: inout [UInt8]) {
        advance()
        switch current {
        case UInt8(ascii: "\n"): advance()
        case .some(let byte)
        where byte == UInt8(ascii: "$") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\"):
            text.append(byte)
            advance()
        default: text.append(UInt8(ascii: "\\"))
        }
    }

    /// Reads `$name`, `${name}`, `$1`, `$?`; passes over a `$` that is none of these and gives nil.
    private mutating func variableName() -> String? {
        advance()
        guard let first = current else { return nil }
        if first == UInt8(ascii: "{") {
            guard let end = bytes[position...].prefix(128).firstIndex(of: UInt8(ascii: "}")),
                bytes[position + 1..<end].allSatisfy({ $0 > 0x20 })
            else { return nil }
            let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
            position = end + 1
            return name
        }
        let start = position
        if first.isLetter || first == UInt8(ascii: "_") {
            while let byte = current, byte.isLetterOrDigit || byte == UInt8(ascii: "_") { position += 1 }
        } else if first.isDigit {
            while let byte = current, byte.isDigit { position += 1 }
        } else if "?*@#".utf8.contains(first) {
            position += 1
        }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }
}
