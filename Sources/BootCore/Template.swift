/// A text with placeholders in braces: `{MAC}`, `{http}`, or a name from `vars`.
///
/// `${…}` belongs to iPXE and is left as it is. `{{` and `}}` stand for single braces.
public struct Template: Hashable, Sendable {
    private let parts: [Part]

    private enum Part: Hashable, Sendable {
        case text(String)
        case placeholder(String)
    }

    public enum ParseError: Error, Equatable {
        /// The `{` at this offset (in characters) has no `}`.
        case unclosedBrace(offset: Int)
        /// Between the braces at this offset stands no name (letters, digits, `-` and `_`).
        case badName(String, offset: Int)
    }

    public init(_ text: String) throws(ParseError) {
        var parts: [Part] = []
        var literal = ""
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            if character == "$", next == "{" {
                let end = characters[index...].firstIndex(of: "}") ?? characters.count - 1
                literal += String(characters[index...end])
                index = end + 1
            } else if (character == "{" || character == "}") && next == character {
                literal.append(character)
                index += 2
            } else if character == "{" {
                guard let end = characters[index...].firstIndex(of: "}") else {
                    throw .unclosedBrace(offset: index)
                }
                let name = String(characters[index + 1..<end])
                guard !name.isEmpty, name.allSatisfy(Self.isNameCharacter) else {
                    throw .badName(name, offset: index)
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.placeholder(name))
                index = end + 1
            } else {
                literal.append(character)
                index += 1
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The names between braces, in order.
    public var placeholders: [String] {
        parts.compactMap { part in
            switch part {
            case .text: nil
            case .placeholder(let name): name
            }
        }
    }

    /// The text with each placeholder replaced by what `value` gives for its name, or by nothing.
    public func expanded(_ value: (String) -> String?) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .placeholder(let name): value(name) ?? ""
            }
        }.joined()
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }
}
