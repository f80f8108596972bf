public import BootCore
import Wire

/// The words of a command line that tell the new system its addresses.
public struct IPParameters: Equatable, Sendable {
    public var words: [String]
    public var warnings: [IPWarning]
    /// The entry's own words of this kind go; two `ip=` that contradict each other help nobody.
    public var replacesEntry: Bool

    public init(words: [String] = [], warnings: [IPWarning] = [], replacesEntry: Bool = false) {
        self.words = words
        self.warnings = warnings
        self.replacesEntry = replacesEntry
    }

    /// All words of this kind, in any dialect.
    static let keys = [
        "ip", "ipv6", "BOOTIF", "nameserver", "ifname", "vlan", "bond", "bridge", "team", "bootdev",
        "rd.route",
        "rd.neednet", "rd.bootif",
    ]

    /// - Parameters:
    ///   - uplink: nil when no server was asked and no interface named.
    ///   - ports: all cards of this host.
    ///   - hostname: the manifest's, which goes before this host's own.
    public static func words(
        for choice: IPChoice, dialect: InitramfsDialect, uplink: Uplink?, live: LiveAddress?,
        ports: [String] = [], hostname: String? = nil, entry: KernelCommandLine = KernelCommandLine()
    ) throws(IPParametersError) -> IPParameters {
        var writer = IPWriter(dialect: dialect, uplink: uplink, ports: ports)
        var given = live ?? LiveAddress()
        given.hostname = hostname ?? given.hostname
        switch choice {
        case .none:
            return IPParameters()
        case .literal(let text):
            let fields = text.split(separator: ":", omittingEmptySubsequences: false)
            let namesDevice = fields.count > 5 && !fields[5].isEmpty
            writer.words = ["ip=\(text)"]
            if !namesDevice, dialect != .dracut { writer.addBootInterface() }
        case .dhcp:
            writer.addDynamic(given)
        case .static:
            try writer.addStatic(given)
        case .address(var address):
            address.mtu = given.mtu
            address.hostname = given.hostname
            try writer.addStatic(address)
        case .auto:
            return try automatic(&writer, given, entry)
        }
        return IPParameters(words: writer.words, warnings: writer.warnings, replacesEntry: true)
    }

    private static func automatic(
        _ writer: inout IPWriter, _ live: LiveAddress, _ entry: KernelCommandLine
    ) throws(IPParametersError) -> IPParameters {
        let isStatic = live.ipv4.map { $0.lease == nil } ?? (live.ipv6 != nil)
        if let word = entry.words.first(where: { $0.isNamed("ip") }) {
            if isStatic, word.asksForDHCP, let address = (live.ipv4 ?? live.ipv6)?.address {
                writer.warnings.append(.entryAsksForDHCP(word: word.text, address: address))
            }
            if writer.dialect == .initramfsTools || writer.dialect == .alpine { writer.addBootInterface() }
        } else if isStatic {
            try writer.addStatic(live)
        } else {
            if live.ipv4 == nil, live.ipv6Autoconfiguration == .none, writer.uplink != nil {
                writer.warnings.append(.noAddressKnown)
            }
            // A kernel alone, or NixOS, does what the entry says; nothing waits there for `ip=dhcp`.
            if writer.dialect != .none, writer.dialect != .nixos { writer.addDynamic(live) }
        }
        if entry.has("BOOTIF") { writer.words.removeAll { $0.hasPrefix("BOOTIF=") } }
        return IPParameters(words: writer.words, warnings: writer.warnings)
    }
}

/// Writes one dialect.
struct IPWriter {
    let dialect: InitramfsDialect
    let uplink: Uplink?
    let ports: [String]
    var words: [String] = []
    var warnings: [IPWarning] = []

    init(dialect: InitramfsDialect, uplink: Uplink?, ports: [String]) {
        self.dialect = dialect
        self.uplink = uplink
        self.ports = ports
    }

    /// Who reads it, for people.
    var reader: String {
        switch dialect {
        case .initramfsTools: "initramfs-tools"
        case .dracut: "dracut"
        case .alpine: "Alpine's initramfs"
        case .nixos: "NixOS"
        case .none: "the kernel alone"
        }
    }

