/// A 48-bit IEEE 802 hardware address.
public struct MACAddress: Hashable, Sendable, Comparable {
    /// The address in the low 48 bits, first byte highest.
    public let rawValue: UInt64

    public static let broadcast = MACAddress(rawValue: 0xffff_ffff_ffff)

    public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

    /// Nil unless there are exactly six bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads `52:54:00:12:34:56`, `52-54-00-12-34-56` or `525400123456`, in either case.
    public init?(_ text: some StringProtocol) {
        let separators = text.utf8.filter { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }
        guard let digits = hexadecimalBytes(text, separatedEvery: separators.isEmpty ? nil : 1),
            digits.count == 6, Set(separators).count <= 1
        else { return nil }
        self.init(bytes: digits)
    }

    public var bytes: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: rawValue >> UInt64(8 * (5 - $0))) }
    }

    /// `52-54-00-12-34-56`: how pxelinux, GRUB and iPXE's `hexhyp` write it.
    public var hyphenated: String { hexadecimal(bytes, separator: "-") }

    /// All zeros, all ones or a group address: no machine's own.
    public var isUnicast: Bool { rawValue != 0 && (rawValue >> 40) & 1 == 0 }

    public static func < (left: MACAddress, right: MACAddress) -> Bool { left.rawValue < right.rawValue }
}

extension MACAddress: CustomStringConvertible {
    /// `52:54:00:12:34:56`.
    public var description: String { hexadecimal(bytes, separator: ":") }
}
