internal import BootCore
internal import BootFiles
internal import Wire

/// A scalar as each kind of value. Each of these reports what is wrong and then gives nil.
extension Cursor {
    /// Text that is there; `expected` says what it is to be.
    func text(_ expected: Expectation = .text) -> String? {
        guard case .scalar(let text, _) = node.content, !node.isEmpty, !text.isEmpty else {
            return refuse(expected)
        }
        return text
    }

    func parsed<Value>(_ expected: Expectation, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(expected) else { return nil }
        return parse(text) ?? refuse(expected)
    }

    func address() -> IPv4Address? { parsed(.address) { IPv4Address($0) } }

    func network() -> IPv4Network? { parsed(.network) { IPv4Network($0) } }

    func mac() -> MACAddress? {
        parsed(.mac) { text in MACAddress(text).flatMap { $0.isUnicast ? $0 : nil } }
    }

    func uuid() -> SystemUUID? {
        parsed(.uuid) { text in SystemUUID(text).flatMap { $0.isMeaningless ? nil : $0 } }
    }

    func hostname() -> String? { parsed(.hostname) { Self.isHostname($0) ? $0 : nil } }

    func domain() -> String? { parsed(.domain) { Self.isHostname($0) ? $0 : nil } }

    func addresses() -> [IPv4Address] { itemsOrOne.compactMap { $0.address() } }

    /// A folder of this host.
    func absolutePath() -> String? { parsed(.absolutePath) { Self.isAbsolutePath($0) ? $0 : nil } }

    /// A file of this host.
    func filePath() -> String? {
        parsed(.filePath) { Self.isAbsolutePath($0) && !$0.hasSuffix("/") ? $0 : nil }
    }

    /// A path in the tree, or a URL where the file is fetched from elsewhere.
    func bootPath(orURL urlIsAllowed: Bool, orRoot rootIsAllowed: Bool = false) -> String? {
        guard let text = text(.bootPathOrURL) else { return nil }
        if urlIsAllowed, let scheme = text.firstRange(of: "://") {
            let isWritten = text.unicodeScalars.allSatisfy { $0.isASCII && $0 != " " && !Self.isControl($0) }
            let schemes = ["http", "https", "tftp"]
            return schemes.contains(String(text[..<scheme.lowerBound])) && isWritten
                && scheme.upperBound < text.endIndex ? text : refuse(.bootPathOrURL)
        }
        do throws(BootPath.Refusal) {
            let path = try BootPath(text)
            guard rootIsAllowed || !path.text.isEmpty else { throw .empty }
            return path.text
        } catch {
            report(.badPath(text, error))
            return nil
        }
    }

    /// A whole number without quotes.
    func number(_ range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let text, isPlain: true) = node.content, let value = Int(decimal: text),
            range.contains(value)
        else { return refuse(.number(range)) }
        return value
    }

    func truth() -> Bool? {
        guard case .scalar(let text, isPlain: true) = node.content else { return refuse(.truth) }
        switch text {
        case "true": return true
        case "false": return false
        default: return refuse(.truth, suggestion: findings.suggestion(for: text, among: ["true", "false"]))
        }
    }

    /// One of an enum's names.
    func choice<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) -> Value?
    where Value.RawValue == String {
        let names = Value.allCases.map(\.rawValue)
        guard let text = text(.oneOf(names)) else { return nil }
        return Value(rawValue: text)
            ?? refuse(.oneOf(names), suggestion: findings.suggestion(for: text, among: names))
    }

    /// A number with its unit: `90m`.
    func duration(atLeast minimumSeconds: Int, atMost maximumSeconds: Int) -> Duration? {
        let expected = Expectation.duration(minimumSeconds: minimumSeconds, maximumSeconds: maximumSeconds)
        guard let text = text(expected) else { return nil }
        if let number = Int(decimal: text) {
            report(.timeWithoutUnit(number))
            return nil
        }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(decimal: String(text.dropLast())),
            case (let seconds, let tooLarge) = number.multipliedReportingOverflow(by: unit), !tooLarge,
            (minimumSeconds...maximumSeconds).contains(seconds)
        else { return refuse(expected) }
        return .seconds(seconds)
    }

    /// One line of text, perhaps empty; a line break in a folded text counts as a space.
    func line() -> String? {
        if node.isEmpty { return "" }
        guard case .scalar(let text, _) = node.content else { return refuse(.lineOfText) }
        let words = text.split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == " " } }.joined(separator: " ")
        guard words.unicodeScalars.allSatisfy({ !Self.isControl($0) }) else { return refuse(.lineOfText) }
        return String(words.reversed().drop { $0 == " " }.reversed())
    }

    private static func isAbsolutePath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.unicodeScalars.allSatisfy { !isControl($0) }
            && !text.split(separator: "/").contains("..")
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7f }

    /// RFC 1123 §2.1: letters, digits and hyphens in labels of 1 to 63, which dots separate.
    static func isHostname(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
    }

    /// A name that the user gives: letters, digits, `.`, `_` and `-`.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}

extension Int {
    /// Decimal digits alone: `Int.init` takes a sign too.
    init?(decimal text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.init(text)
    }
}
