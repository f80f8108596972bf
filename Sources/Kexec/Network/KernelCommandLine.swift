/// A kernel's command line, cut into words as the kernel does it (`next_arg` in lib/cmdline.c).
public struct KernelCommandLine: Equatable, Sendable {
    public var words: [Word]

    /// One parameter, with its quotes as they were written.
    public struct Word: Equatable, Sendable {
        public let text: String

        public init(_ text: String) { self.text = text }

        /// What stands before the first `=`, without quotes.
        public var key: String { String(unquoted.prefix { $0 != "=" }) }
        /// What stands after it; nil for a word without `=`.
        public var value: String? {
            unquoted.firstIndex(of: "=").map { String(unquoted[unquoted.index(after: $0)...]) }
        }

        private var unquoted: String { text.filter { $0 != "\"" } }

        /// `init` and kin take `-` and `_` for one letter in names.
        func isNamed(_ name: String) -> Bool {
            key.utf8.elementsEqual(name.utf8) { ($0 == 0x2d ? 0x5f : $0) == ($1 == 0x2d ? 0x5f : $1) }
        }

        /// Of an `ip=` word: `dhcp`, `on`, `any`, `eth0:dhcp`, or an `autoconf` field that says so.
        var asksForDHCP: Bool {
            let dynamic = ["dhcp", "on", "any", "both", "dhcp4", "single-dhcp", "either6", "auto6", "dhcp6"]
            let fields = (value ?? "").split(separator: ":", omittingEmptySubsequences: false).map(
                String.init)
            switch fields.count {
            case 1: return dynamic.contains(fields[0])
            case 2...5: return dynamic.contains(fields[1])
            default: return fields.count > 6 && fields[0].isEmpty && dynamic.contains(fields[6])
            }
        }
    }

    public init(words: [Word] = []) { self.words = words }

    /// Cuts at white space outside double quotes; a quote that never ends takes all the rest.
    public init(_ text: String) {
        var words: [Word] = []
        var word = String.UnicodeScalarView()
        var isQuoted = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            let isSpace = scalar == " " || (0x09...0x0d).contains(scalar.value)
            if isSpace, !isQuoted {
                if !word.isEmpty { words.append(Word(String(word))) }
                word = String.UnicodeScalarView()
            } else {
                word.append(scalar)
            }
        }
        if !word.isEmpty { words.append(Word(String(word))) }
        self.words = words
    }

    public var text: String { words.map(\.text).joined(separator: " ") }

    func has(_ name: String) -> Bool { words.contains { $0.isNamed(name) } }

    func removing(_ names: [String]) -> KernelCommandLine {
        KernelCommandLine(words: words.filter { word in !names.contains { word.isNamed($0) } })
    }

    /// - Throws: `.tooLong` with more than `limit` bytes; `.controlCharacter` for what no loader passes on.
    public func check(limit: Int) throws(CommandLineError) {
        if let bad = text.utf8.first(where: { $0 < 0x20 || $0 == 0x7f }) { throw .controlCharacter(bad) }
        guard text.utf8.count <= limit else { throw .tooLong(count: text.utf8.count, limit: limit) }
    }
}

public enum CommandLineError: Error, Equatable, Sendable {
    /// In bytes.
    case tooLong(count: Int, limit: Int)
    case controlCharacter(UInt8)
}

extension CommandLineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let count, let limit):
            "The command line has \(count) characters, and this kernel takes \(limit). "
                + "Shorten the entry's, or leave out --append and --reuse-cmdline."
        case .controlCharacter(let byte):
            "There is a control character (\(byte)) in the command line, which no kernel takes. Remove it."
        }
    }
}
