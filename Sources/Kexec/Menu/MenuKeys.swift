/// A key as a terminal menu knows it.
public enum MenuKey: Equatable, Sendable {
    case up, down, left, right, pageUp, pageDown, home, end
    case wordLeft, wordRight
    case enter, escape, backspace, delete
    case deleteWord, deleteToStart, deleteToEnd
    case character(Character)
    /// Ctrl-C.
    case interrupt
    /// Ctrl-L.
    case redraw
}

/// Makes keys of the bytes that a terminal sends: of xterm, the Linux console, a VT100 on a serial line.
struct MenuKeyDecoder {
    /// Longer than any sequence of a key.
    private static let maximumSequence = 16
    private var pending: [UInt8] = []

    /// Whether the bytes so far may be the beginning of a longer key.
    var isWaiting: Bool { !pending.isEmpty }

    mutating func take(_ bytes: some Sequence<UInt8>) -> [MenuKey] {
        pending += bytes
        var keys: [MenuKey] = []
        while !pending.isEmpty {
            guard let (key, count) = Self.first(pending) else { break }
            pending.removeFirst(count)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// Nothing more came: an escape byte alone is the key Esc, and half a key is none.
    mutating func pause() -> MenuKey? {
        defer { pending = [] }
        return pending == [0x1b] ? .escape : nil
    }

    /// The first key and how many bytes it is; nil if more are needed. Bytes that are no key give no key.
    private static func first(_ bytes: [UInt8]) -> (key: MenuKey?, count: Int)? {
        switch bytes[0] {
        case 0x1b: escapeSequence(bytes)
        case 0x0d, 0x0a: (.enter, 1)
        case 0x08, 0x7f: (.backspace, 1)
        case 0x01: (.home, 1)
        case 0x02: (.left, 1)
        case 0x03: (.interrupt, 1)
        case 0x04: (.delete, 1)
        case 0x05: (.end, 1)
        case 0x06: (.right, 1)
        case 0x0b: (.deleteToEnd, 1)
        case 0x0c: (.redraw, 1)
        case 0x0e: (.down, 1)
        case 0x10: (.up, 1)
        case 0x15: (.deleteToStart, 1)
        case 0x17: (.deleteWord, 1)
        case 0x00..<0x20: (nil, 1)
        case 0x20..<0x7f: (.character(Character(Unicode.Scalar(bytes[0]))), 1)
        default: multibyte(bytes)
        }
    }

    private static func multibyte(_ bytes: [UInt8]) -> (key: MenuKey?, count: Int)? {
        let length =
            switch bytes[0] {
            case 0xc2...0xdf: 2
            case 0xe0...0xef: 3
            case 0xf0...0xf4: 4
            default: 1
            }
        let follow = bytes.dropFirst().prefix(length - 1).prefix { $0 & 0xc0 == 0x80 }
        guard follow.count == length - 1 else { return bytes.count > follow.count + 1 ? (nil, 1) : nil }
        guard let text = String(validating: bytes.prefix(length), as: UTF8.self), let character = text.first
        else {
            return (nil, 1)
        }
        return (.character(character), length)
    }

    /// `ESC [ NUMBERS FINAL`, `ESC O FINAL`, or ESC with a letter (Alt).
    private static func escapeSequence(_ bytes: [UInt8]) -> (key: MenuKey?, count: Int)? {
        guard bytes.count > 1 else { return nil }
        switch bytes[1] {
        case UInt8(ascii: "["):
            // The Linux console's F1 to F5 have a second bracket.
            guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7e).contains($0) && $0 != 0x5b })
            else {
                return bytes.count < maximumSequence ? nil : (nil, bytes.count)
            }
            let parameters = String(decoding: bytes[2..<end], as: UTF8.self)
            return (controlKey(parameters, final: bytes[end]), end + 1)
        case UInt8(ascii: "O"):
            guard bytes.count > 2 else { return nil }
            return (controlKey("", final: bytes[2]), 3)
        case UInt8(ascii: "b"): return (.wordLeft, 2)
        case UInt8(ascii: "f"): return (.wordRight, 2)
        case 0x08, 0x7f: return (.deleteWord, 2)
        case 0x1b: return (.escape, 1)
        default: return (nil, 2)
        }
    }

    private static func controlKey(_ parameters: String, final: UInt8) -> MenuKey? {
        let isWithControl = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
        switch (final, parameters) {
        case (UInt8(ascii: "A"), _): return .up
        case (UInt8(ascii: "B"), _): return .down
        case (UInt8(ascii: "C"), _): return isWithControl ? .wordRight : .right
        case (UInt8(ascii: "D"), _): return isWithControl ? .wordLeft : .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): return .home
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): return .end
        case (UInt8(ascii: "~"), "3"): return .delete
        case (UInt8(ascii: "~"), "5"): return .pageUp
        case (UInt8(ascii: "~"), "6"): return .pageDown
        // Enter of the number block.
        case (UInt8(ascii: "M"), ""): return .enter
        default: return nil
        }
    }
}
