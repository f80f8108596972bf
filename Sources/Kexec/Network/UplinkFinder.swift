public import SystemIO
public import Wire

extension Uplink {
    /// Follows the route to the server down to a card.
    ///
    /// - Parameters:
    ///   - route: what `HostNetwork.route(to:)` answers; nil when there is none.
    ///   - interface: the person's choice: a card, or anything that stands on one.
    public static func find(
        to server: IPAddress?, route: ServerRoute?, interface: String? = nil, in network: HostNetwork,
        files: HostFiles = .live
    ) throws(UplinkError) -> Uplink {
        if let interface, network.link(named: interface) == nil {
            throw .noSuchInterface(interface, available: network.links.map(\.name).filter { $0 != "lo" })
        }
        if interface == nil {
            guard let route else { throw .noRoute(to: server) }
            if route.isLocal, let server { throw .serverIsThisHost(server) }
        }
        let finder = UplinkFinder(
            network: network, files: files, nextHop: route?.gateway ?? server, wanted: interface)
        // The person may name a port of the bridge that has the address.
        if let route, !route.isLocal, let link = network.link(named: route.interface) {
            if interface == nil || finder.lowers(below: link.name).contains(interface ?? "") {
                let way = try finder.descend(from: link, through: [])
                return Uplink(
                    interface: link, layers: way.layers, port: way.port, route: route, server: server)
            }
        }
        let name = interface ?? route?.interface ?? ""
        guard let link = network.link(named: name) else {
            throw .noSuchInterface(name, available: network.links.map(\.name))
        }
        let way = try finder.descend(from: link, through: [])
        return Uplink(interface: link, layers: way.layers, port: way.port, server: server)
    }
}

/// Walks down from an interface to hardware.
struct UplinkFinder {
    let network: HostNetwork
    let files: HostFiles
    /// Whose hardware address tells the port of a bridge.
    let nextHop: IPAddress?
    /// The interface that is to be taken wherever there is a choice.
    let wanted: String?

    typealias Way = (layers: [UplinkLayer], port: UplinkPort)

    /// Bridges and bonds know their ports; others, what they stand on.
    func lowers(of link: NetworkLink) -> [NetworkLink] {
        let folder = "/sys/class/net/\(link.name)"
        var names = files.names(inFolder: folder).filter { $0.hasPrefix("lower_") }.map {
            String($0.dropFirst(6))
        }
        if names.isEmpty { names = files.names(inFolder: folder + "/brif") }
        let ports = names.compactMap { network.link(named: $0) }
        if !ports.isEmpty { return ports }
        let slaves = network.links.filter { $0.masterIndex == link.index }
        if !slaves.isEmpty { return slaves }
        return network.link(link.lowerIndex).map { [$0] } ?? []
    }

    /// Everything that an interface stands on, and itself.
    func lowers(below name: String) -> Set<String> {
        var found: Set<String> = [name]
        var open = [name]
        while let next = open.popLast(), let link = network.link(named: next) {
            for lower in lowers(of: link) where found.insert(lower.name).inserted { open.append(lower.name) }
        }
        return found
    }

    func descend(from link: NetworkLink, through seen: [String]) throws(UplinkError) -> Way {
        let seen = seen + [link.name]
        guard Set(seen).count == seen.count else { throw .loop(seen) }
        let folder = "/sys/class/net/\(link.name)/"
        if files.exists(folder + "device") {
            if files.exists(folder + "phy80211") || files.exists(folder + "wireless") {
                throw .wireless(interface: link.name)
            }
            return ([], port(link))
        }
        let kind = kind(of: link)
        switch kind {
        case "bridge":
            return try step(.bridge(name: link.name), to: bridgePort(of: link, through: seen), seen)
        case "bond":
            let bond = bond(link)
            return try step(.bond(bond), to: activePort(of: link), seen)
        case "vlan":
            guard let lower = lowers(of: link).first, let id = vlanID(of: link) else {
                throw .noPorts(interface: link.name)
            }
            return try step(.vlan(name: link.name, id: id), to: lower, seen)
        case "team":
            return try step(.other(name: link.name, kind: kind), to: activePort(of: link), seen)
        case "macvlan", "macvtap", "ipvlan", "ipvtap", "dsa", "stacked":
            guard let lower = lowers(of: link).first else { throw .noPorts(interface: link.name) }
            return try step(.other(name: link.name, kind: kind), to: lower, seen)
        default:
            throw .noHardware(interface: link.name, kind: kind)
        }
    }

