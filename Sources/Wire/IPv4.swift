/// An IPv4 address.
public struct IPv4Address: RawRepresentable, Hashable, Sendable, Comparable {
    /// The address in host byte order: `10.0.0.1` is `0x0a000001`.
    public let rawValue: UInt32

    public static let any = IPv4Address(rawValue: 0)
    public static let broadcast = IPv4Address(rawValue: 0xffff_ffff)

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Nil unless there are exactly four bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        rawValue = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads four decimal numbers from 0 to 255, without leading zeros (which some readers take for octal).
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = decimal(part, at: 255),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0")
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        rawValue = value
    }

    public var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: rawValue >> 24), UInt8(truncatingIfNeeded: rawValue >> 16),
            UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue),
        ]
    }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }
}

extension IPv4Address: CustomStringConvertible {
    public var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 255).\(rawValue >> 8 & 255).\(rawValue & 255)"
    }
}

/// A number of at most `limit` that is made of decimal digits alone (`Int.init` takes a sign too).
private func decimal(_ text: some StringProtocol, at limit: Int) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 3,
        text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let value = Int(text), value <= limit
    else { return nil }
    return value
}

/// An IPv4 subnet in CIDR notation.
public struct IPv4Network: Hashable, Sendable {
    public let address: IPv4Address
    /// From 0 to 32.
    public let prefixLength: Int

    /// Nil when the length is not from 0 to 32 or the address has bits beyond it.
    public init?(address: IPv4Address, prefixLength: Int) {
        guard (0...32).contains(prefixLength) else { return nil }
        self.address = address
        self.prefixLength = prefixLength
        guard address.rawValue & ~mask.rawValue == 0 else { return nil }
    }

    /// The network that `address` is in.
    public init?(containing address: IPv4Address, prefixLength: Int) {
        guard (0...32).contains(prefixLength) else { return nil }
        let mask = Self.mask(prefixLength: prefixLength)
        self.init(
            address: IPv4Address(rawValue: address.rawValue & mask.rawValue), prefixLength: prefixLength)
    }

    /// Reads `10.0.0.0/24`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let length = decimal(parts[1], at: 32)
        else { return nil }
        self.init(address: address, prefixLength: length)
    }

    public var mask: IPv4Address { Self.mask(prefixLength: prefixLength) }

    public var broadcast: IPv4Address { IPv4Address(rawValue: address.rawValue | ~mask.rawValue) }

    public func contains(_ other: IPv4Address) -> Bool {
        other.rawValue & mask.rawValue == address.rawValue
    }

    /// The network's own address or its broadcast address: no host's (RFC 3021's /31 and /32 have neither).
    public func isReserved(_ other: IPv4Address) -> Bool {
        prefixLength < 31 && (other == address || other == broadcast)
    }

    private static func mask(prefixLength: Int) -> IPv4Address {
        IPv4Address(rawValue: prefixLength == 0 ? 0 : ~UInt32(0) << UInt32(32 - prefixLength))
    }
}

extension IPv4Network: CustomStringConvertible {
    public var description: String { "\(address)/\(prefixLength)" }
}

/// Addresses from `first` to `last`, both among them.
public struct IPv4Range: Hashable, Sendable {
    public let first: IPv4Address
    public let last: IPv4Address

    /// Nil when `last` is before `first`.
    public init?(first: IPv4Address, last: IPv4Address) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    /// Reads `10.0.0.100-10.0.0.199`, with spaces round the hyphen if one likes.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " }.prefix { $0 != " " } }
        guard parts.count == 2, let first = IPv4Address(parts[0]), let last = IPv4Address(parts[1])
        else { return nil }
        self.init(first: first, last: last)
    }

    public var count: Int { Int(last.rawValue - first.rawValue) + 1 }

    public func contains(_ address: IPv4Address) -> Bool { first <= address && address <= last }

    public func overlaps(_ other: IPv4Range) -> Bool { first <= other.last && other.first <= last }
}

extension IPv4Range: CustomStringConvertible {
    public var description: String { "\(first)-\(last)" }
}

/// An address and a UDP or TCP port.
public struct IPv4Endpoint: Hashable, Sendable {
    public let address: IPv4Address
    public let port: UInt16

    public init(address: IPv4Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension IPv4Endpoint: CustomStringConvertible {
    public var description: String { "\(address):\(port)" }
}
