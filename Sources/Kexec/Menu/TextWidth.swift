import Wire

/// How text lies on a terminal: columns are not characters.
enum TextWidth {
    /// The text with `?` for what would disturb the screen, and for all but ASCII where the terminal shows no other.
    static func harmless(_ text: String, asciiOnly: Bool) -> String {
        let text = harmlessText(text)
        guard asciiOnly, !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return String(text.map { $0.isASCII ? $0 : "?" })
    }

    static func columns(of text: String) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

    static func columns(of character: Character) -> Int {
        var widest = 0
        for scalar in character.unicodeScalars { widest = max(widest, columns(of: scalar)) }
        return widest
    }

    /// The text up to this many columns; `…` or `>` stands where something was cut off.
    static func cut(_ text: String, to columns: Int, asciiOnly: Bool) -> String {
        guard columns > 0 else { return "" }
        var (used, kept) = (0, "")
        for character in text {
            let width = Self.columns(of: character)
            // A control character was replaced already; what has no width of its own joins its neighbour.
            if used + width > columns {
                while used > columns - 1, let last = kept.popLast() { used -= Self.columns(of: last) }
                return kept + (asciiOnly ? ">" : "…")
            }
            used += width
            kept.append(character)
        }
        return kept
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// East Asian wide and full-width characters, and pictures.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x4dbf, 0x4e00...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff,
        0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff,
        0x1f900...0x1f9ff,
        0x20000...0x3fffd,
    ]
}
