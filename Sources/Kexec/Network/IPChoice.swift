public import Wire

/// `--ip`: what the new system is told of its addresses.
public enum IPChoice: Equatable, Sendable {
    /// What the entry says; else the address of now if it is static, else DHCP.
    case auto
    case dhcp
    /// The address of now, even if it came by DHCP or the entry says otherwise.
    case `static`
    /// Nothing is added to the entry.
    case none
    /// `ADDRESS/PREFIX[,gw=ADDRESS][,dns=ADDRESS]…`, written in the dialect of the entry.
    case address(LiveAddress)
    /// What follows `ip=`, in whatever dialect the person knows the entry to read.
    case literal(String)

    public init(_ text: String) throws(IPChoiceError) {
        let text = text.hasPrefix("ip=") ? String(text.dropFirst(3)) : text
        switch text {
        case "auto": self = .auto
        case "dhcp": self = .dhcp
        case "static": self = .static
        case "none": self = .none
        case _ where text.contains("/") && !text.contains("["): self = .address(try Self.address(text))
        default:
            guard !text.isEmpty, text.utf8.allSatisfy({ (0x21..<0x7f).contains($0) && $0 != 0x22 }) else {
                throw .notOneWord(text)
            }
            let fields = text.split(separator: ":", omittingEmptySubsequences: false)
            // An IPv6 address in brackets has colons of its own.
            guard fields.count <= 10 || text.contains("[") else { throw .tooManyFields(fields.count) }
            self = .literal(text)
        }
    }

    private static func address(_ text: String) throws(IPChoiceError) -> LiveAddress {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let halves = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let address = IPAddress(text: halves[0]), let length = Int(halves[1]),
            (0...(address.bytes.count * 8)).contains(length)
        else { throw .noAddress(String(parts[0])) }
        var assigned = LiveAddress.Assigned(address: address, prefixLength: length)
        var nameservers: [IPAddress] = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let value = IPAddress(text: pair[1]) else {
                throw .unknownPart(String(part))
            }
            switch pair[0] {
            case "gw" where (value.v4 == nil) == (address.v4 == nil): assigned.gateway = value
            case "dns": nameservers.append(value)
            default: throw .unknownPart(String(part))
            }
        }
        return address.v4 == nil
            ? LiveAddress(ipv6: assigned, nameservers: nameservers)
            : LiveAddress(ipv4: assigned, nameservers: nameservers)
    }
}

public enum IPChoiceError: Error, Equatable, Sendable {
    case notOneWord(String)
    case tooManyFields(Int)
    case noAddress(String)
    case unknownPart(String)
}

extension IPChoiceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notOneWord(let text):
            "--ip \(harmlessText(text)): expected auto, dhcp, static, none, ADDRESS/PREFIX,gw=ADDRESS,dns=ADDRESS "
                + "or the fields of ip= as one word without quotes."
        case .tooManyFields(let count): "--ip has \(count) fields, and ip= has ten at most."
        case .noAddress(let text):
            "--ip \(harmlessText(text)): expected an address with its prefix length, such as 10.0.0.5/24."
        case .unknownPart(let text):
            "--ip: \(harmlessText(text)) is neither gw= nor dns= with an address of the same family."
        }
    }
}

/// What of this host's network the new system will not have, or may not have.
public enum IPWarning: Equatable, Sendable {
    /// The entry asks for DHCP, and this host's address is static.
    case entryAsksForDHCP(word: String, address: IPAddress)
    /// `--ip auto` found no address to carry over.
    case noAddressKnown
    case vlan(id: Int, InitramfsName)
    case stackedVLANs([Int])
    case bond(name: String, mode: String, InitramfsName)
    case team(name: String)
    case mtu(Int, InitramfsName)
    case offLinkGateway(IPAddress, InitramfsName)
    case ipv6(IPAddress, InitramfsName)
    /// Without a name in `ip=` this reader would take any of these cards.
    case severalPorts([String], InitramfsName)
    /// NixOS alone needs a name in `ip=`.
    case interfaceName(String)

    /// Who would have to understand it: `dracut`, `the kernel alone`.
    public typealias InitramfsName = String
}

extension IPWarning: CustomStringConvertible {
    public var description: String {
        switch self {
        case .entryAsksForDHCP(let word, let address):
            "The entry says \(harmlessText(word)), and this host's address \(address) is static."
        case .noAddressKnown: "This host's address could not be read; the new system will ask by DHCP."
        case .vlan(let id, let reader):
            "The server is on VLAN \(id), which \(reader) cannot be told; the new system will speak untagged."
        case .stackedVLANs(let ids):
            "VLANs in one another (\(ids.map(String.init).joined(separator: ", "))) cannot be told to any system."
        case .bond(let name, let mode, let reader):
            "\(name) is a bond (\(mode)), which \(reader) cannot be told; the switch may not talk to one port alone."
        case .team(let name):
            "\(name) is a team, which cannot be told; the new system will use one port of it."
        case .mtu(let mtu, let reader):
            "The MTU is \(mtu), which \(reader) cannot be told; it will be the card's own."
        case .offLinkGateway(let gateway, let reader):
            "The gateway \(gateway) is outside this host's network, which \(reader) cannot be told."
        case .ipv6(let address, let reader): "The IPv6 address \(address) cannot be told to \(reader)."
        case .severalPorts(let names, let reader):
            "Of \(names.joined(separator: ", ")), \(reader) will take the first card that works."
        case .interfaceName(let name): "The new system must call the card \(name), as this one does."
        }
    }

    public var advice: String {
        switch self {
        case .entryAsksForDHCP: "Is there a DHCP server? If not: --ip static."
        case .noAddressKnown:
            "If there is no DHCP server, give the address with --ip ADDRESS/PREFIX,gw=ADDRESS."
        case .vlan, .stackedVLANs:
            "Make it the port's native VLAN, or choose an entry that uses dracut; --force to go on."
        case .bond:
            "Let the switch fall back (LACP fallback), or choose an entry that uses dracut; --force to go on."
        case .team, .mtu: "If that is enough for the new system: --force."
        case .offLinkGateway, .ipv6:
            "Choose an entry that uses dracut, or DHCP with --ip dhcp; --force to go on."
        case .severalPorts, .interfaceName: "If only one cable is plugged in it will work: --force."
        }
    }
}

public enum IPParametersError: Error, Equatable, Sendable {
    /// `--ip static` without an address.
    case noAddress(interface: String)
}

extension IPParametersError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noAddress(let interface):
            "\(interface) has no address that could be carried over. Give one with --ip ADDRESS/PREFIX,gw=ADDRESS, "
                + "or use --ip dhcp."
        }
    }
}
