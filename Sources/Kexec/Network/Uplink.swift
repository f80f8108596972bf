public import Wire

/// The way from this host to the boot server, down to the socket that a cable is in.
public struct Uplink: Equatable, Sendable {
    /// What holds the address; it may be a bridge, a bond, a VLAN.
    public var interface: NetworkLink
    /// From the interface downwards; empty when it is hardware itself.
    public var layers: [UplinkLayer]
    public var port: UplinkPort
    public var route: ServerRoute?
    public var server: IPAddress?

    public init(
        interface: NetworkLink, layers: [UplinkLayer] = [], port: UplinkPort, route: ServerRoute? = nil,
        server: IPAddress? = nil
    ) {
        self.interface = interface
        self.layers = layers
        self.port = port
        self.route = route
        self.server = server
    }
}

/// What stands between an address and the hardware.
public enum UplinkLayer: Equatable, Sendable {
    case bridge(name: String)
    case bond(Bond)
    case vlan(name: String, id: Int)
    /// A team, a macvlan or the like: nothing of it can be told to another system.
    case other(name: String, kind: String)

    public var name: String {
        switch self {
        case .bridge(let name), .vlan(let name, _), .other(let name, _): name
        case .bond(let bond): bond.name
        }
    }
}

public struct Bond: Equatable, Sendable {
    public var name: String
    /// `active-backup`, `802.3ad`.
    public var mode: String
    /// Milliseconds between two looks at the link; nil when it does not look.
    public var miimon: Int?
    public var ports: [UplinkPort]

    public init(name: String, mode: String, miimon: Int? = nil, ports: [UplinkPort]) {
        self.name = name
        self.mode = mode
        self.miimon = miimon
        self.ports = ports
    }

    /// The switch counts on a bond and may not talk to one of its ports alone.
    public var needsSwitch: Bool { ["802.3ad", "balance-rr", "balance-xor", "broadcast"].contains(mode) }
}

/// A network card's port.
public struct UplinkPort: Equatable, Sendable {
    public var name: String
    /// ARPHRD: 1 for Ethernet, 32 for InfiniBand.
    public var hardwareType: UInt16
    /// The permanent one where the card tells it.
    public var address: [UInt8]
    public var hasCarrier: Bool
    /// The kernel module: `e1000e`; nil when `/sys` does not tell.
    public var driver: String?

    public init(
        name: String, hardwareType: UInt16 = 1, address: [UInt8], hasCarrier: Bool = true,
        driver: String? = nil
    ) {
        self.name = name
        self.hardwareType = hardwareType
        self.address = address
        self.hasCarrier = hasCarrier
        self.driver = driver
    }

    /// Nil for InfiniBand.
    public var mac: MACAddress? { MACAddress(bytes: address) }

    /// `BOOTIF=01-52-54-00-12-34-56`: pxelinux's word, understood by most initramfs programs.
    public var bootInterfaceWord: String {
        "BOOTIF=" + hexadecimal([UInt8(truncatingIfNeeded: hardwareType)]) + "-"
            + hexadecimal(address, separator: "-")
    }
}

/// Why no uplink was found.
public enum UplinkError: Error, Equatable, Sendable {
    case noRoute(to: IPAddress?)
    case serverIsThisHost(IPAddress)
    case noSuchInterface(String, available: [String])
    /// The way ends in something that is no hardware.
    case noHardware(interface: String, kind: String)
    case wireless(interface: String)
    case severalPorts(bridge: String, ports: [String])
    /// Nothing that is a port of it leads to hardware.
    case noPorts(interface: String)
    /// Interfaces that stand on each other.
    case loop([String])
}

extension UplinkError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noRoute(nil): "This host has no default route. Name the way with --interface, or a server."
        case .noRoute(.some(let server)):
            "No route leads to \(server). Bring up the interface to the boot server, or name it with --interface."
        case .serverIsThisHost(let server):
            "\(server) is this very host: there is no card to boot from. If that is meant, use --interface NAME."
        case .noSuchInterface(let name, let available):
            "There is no interface \(name), only \(available.joined(separator: ", "))."
        case .noHardware(let interface, let kind): Self.words(interface: interface, kind: kind)
        case .wireless(let interface):
            "\(interface) is a wireless interface, which no other system could use without its keys. "
                + "Plug in a cable and name that interface with --interface."
        case .severalPorts(let bridge, let ports):
            "The server is behind the bridge \(bridge), by which of its ports "
                + "(\(ports.joined(separator: ", "))) is not known. Choose one with --interface."
        case .noPorts(let interface):
            "\(interface) has no port that leads to a network card. Choose a card with --interface."
        case .loop(let names):
            "The interfaces \(names.joined(separator: " > ")) stand on each other. Choose a card with --interface."
        }
    }

    private static func words(interface: String, kind: String) -> String {
        let advice = "Choose the card that the boot server can be reached by with --interface."
        switch kind {
        case "veth":
            return "\(interface) is a container's interface (veth). Run this on the host, not in a container."
        case "tun", "ppp", "wireguard", "wwan", "sit", "ipip", "gre", "vxlan", "geneve", "macsec":
            return "\(interface) is a tunnel (\(kind)): a new system would not have it. \(advice)"
        case "loopback":
            return "\(interface) is the loopback interface, which leads nowhere else. \(advice)"
        default:
            return "\(interface) (\(kind)) is not a network card and stands on none. \(advice)"
        }
    }
}
