/// The command `test` and its other name `[`.
///
/// `-a` binds closer than `-o`, as in a shell.
struct GRUBTest {
    private let words: [String]
    private var index = 0
    private let kind: (String) -> MenuFileKind?
    private var depth = 0

    static func isTrue(_ words: [String], kind: @escaping (String) -> MenuFileKind?) -> Bool {
        var test = GRUBTest(words: words, kind: kind)
        return test.either()
    }

    private init(words: [String], kind: @escaping (String) -> MenuFileKind?) {
        self.words = words
        self.kind = kind
    }

    private var current: String? { index < words.count ? words[index] : nil }

    private mutating func either() -> Bool {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 20 else { return false }
        var result = both()
        while current == "-o" {
            index += 1
            let right = both()
            result = result || right
        }
        return result
    }

    private mutating func both() -> Bool {
        var result = primary()
        while current == "-a" {
            index += 1
            let right = primary()
            result = result && right
        }
        return result
    }

    private mutating func primary() -> Bool {
        var isNegated = false
        while current == "!", index + 1 < words.count {
            isNegated.toggle()
            index += 1
        }
        return plain() != isNegated
    }

    private mutating func plain() -> Bool {
        guard let first = current else { return false }
        index += 1
        if let answer = comparison(first) { return answer }
        if first == "(" {
            let result = either()
            if current == ")" { index += 1 }
            return result
        }
        if let operand = current, let answer = property(first, of: operand) {
            index += 1
            return answer
        }
        return !first.isEmpty
    }

    /// `LEFT OPERATOR RIGHT`; nil if no operator follows.
    private mutating func comparison(_ left: String) -> Bool? {
        guard index + 1 < words.count else { return nil }
        let right = words[index + 1]
        let answer: Bool
        switch words[index] {
        case "=", "==": answer = left == right
        case "!=": answer = left != right
        case "<": answer = left.utf8.lexicographicallyPrecedes(right.utf8)
        case ">": answer = right.utf8.lexicographicallyPrecedes(left.utf8)
        case "<=": answer = !right.utf8.lexicographicallyPrecedes(left.utf8)
        case ">=": answer = !left.utf8.lexicographicallyPrecedes(right.utf8)
        case "-eq": answer = number(left) == number(right)
        case "-ne": answer = number(left) != number(right)
        case "-lt": answer = number(left) < number(right)
        case "-le": answer = number(left) <= number(right)
        case "-gt": answer = number(left) > number(right)
        case "-ge": answer = number(left) >= number(right)
        // Compares times of files, which nothing here depends on.
        case "-nt", "-ot", "-ef": answer = false
        default: return nil
        }
        index += 2
        return answer
    }

    /// `-f FILE` and its like; nil if it is none of them.
    private func property(_ name: String, of operand: String) -> Bool? {
        switch name {
        case "-n": return !operand.isEmpty
        case "-z": return operand.isEmpty
        case "-e": return kind(operand) != nil
        case "-d": return kind(operand) == .folder
        case "-f":
            if case .file = kind(operand) { return true }
            return false
        case "-s":
            if case .file(let count) = kind(operand) { return count > 0 }
            return false
        default: return nil
        }
    }

    private func number(_ text: String) -> Int { Int(text) ?? 0 }
}
