/// A network of either kind in CIDR notation; a single host is one of full length.
public struct IPNetwork: Hashable, Sendable {
    /// Without bits behind the prefix, and without a zone.
    public let address: IPAddress
    /// From 0 to 32, or to 128.
    public let prefixLength: Int

    /// Nil when the length does not fit the address, or the address has bits beyond it.
    public init?(address: IPAddress, prefixLength: Int) {
        guard (0...address.bytes.count * 8).contains(prefixLength) else { return nil }
        self.address = address
        self.prefixLength = prefixLength
        guard Self.masked(address.bytes, prefixLength) == address.bytes else { return nil }
    }

    /// One host.
    public init(host address: IPAddress) {
        self.address = address
        prefixLength = address.bytes.count * 8
    }

    /// Reads `10.0.0.0/24`, `10.0.0.0/255.255.255.0`, `10.0.0.1`, `2001:db8::/64` and `2001:db8::1`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        guard parts.count == 2 else {
            self.init(host: address)
            return
        }
        if case .v4 = address, let mask = IPv4Address(parts[1]) {
            let length = (~mask.rawValue).leadingZeroBitCount
            guard mask.rawValue == (length == 0 ? 0 : ~UInt32(0) << UInt32(32 - length)) else { return nil }
            self.init(address: address, prefixLength: length)
            return
        }
        guard (1...3).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        self.init(address: address, prefixLength: length)
    }

    public var isHost: Bool { prefixLength == address.bytes.count * 8 }

    /// Whether an address is in it; an IPv4 address is in no network of the other kind.
    public func contains(_ other: IPAddress) -> Bool {
        if case .v4(let own) = address, case .v4(let other) = other {
            return prefixLength == 0 || (own.rawValue ^ other.rawValue) >> UInt32(32 - prefixLength) == 0
        }
        let bytes = other.bytes
        return bytes.count == address.bytes.count && Self.masked(bytes, prefixLength) == address.bytes
    }

    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & ~UInt8(0) << UInt8(8 - kept)
        }
    }
}

extension IPNetwork: CustomStringConvertible {
    /// As it is read; a host without its prefix.
    public var description: String { isHost ? "\(address)" : "\(address)/\(prefixLength)" }
}

extension IPAddress {
    /// Reads either kind, without brackets and zone.
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }
}
