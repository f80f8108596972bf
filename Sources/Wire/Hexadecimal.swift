/// Two lower-case hexadecimal digits for each byte, with `separator` between bytes.
public func hexadecimal(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * (2 + separator.utf8.count))
    for byte in bytes {
        if !text.isEmpty { text.append(contentsOf: separator.utf8) }
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// The bytes that hexadecimal digits in either case stand for.
///
/// - Parameter groupBytes: nil when no separator is allowed; else `:` or `-` must stand after every
///   `groupBytes` bytes, and nowhere else.
/// - Returns: nil when anything else is in the text, or a digit is left over.
public func hexadecimalBytes(_ text: some StringProtocol, separatedEvery groupBytes: Int? = nil) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    var mayEnd = true
    for character in text.utf8 {
        if character == UInt8(ascii: ":") || character == UInt8(ascii: "-") {
            guard let groupBytes, high == nil, mayEnd, !bytes.isEmpty, bytes.count % groupBytes == 0
            else { return nil }
            mayEnd = false
            continue
        }
        guard let digit = hexadecimalValue(character) else { return nil }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
            mayEnd = true
        } else {
            if let groupBytes, mayEnd, !bytes.isEmpty, bytes.count % groupBytes == 0 { return nil }
            high = digit
            mayEnd = false
        }
    }
    return high == nil && mayEnd ? bytes : nil
}

private func hexadecimalValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}
