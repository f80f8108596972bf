/// A place in a file, counted from 1 as editors do. Columns are characters.
public struct SourcePlace: Hashable, Sendable, Comparable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public static func < (left: SourcePlace, right: SourcePlace) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One value of a YAML document, with where it stands.
struct YAMLNode: Equatable, Sendable {
    var content: Content
    var start: SourcePlace
    /// Just behind its last character.
    var end: SourcePlace

    indirect enum Content: Equatable, Sendable {
        /// `isPlain` tells `yes` from `"yes"`: only without quotes can it be a number, a truth value or nothing.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
        /// Something that was refused and reported already, so nothing more is to be said of it.
        case refused
    }

    /// Nothing at all: `key:` with no value, `~` or `null`.
    var isEmpty: Bool {
        switch content {
        case .scalar(let text, isPlain: true): ["", "~", "null", "Null", "NULL"].contains(text)
        case .scalar, .sequence, .mapping, .refused: false
        }
    }
}

struct YAMLEntry: Equatable, Sendable {
    var key: String
    var keyPlace: SourcePlace
    var value: YAMLNode
}

/// What is wrong with a file as YAML, before any key is looked at.
public enum YAMLProblem: Error, Equatable, Sendable {
    /// libyaml's words, and what it was reading when it stopped.
    case syntax(String, context: String?, contextPlace: SourcePlace?)
    /// A tab where only spaces may indent.
    case tab
    case controlCharacter(UInt32)
    case notUTF8(offset: Int)
    case tooLong(byteCount: Int, limit: Int)
    case tooDeep(limit: Int)
    case tooManyValues(limit: Int)
    case noDocument
    case secondDocument
    case anchor
    case alias
    case tag(String)
    case duplicateKey(String, first: SourcePlace)
    case keyIsNotText
}

/// A YAML problem and its place.
struct YAMLFailure: Error, Equatable, Sendable {
    var problem: YAMLProblem
    var place: SourcePlace
}
