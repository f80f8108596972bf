/// The number of a DHCP option (RFC 2132 and the registry that grew out of it).
struct DHCPOptionCode: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    private init(_ rawValue: UInt8) { self.rawValue = rawValue }

    static let pad = Self(0)
    static let subnetMask = Self(1)
    static let router = Self(3)
    static let domainNameServers = Self(6)
    static let hostname = Self(12)
    static let domainName = Self(15)
    static let broadcastAddress = Self(28)
    static let timeServers = Self(42)
    static let vendorInformation = Self(43)
    static let requestedAddress = Self(50)
    static let leaseTime = Self(51)
    static let overload = Self(52)
    static let messageType = Self(53)
    static let serverIdentifier = Self(54)
    static let parameterRequestList = Self(55)
    static let message = Self(56)
    static let maximumMessageSize = Self(57)
    static let renewalTime = Self(58)
    static let rebindingTime = Self(59)
    static let vendorClass = Self(60)
    static let clientIdentifier = Self(61)
    static let bootServerName = Self(66)
    static let bootFile = Self(67)
    static let userClass = Self(77)
    static let relayInformation = Self(82)
    static let clientArchitecture = Self(93)
    static let clientMachineIdentifier = Self(97)
    static let subnetSelection = Self(118)
    static let domainSearch = Self(119)
    static let classlessRoutes = Self(121)
    /// Etherboot's own, by which gPXE and iPXE talk to their servers.
    static let etherboot = Self(175)
    static let end = Self(255)
}

extension DHCPOptionCode: CustomStringConvertible {
    var description: String { String(rawValue) }
}

/// A set of option codes, as a parameter request list is one.
struct DHCPOptionSet: Equatable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ codes: some Sequence<UInt8> = []) {
        for code in codes { insert(code) }
    }

    mutating func insert(_ code: UInt8) {
        let bit: UInt64 = 1 << UInt64(code & 63)
        switch code >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func remove(_ code: UInt8) {
        let bit: UInt64 = 1 << UInt64(code & 63)
        switch code >> 6 {
        case 0: words.0 &= ~bit
        case 1: words.1 &= ~bit
        case 2: words.2 &= ~bit
        default: words.3 &= ~bit
        }
    }

    func contains(_ code: DHCPOptionCode) -> Bool {
        let bit: UInt64 = 1 << UInt64(code.rawValue & 63)
        return switch code.rawValue >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }
}

/// What a DHCP message is for (option 53).
struct DHCPMessageType: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    private init(_ rawValue: UInt8) { self.rawValue = rawValue }

    static let discover = Self(1)
    static let offer = Self(2)
    static let request = Self(3)
    static let decline = Self(4)
    static let acknowledgment = Self(5)
    static let refusal = Self(6)
    static let release = Self(7)
    static let inform = Self(8)
    static let leaseQuery = Self(10)
}
