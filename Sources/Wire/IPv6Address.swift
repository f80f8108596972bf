/// An IPv6 address.
public struct IPv6Address: Hashable, Sendable {
    /// Sixteen bytes in network order.
    public let bytes: [UInt8]

    /// Nil unless there are exactly sixteen bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads `2001:db8::1` and `::ffff:10.0.0.1` (RFC 4291 §2.2), without brackets and zone.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= 45 else { return nil }
        let halves = Self.halves(of: text)
        guard halves.count <= 2 else { return nil }
        var words: [[UInt8]] = []
        for (index, half) in halves.enumerated() {
            guard let bytes = Self.bytes(of: half, mayEndInIPv4: index == halves.count - 1) else {
                return nil
            }
            words.append(bytes)
        }
        if words.count == 1 {
            self.init(bytes: words[0])
        } else {
            let missing = 16 - words[0].count - words[1].count
            // `::` stands for one group of zeros at least.
            guard missing >= 2 else { return nil }
            self.init(bytes: words[0] + [UInt8](repeating: 0, count: missing) + words[1])
        }
    }

    /// What stands before and after each `::`.
    private static func halves(of text: String) -> [Substring] {
        var halves: [Substring] = []
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                halves.append(text[start..<index])
                start = text.index(after: next)
                index = start
            } else {
                index = next
            }
        }
        return halves + [text[start...]]
    }

    private static func bytes(of half: Substring, mayEndInIPv4: Bool) -> [UInt8]? {
        guard !half.isEmpty else { return [] }
        let groups = half.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, group) in groups.enumerated() {
            if mayEndInIPv4, index == groups.count - 1, let address = IPv4Address(group) {
                bytes += address.bytes
            } else {
                guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy(isHexadecimalDigit),
                    let word = UInt16(group, radix: 16)
                else { return nil }
                bytes += [UInt8(word >> 8), UInt8(word & 0xff)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension IPv6Address: CustomStringConvertible {
    /// As RFC 5952 writes it: lower case, the first longest run of zeros left out.
    public var description: String {
        let words = (0..<8).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || words[index] != 0 {
            if index - start > max(1, best.count) { best = start..<index }
            start = index + 1
        }
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty
            ? text(words[...]) : text(words[..<best.lowerBound]) + "::" + text(words[best.upperBound...])
    }
}

/// An address of either kind.
public enum IPAddress: Hashable, Sendable {
    case v4(IPv4Address)
    /// - Parameter scope: the interface that a link-local address belongs to; 0 for others.
    case v6(IPv6Address, scope: UInt32 = 0)

    /// In network order: 4 or 16.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let address): address.bytes
        case .v6(let address, _): address.bytes
        }
    }

    public var scope: UInt32 {
        switch self {
        case .v4: 0
        case .v6(_, let scope): scope
        }
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address, 0): address.description
        case .v6(let address, let scope): "\(address)%\(scope)"
        }
    }
}
