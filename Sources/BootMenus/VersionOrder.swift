/// Whether the first version is older, by the UAPI group's version format: `~` before all, then the end, `-`, `^`, `.`,
/// letters, numbers; other characters only separate.
func versionOrder(_ left: String, _ right: String) -> Bool { compareVersions(left, right) < 0 }

/// Negative: the first is older; 0: neither is.
func compareVersions(_ left: String, _ right: String) -> Int {
    var left = Array(left.utf8)[...]
    var right = Array(right.utf8)[...]
    while true {
        left = left.drop { !$0.isOfVersion }
        right = right.drop { !$0.isOfVersion }
        if left.first == UInt8(ascii: "~") || right.first == UInt8(ascii: "~") {
            if let answer = withoutMark(UInt8(ascii: "~"), &left, &right) { return answer }
            continue
        }
        if left.isEmpty || right.isEmpty { return (left.isEmpty ? 0 : 1) - (right.isEmpty ? 0 : 1) }
        if let mark = "-^.".utf8.first(where: { $0 == left.first || $0 == right.first }) {
            if let answer = withoutMark(mark, &left, &right) { return answer }
            continue
        }
        let areNumbers = left.first?.isDigit == true || right.first?.isDigit == true
        var (first, second) = (left.prefix { $0.isDigit }, right.prefix { $0.isDigit })
        if !areNumbers { (first, second) = (left.prefix { $0.isLetter }, right.prefix { $0.isLetter }) }
        (left, right) = (left.dropFirst(first.count), right.dropFirst(second.count))
        if areNumbers {
            if first.isEmpty != second.isEmpty { return first.isEmpty ? -1 : 1 }
            first = first.drop { $0 == UInt8(ascii: "0") }
            second = second.drop { $0 == UInt8(ascii: "0") }
            if first.count != second.count { return first.count - second.count }
        }
        if first.lexicographicallyPrecedes(second) { return -1 }
        if second.lexicographicallyPrecedes(first) { return 1 }
    }
}

/// The side that has the mark is older; if both have it, it is taken off.
private func withoutMark(_ mark: UInt8, _ left: inout ArraySlice<UInt8>, _ right: inout ArraySlice<UInt8>)
    -> Int?
{
    switch (left.first == mark, right.first == mark) {
    case (true, false): return -1
    case (false, true): return 1
    case (true, true), (false, false):
        left = left.dropFirst()
        right = right.dropFirst()
        return nil
    }
}

extension UInt8 {
    fileprivate var isOfVersion: Bool { isLetterOrDigit || "~-^.".utf8.contains(self) }
}
