public import Wire

extension IPAddress {
    /// Nil unless there are four or sixteen bytes.
    init?(bytes: some Collection<UInt8>) {
        if let address = IPv4Address(bytes: bytes) {
            self = .v4(address)
        } else if let address = IPv6Address(bytes: Array(bytes)) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// Reads `10.0.0.1` or `2001:db8::1`.
    init?(text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    public var v4: IPv4Address? { if case .v4(let address) = self { address } else { nil } }
    public var v6: IPv6Address? { if case .v6(let address, _) = self { address } else { nil } }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    var isLoopback: Bool {
        switch self {
        case .v4(let address): address.rawValue >> 24 == 127
        case .v6(let address, _): address.bytes.dropLast().allSatisfy { $0 == 0 } && address.bytes[15] == 1
        }
    }

    /// 169.254.0.0/16 and fe80::/10, which mean nothing beyond their link.
    var isLinkLocal: Bool {
        switch self {
        case .v4(let address): address.rawValue >> 16 == 0xa9fe
        case .v6(let address, _): address.bytes[0] == 0xfe && address.bytes[1] & 0xc0 == 0x80
        }
    }

    /// Whether both are of one family and agree in their first `prefixLength` bits.
    func shares(_ prefixLength: Int, bitsWith other: IPAddress) -> Bool {
        let (own, others) = (bytes, other.bytes)
        guard own.count == others.count else { return false }
        return own.indices.allSatisfy { index in
            let bits = min(max(prefixLength - 8 * index, 0), 8)
            return (own[index] ^ others[index]) & UInt8(truncatingIfNeeded: 0xff00 >> bits) == 0
        }
    }
}