    mutating func addBootInterface() {
        guard let port = uplink?.port, port.address.contains(where: { $0 != 0 }) else { return }
        switch dialect {
        case .initramfsTools, .alpine, .dracut: words.append(port.bootInterfaceWord)
        case .nixos, .none: break  // nobody reads it there
        }
    }

    mutating func addDynamic(_ live: LiveAddress) {
        guard dialect != .dracut else { return addDracut(live, isStatic: false) }
        warnAboutLayers(mtu: live.mtu)
        words.append("ip=dhcp")
        if uplink?.server?.v6 != nil, dialect == .initramfsTools { words.append("ipv6=accept_ra=1") }
        addBootInterface()
    }

    mutating func addStatic(_ live: LiveAddress) throws(IPParametersError) {
        guard live.ipv4 != nil || live.ipv6 != nil else {
            throw .noAddress(interface: uplink?.interface.name ?? "The uplink")
        }
        guard dialect != .dracut else { return addDracut(live, isStatic: true) }
        warnAboutLayers(mtu: live.mtu)
        if let ipv4 = live.ipv4, let address = ipv4.address.v4 {
            words.append("ip=" + kernelForm(address, ipv4, live))
            if ipv4.hasOffLinkGateway, let gateway = ipv4.gateway {
                warnings.append(.offLinkGateway(gateway, reader))
            }
        }
        if let ipv6 = live.ipv6 { addIPv6(ipv6, live.nameservers) }
        addBootInterface()
    }

    /// `client:server:gateway:mask:host:device:autoconf:dns0:dns1` (nfsroot.rst); the tenth field, a time server, is
    /// for nobody here. Alpine reads the same fields but the second and the fifth.
    private mutating func kernelForm(
        _ address: IPv4Address, _ assigned: LiveAddress.Assigned, _ live: LiveAddress
    ) -> String {
        let mask = IPv4Network(containing: address, prefixLength: assigned.prefixLength)?.mask
        let server = dialect == .alpine ? nil : uplink?.server?.v4
        var fields = [
            address.description, server?.description, assigned.gateway?.v4?.description, mask?.description,
            live.hostname, deviceField(), "none",
        ].map { $0 ?? "" }
        fields += live.nameservers.compactMap(\.v4).prefix(2).map(\.description)
        return fields.joined(separator: ":")
    }

    /// Names change from one kernel to another, so cards are named by `BOOTIF`, where that is read. Elsewhere an empty
    /// field means every card: right with one, and with several NixOS must be told the name that udev gives.
    private mutating func deviceField() -> String? {
        switch dialect {
        case .initramfsTools, .alpine, .dracut: return nil
        case .nixos:
            guard ports.count > 1, let name = uplink?.port.name else { return nil }
            warnings.append(.interfaceName(name))
            return name
        case .none:
            if ports.count > 1 { warnings.append(.severalPorts(ports, reader)) }
            return nil
        }
    }

    /// The `ipv6=` of a hook that many Debian images have; Debian's own scripts know IPv4 alone.
    private mutating func addIPv6(_ ipv6: LiveAddress.Assigned, _ nameservers: [IPAddress]) {
        guard dialect == .initramfsTools else {
            if uplink?.server?.v6 != nil { warnings.append(.ipv6(ipv6.address, reader)) }
            return
        }
        var parts = ["addr=\(ipv6.address)/\(ipv6.prefixLength)"]
        if let gateway = ipv6.gateway { parts.append("gw=\(gateway)") }
        if let nameserver = nameservers.first(where: { $0.v6 != nil }) { parts.append("dns=\(nameserver)") }
        words.append("ipv6=" + parts.joined(separator: ","))
    }

    private mutating func warnAboutLayers(mtu: Int) {
        for layer in uplink?.layers ?? [] {
            switch layer {
            case .vlan(_, let id): warnings.append(.vlan(id: id, reader))
            case .bond(let bond) where bond.needsSwitch:
                warnings.append(.bond(name: bond.name, mode: bond.mode, reader))
            case .other(let name, "team"): warnings.append(.team(name: name))
            case .bond, .bridge, .other: break
            }
        }
        if mtu != 1500, uplink?.port.hardwareType == 1 { warnings.append(.mtu(mtu, reader)) }
    }
}
