internal import Wire

/// `/etc/netbootd/join.yaml`: what `kexec-join` is not told on its command line.
///
/// A flat mapping, `key: value` a line, with comments and quotes as in YAML; nothing of YAML beyond that.
public struct JoinSettingsFile: Equatable, Sendable {
    public enum Key: String, CaseIterable, Sendable {
        case server, interface, entry
        case trustKey = "trust-key"
        case ip, append
        case reuseCommandLine = "reuse-cmdline"
    }

    public var values: [Key: String] = [:]

    public static let path = "/etc/netbootd/join.yaml"

    public struct Mistake: Error, Equatable, Sendable {
        /// From 1.
        public var line: Int
        public var what: What

        public enum What: Equatable, Sendable {
            case notAKeyWithAValue(String)
            case unknownKey(String)
            case duplicate(Key)
            case unclosedQuote
            case noValue(Key)
        }
    }

    public init(values: [Key: String] = [:]) { self.values = values }

    public init(parsing text: String) throws(Mistake) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = line.prefix { $0 != "\r" }
            let trimmed = content.drop { $0 == " " || $0 == "\t" }
            if trimmed.isEmpty || trimmed.first == "#" || content == "---" { continue }
            do throws(Problem) {
                try take(content)
            } catch {
                throw Mistake(line: index + 1, what: error.what)
            }
        }
    }

    private struct Problem: Error { var what: Mistake.What }

    private mutating func take(_ line: Substring) throws(Problem) {
        guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t" else {
            throw Problem(what: .notAKeyWithAValue(String(line)))
        }
        let rest = line[line.index(after: colon)...]
        guard rest.isEmpty || rest.first == " " || rest.first == "\t" else {
            throw Problem(what: .notAKeyWithAValue(String(line)))
        }
        guard let key = Key(rawValue: String(line[..<colon])) else {
            throw Problem(what: .unknownKey(String(line[..<colon])))
        }
        guard values[key] == nil else { throw Problem(what: .duplicate(key)) }
        let value = try Self.value(of: rest.drop { $0 == " " || $0 == "\t" })
        guard !value.isEmpty else { throw Problem(what: .noValue(key)) }
        values[key] = value
    }

    private static func value(of text: Substring) throws(Problem) -> String {
        if let quote = text.first, quote == "\"" || quote == "'" {
            let inside = text.dropFirst()
            guard let end = inside.firstIndex(of: quote) else { throw Problem(what: .unclosedQuote) }
            let after = inside[inside.index(after: end)...].drop { $0 == " " || $0 == "\t" }
            guard after.isEmpty || after.first == "#" else {
                throw Problem(what: .notAKeyWithAValue(String(text)))
            }
            return String(inside[..<end])
        }
        var value = text
        // A comment begins at a # behind white space.
        for index in text.indices where text[index] == "#" {
            if index == text.startIndex || text[text.index(before: index)] == " " {
                value = text[..<index]
                break
            }
        }
        while let last = value.last, last == " " || last == "\t" { value.removeLast() }
        return String(value)
    }
}

extension JoinSettingsFile.Mistake: CustomStringConvertible {
    public var description: String {
        let words =
            switch what {
            case .notAKeyWithAValue(let text): "found '\(harmlessText(text))'; expected 'key: value'"
            case .unknownKey(let key):
                "unknown key '\(harmlessText(key))'; expected one of "
                    + JoinSettingsFile.Key.allCases.map(\.rawValue).joined(separator: ", ")
            case .duplicate(let key): "'\(key.rawValue)' is there already"
            case .unclosedQuote: "the quote is not closed"
            case .noValue(let key): "'\(key.rawValue)' has no value"
            }
        return "\(line): \(words)"
    }
}
