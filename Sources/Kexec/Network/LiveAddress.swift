public import SystemIO
public import Wire

/// How this host is addressed now, as far as another system could be told to be addressed likewise.
public struct LiveAddress: Equatable, Sendable {
    public var ipv4: Assigned?
    /// A global one that somebody configured; one from a router or a DHCPv6 server is none.
    public var ipv6: Assigned?
    public var ipv6Autoconfiguration: IPv6Autoconfiguration
    public var nameservers: [IPAddress]
    /// Nil when it is no name (`localhost`).
    public var hostname: String?
    /// Of the interface, in bytes.
    public var mtu: Int

    public struct Assigned: Equatable, Sendable {
        public var address: IPAddress
        public var prefixLength: Int
        public var gateway: IPAddress?
        /// Nil for an address that somebody configured.
        public var lease: Lease?

        public init(address: IPAddress, prefixLength: Int, gateway: IPAddress? = nil, lease: Lease? = nil) {
            self.address = address
            self.prefixLength = prefixLength
            self.gateway = gateway
            self.lease = lease
        }

        /// The gateway is not in the address's own network, as at providers that give out /32s.
        public var hasOffLinkGateway: Bool {
            guard let gateway, !gateway.isLinkLocal else { return false }
            return !gateway.shares(prefixLength, bitsWith: address)
        }
    }

    /// How it is known that an address came from a DHCP server.
    public enum Lease: Equatable, Sendable {
        case seconds(UInt32)
        /// The kernel would keep it for ever (busybox's udhcpc sets no lifetime), but this file tells of DHCP.
        case file(String)
    }

    public enum IPv6Autoconfiguration: Equatable, Sendable {
        case none
        case routerAdvertisement
        case dhcpv6
    }

    public init(
        ipv4: Assigned? = nil, ipv6: Assigned? = nil, ipv6Autoconfiguration: IPv6Autoconfiguration = .none,
        nameservers: [IPAddress] = [], hostname: String? = nil, mtu: Int = 1500
    ) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.ipv6Autoconfiguration = ipv6Autoconfiguration
        self.nameservers = nameservers
        self.hostname = hostname
        self.mtu = mtu
    }

    /// Of the interface that the server is reached by.
    public static func read(of uplink: Uplink, in network: HostNetwork, files: HostFiles = .live)
        -> LiveAddress
    {
        let link = uplink.interface
        let own = network.addresses.filter { $0.linkIndex == link.index && $0.scope == 0 }
        let table = RouteTable.read(files)
        func gateway(ipv6: Bool) -> IPAddress? {
            let route = table.defaultRoutes(ipv6: ipv6).first { $0.interface == link.name }
            // A host without a default route still needs the way to the server.
            return route?.gateway ?? uplink.route?.gateway.flatMap { ($0.v6 != nil) == ipv6 ? $0 : nil }
        }
        var live = LiveAddress(mtu: link.mtu)
        let ipv4 = own.filter { $0.address.v4 != nil }
        if let chosen = ipv4.first(where: { $0.address == uplink.route?.source }) ?? ipv4.first {
            let evidence = DHCPEvidence(files: files, interface: link.name, index: link.index)
            let lease =
                chosen.isTemporary
                ? chosen.validSeconds.map(Lease.seconds) : evidence.file(for: chosen.address).map(Lease.file)
            live.ipv4 = Assigned(
                address: chosen.address, prefixLength: chosen.prefixLength, gateway: gateway(ipv6: false),
                lease: lease)
        }
        let ipv6 = own.filter { $0.address.v6 != nil && !$0.address.isLinkLocal && $0.flags & 0x28 == 0 }
        if let chosen = ipv6.first(where: { !$0.isTemporary }) {
            live.ipv6 = Assigned(
                address: chosen.address, prefixLength: chosen.prefixLength, gateway: gateway(ipv6: true))
        }
        if let given = ipv6.first(where: \.isTemporary) {
            // DHCPv6 gives single addresses; routers announce networks.
            live.ipv6Autoconfiguration = given.prefixLength == 128 ? .dhcpv6 : .routerAdvertisement
        }
        live.nameservers = nameservers(files)
        live.hostname = hostname(files)
        return live
    }

    /// Those of the resolver behind it, where `/etc/resolv.conf` names one on this host itself.
    static func nameservers(_ files: HostFiles) -> [IPAddress] {
        for file in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
            let named = (files.text(file) ?? "").split(separator: "\n").compactMap { line -> IPAddress? in
                let words = line.split { $0 == " " || $0 == "\t" }
                guard words.count >= 2, words[0] == "nameserver" else { return nil }
                return IPAddress(text: words[1])
            }.filter { !$0.isLoopback && !$0.isLinkLocal }
            if !named.isEmpty { return named }
        }
        return []
    }

    /// Only what can stand in a field of `ip=`.
    static func hostname(_ files: HostFiles) -> String? {
        guard let name = files.text("/proc/sys/kernel/hostname"), !name.isEmpty, name != "(none)",
            name != "localhost", !name.hasPrefix("localhost."), name.utf8.count <= 64,
            name.utf8.allSatisfy({ byte in
                let character = Character(Unicode.Scalar(byte))
                return character.isASCII
                    && (character.isLetter || character.isNumber || "-._".contains(character))
            })
        else { return nil }
        return name
    }
}

/// Signs of DHCP where the kernel says "for ever".
struct DHCPEvidence {
    let files: HostFiles
    let interface: String
    let index: UInt32

    /// The file that tells; nil when nothing does.
    func file(for address: IPAddress) -> String? {
        let candidates: [(path: String, tells: (String) -> Bool)] = [
            ("/run/systemd/netif/leases/\(index)", { $0.contains("ADDRESS=\(address)\n") }),
            ("/proc/net/pnp", { $0.contains("#PROTO: DHCP") }),
            (
                "/proc/cmdline",
                { line in KernelCommandLine(line).words.contains { $0.key == "ip" && $0.asksForDHCP } }
            ),
            ("/etc/network/interfaces", { $0.contains(words: ["iface", interface, "inet", "dhcp"]) }),
        ]
        for (path, tells) in candidates {
            if let text = files.text(path), tells(text + "\n") { return path }
        }
        for path in ["/run/udhcpc.\(interface).pid", "/run/udhcpc/\(interface).pid"] where files.exists(path)
        {
            return path
        }
        for folder in ["/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/NetworkManager", "/var/lib/dhcpcd"] {
            for name in files.names(inFolder: folder)
            where name.contains(interface) || name.contains(".leases") {
                let path = "\(folder)/\(name)"
                guard let text = files.text(path) else { continue }
                // dhcpcd keeps the server's message as it came: yiaddr is at offset 16.
                let message = files.bytes(path).map { Array($0.dropFirst(16).prefix(4)) }
                if text.contains("fixed-address \(address);") || text.contains("ADDRESS=\(address)")
                    || message == address.bytes
                {
                    return path
                }
            }
        }
        return nil
    }
}

extension String {
    /// Whether a line begins with these words.
    fileprivate func contains(words: [String]) -> Bool {
        split(separator: "\n").contains { line in
            line.split { $0 == " " || $0 == "\t" }.prefix(words.count).elementsEqual(words) { $0 == $1 }
        }
    }
}