    private func step(
        _ layer: UplinkLayer, to lower: NetworkLink, _ seen: [String]
    ) throws(UplinkError) -> Way {
        let way = try descend(from: lower, through: seen)
        return ([layer] + way.layers, way.port)
    }

    /// Netlink's word, else what `/sys` shows.
    private func kind(of link: NetworkLink) -> String {
        let folder = "/sys/class/net/\(link.name)/"
        if let kind = link.kind { return kind }
        if link.name == "lo" || link.hardwareType == 772 { return "loopback" }
        if files.exists(folder + "bridge") { return "bridge" }
        if files.exists(folder + "bonding") { return "bond" }
        if files.exists(folder + "tun_flags") { return "tun" }
        if link.hardwareType == 512 { return "ppp" }
        return lowers(of: link).isEmpty ? "virtual" : "stacked"
    }

    /// The one that leads to hardware; of several, the one behind which the next hop was seen.
    private func bridgePort(of bridge: NetworkLink, through seen: [String]) throws(UplinkError) -> NetworkLink
    {
        var candidates: [NetworkLink] = []
        for port in lowers(of: bridge) where (try? descend(from: port, through: seen)) != nil {
            candidates.append(port)
        }
        if let wanted, let port = candidates.first(where: { lowers(below: $0.name).contains(wanted) }) {
            return port
        }
        guard let first = candidates.first else { throw .noPorts(interface: bridge.name) }
        if candidates.count == 1 { return first }
        let hop = network.neighbours.first { $0.address != nil && $0.address == nextHop }?.mac
        let learned = network.neighbours.first { neighbour in
            neighbour.masterIndex == bridge.index && neighbour.mac == hop
                && candidates.contains { $0.index == neighbour.linkIndex }
        }
        guard let port = network.link(learned?.linkIndex) else {
            throw .severalPorts(bridge: bridge.name, ports: candidates.map(\.name))
        }
        return port
    }

    /// The person's choice, the active one, one with a link, any.
    private func activePort(of link: NetworkLink) throws(UplinkError) -> NetworkLink {
        let ports = lowers(of: link)
        if let wanted, let port = ports.first(where: { lowers(below: $0.name).contains(wanted) }) {
            return port
        }
        let active = files.text("/sys/class/net/\(link.name)/bonding/active_slave") ?? ""
        guard
            let port = ports.first(where: { $0.name == active }) ?? ports.first(where: \.hasCarrier)
                ?? ports.first
        else { throw .noPorts(interface: link.name) }
        return port
    }

    private func bond(_ link: NetworkLink) -> Bond {
        let folder = "/sys/class/net/\(link.name)/bonding/"
        let mode =
            files.text(folder + "mode")?.split(separator: " ").first.map(String.init) ?? "active-backup"
        let miimon = files.text(folder + "miimon").flatMap { Int($0) }
        return Bond(
            name: link.name, mode: mode, miimon: miimon == 0 ? nil : miimon, ports: lowers(of: link).map(port)
        )
    }

    private func vlanID(of link: NetworkLink) -> Int? {
        if let id = link.vlanID { return id }
        // `bond0.42       | 42  | bond0`
        let rows = (files.text("/proc/net/vlan/config") ?? "").split(separator: "\n").map { row in
            row.split(separator: "|").map { $0.filter { $0 != " " && $0 != "\t" } }
        }
        return rows.first { $0.count == 3 && $0[0] == link.name }.flatMap { Int($0[1]) }
    }

    /// A card, with the address that it has when nobody has changed it.
    func port(_ link: NetworkLink) -> UplinkPort {
        let driver = files.link("/sys/class/net/\(link.name)/device/driver")?.split(separator: "/").last
        return UplinkPort(
            name: link.name, hardwareType: link.hardwareType,
            address: link.permanentAddress ?? bondedAddress(of: link) ?? link.address,
            hasCarrier: link.hasCarrier, driver: driver.map(String.init))
    }

    /// The bonding driver remembers what it has overwritten.
    private func bondedAddress(of link: NetworkLink) -> [UInt8]? {
        for bond in files.names(inFolder: "/proc/net/bonding") {
            var isOurs = false
            for line in (files.text("/proc/net/bonding/\(bond)") ?? "").split(separator: "\n") {
                if line.hasPrefix("Slave Interface: ") { isOurs = line.dropFirst(17) == link.name }
                if isOurs, line.hasPrefix("Permanent HW addr: ") {
                    return hexadecimalBytes(line.dropFirst(19), separatedEvery: 1)
                }
            }
        }
        return nil
    }
}
