import Glibc
public import SystemIO
public import Wire

/// What this host's kernel knows of its network, at one moment.
public struct HostNetwork: Sendable {
    public var links: [NetworkLink]
    public var addresses: [LinkAddress]
    /// Neighbours and what bridges learned; read only when there is a bridge.
    public var neighbours: [LinkNeighbour]
    /// Why netlink did not answer, when all this is from `/sys` instead.
    public var failure: SystemError?

    public init(links: [NetworkLink], addresses: [LinkAddress] = [], neighbours: [LinkNeighbour] = []) {
        self.links = links
        self.addresses = addresses
        self.neighbours = neighbours
    }

    /// By netlink; by `/sys`, without addresses, where that is forbidden.
    public static func live(files: HostFiles = .live) -> HostNetwork {
        do {
            return try asked()
        } catch {
            var network = HostNetwork(links: sysfsLinks(files))
            network.failure = error
            return network
        }
    }

    private static func asked() throws(SystemError) -> HostNetwork {
        do {
            let links = try NetlinkSocket.ask(NetlinkRequest.links, about: "links").compactMap(
                NetworkLink.init)
            let addresses = try NetlinkSocket.ask(NetlinkRequest.addresses, about: "addresses")
                .compactMap(LinkAddress.init)
            var network = HostNetwork(links: links, addresses: addresses)
            if links.contains(where: { $0.kind == "bridge" }) {
                for family in [AF_INET, AF_INET6, AF_BRIDGE] {
                    network.neighbours += try NetlinkSocket.ask(
                        NetlinkRequest.neighbours(family: UInt8(family)), about: "neighbours"
                    ).compactMap(LinkNeighbour.init)
                }
            }
            return network
        } catch let error as SystemError {
            throw error
        } catch {
            throw SystemError("read what netlink says", code: EBADMSG)
        }
    }

    public func link(named name: String) -> NetworkLink? { links.first { $0.name == name } }
    func link(_ index: UInt32?) -> NetworkLink? {
        index.flatMap { index in links.first { $0.index == index } }
    }

    /// The same from `/sys/class/net`, which also tests write.
    static func sysfsLinks(_ files: HostFiles) -> [NetworkLink] {
        files.names(inFolder: "/sys/class/net").compactMap { name in
            let folder = "/sys/class/net/\(name)/"
            guard let index = files.text(folder + "ifindex").flatMap({ UInt32($0) }) else { return nil }
            let flags = files.text(folder + "flags").flatMap { UInt32($0.dropFirst(2), radix: 16) } ?? 0
            let kind = files.text(folder + "uevent")?.split(separator: "\n")
                .first { $0.hasPrefix("DEVTYPE=") }?.dropFirst(8)
            let lower = files.text(folder + "iflink").flatMap { UInt32($0) }
            return NetworkLink(
                index: index, name: name,
                hardwareType: files.text(folder + "type").flatMap { UInt16($0) } ?? 1,
                address: files.text(folder + "address").flatMap { hexadecimalBytes($0, separatedEvery: 1) }
                    ?? [],
                mtu: files.text(folder + "mtu").flatMap { Int($0) } ?? 1500, isUp: flags & 1 != 0,
                hasCarrier: files.text(folder + "carrier") == "1", kind: kind.map(String.init),
                lowerIndex: lower == index || lower == 0 ? nil : lower)
        }
    }
}

/// Where packets to the server leave this host.
public struct ServerRoute: Equatable, Sendable {
    public var interface: String
    public var gateway: IPAddress?
    /// The address that this host is known by there.
    public var source: IPAddress?
    /// The server is this very host.
    public var isLocal: Bool

    public init(interface: String, gateway: IPAddress? = nil, source: IPAddress? = nil, isLocal: Bool = false)
    {
        self.interface = interface
        self.gateway = gateway
        self.source = source
        self.isLocal = isLocal
    }
}

extension HostNetwork {
    /// Asks the kernel; its tables in `/proc` where netlink is forbidden, and for the default route.
    ///
    /// - Parameter server: nil for wherever the rest of the world is.
    /// - Returns: nil when no route leads there.
    public func route(to server: IPAddress?, files: HostFiles = .live) throws(SystemError) -> ServerRoute? {
        guard let server, failure == nil else { return tabledRoute(to: server, files: files) }
        do {
            let answer = try NetlinkSocket.ask(
                NetlinkRequest.route(to: server), about: "the route to \(server)")
            guard let route = try answer.lazy.compactMap(KernelRoute.init).first,
                let link = link(route.linkIndex)
            else { return nil }
            return ServerRoute(
                interface: link.name, gateway: route.gateway, source: route.source, isLocal: route.isLocal)
        } catch let error as SystemError {
            if [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL].contains(error.code) { return nil }
            throw error
        } catch {
            throw SystemError("read the route to \(server)", code: EBADMSG)
        }
    }

    func tabledRoute(to server: IPAddress?, files: HostFiles) -> ServerRoute? {
        let table = RouteTable.read(files)
        let isLocal =
            server.map { server in server.isLoopback || addresses.contains { $0.address == server } } ?? false
        if isLocal { return ServerRoute(interface: "lo", isLocal: true) }
        let route =
            server.map { table.best(to: $0) }
            ?? table.defaultRoutes(ipv6: false).first ?? table.defaultRoutes(ipv6: true).first
        return route.map { ServerRoute(interface: $0.interface, gateway: $0.gateway) }
    }
}

extension RouteTable {
    static func read(_ files: HostFiles) -> RouteTable {
        RouteTable(
            ipv4: files.text("/proc/net/route") ?? "", ipv6: files.text("/proc/net/ipv6_route") ?? "")
    }
}
