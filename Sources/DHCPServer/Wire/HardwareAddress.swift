import Wire

/// A client's hardware address as a DHCP header carries it: a type, a length and sixteen bytes.
struct HardwareAddress: Hashable, Sendable {
    /// ARP's hardware type: 1 is Ethernet, 32 InfiniBand.
    let type: UInt8
    /// At most 16; InfiniBand's is 0, for its addresses do not fit.
    let length: UInt8
    /// The bytes that count, from the highest down, with zeros behind.
    private let high: UInt64
    private let low: UInt64

    static let maximumBytes = 16

    /// Nil when `length` is more than a header can hold. Bytes beyond `length` do not count.
    init?(type: UInt8, length: UInt8, field: ArraySlice<UInt8>) {
        guard length <= Self.maximumBytes, field.count >= length else { return nil }
        self.type = type
        self.length = length
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in field.prefix(Int(length)).enumerated() {
            let shifted = UInt64(byte) << UInt64(56 - 8 * (position % 8))
            if position < 8 { words.0 |= shifted } else { words.1 |= shifted }
        }
        high = words.0
        low = words.1
    }

    init(_ mac: MACAddress) {
        type = 1
        length = 6
        high = mac.rawValue << 16
        low = 0
    }

    /// Reads what `description` writes.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let digits = parts.last,
            let bytes = hexadecimalBytes(digits, separatedEvery: 1),
            let type = parts.count == 1 ? 1 : UInt8(parts[0])
        else { return nil }
        self.init(type: type, length: UInt8(clamping: bytes.count), field: bytes[...])
    }

    /// The Ethernet address; nil for other networks and for addresses that no machine has.
    var mac: MACAddress? {
        guard type == 1, length == 6 else { return nil }
        let mac = MACAddress(rawValue: high >> 16)
        return mac.isUnicast ? mac : nil
    }

    /// Whether it can tell clients apart.
    var isMeaningful: Bool { high | low != 0 }

    var bytes: [UInt8] {
        (0..<Int(length)).map { position in
            let word = position < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (position % 8)))
        }
    }
}

extension HardwareAddress: CustomStringConvertible {
    /// An Ethernet address as one writes it; others with their type in front: `32/80:00:…`.
    var description: String {
        let digits = hexadecimal(bytes, separator: ":")
        return type == 1 && length == 6 ? digits : "\(type)/\(digits)"
    }
}
