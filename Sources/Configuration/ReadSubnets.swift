internal import BootCore
internal import DHCPServer
internal import Wire

/// `dhcp.subnets`.
extension ConfigurationReader {
    private enum SubnetKey: String, ConfigurationKey {
        case subnet, range, router, dns, ntp, domain, search, routes, lease, options
    }

    private enum RouteKey: String, ConfigurationKey { case to, via }

    /// The shortest lease: below it clients do nothing but renew.
    static let minimumLeaseSeconds = 60
    static let maximumLeaseSeconds = 3650 * 86400

    mutating func readSubnets(_ cursor: Cursor) -> [DHCPSubnet] {
        guard let items = cursor.items() else { return [] }
        var subnets: [DHCPSubnet] = []
        var places: [(network: IPv4Network, start: SourcePlace)] = []
        for item in items {
            guard let fields = item.fields(SubnetKey.self) else { continue }
            guard let network = fields.required(.subnet)?.network() else {
                _ = readSubnet(fields, network: nil)
                continue
            }
            let start = fields[.subnet]?.node.start ?? item.node.start
            if let other = places.first(where: { Self.overlap($0.network, network) }) {
                fields[.subnet]?.report(
                    .addressing(.overlapping("\(network)", with: "\(other.network)", first: other.start)))
            }
            places.append((network, start))
            if let subnet = readSubnet(fields, network: network) { subnets.append(subnet) }
        }
        subnetsAreWhole = subnets.count == items.count
        return subnets
    }

    private static func overlap(_ left: IPv4Network, _ right: IPv4Network) -> Bool {
        left.contains(right.address) || right.contains(left.address)
    }

    /// - Parameter network: nil when it could not be read: then what it would have to hold is not checked.
    private func readSubnet(_ fields: Fields<SubnetKey>, network: IPv4Network?) -> DHCPSubnet? {
        let router = fields[.router].flatMap { cursor in
            cursor.address().flatMap { isHost($0, of: network, at: cursor) ? $0 : nil }
        }
        let ranges = fields[.range].map { readRanges($0, network: network, router: router) } ?? []
        let lease = fields[.lease]?
            .duration(atLeast: Self.minimumLeaseSeconds, atMost: Self.maximumLeaseSeconds)
        let routes = fields[.routes].map { readRoutes($0, router: router) } ?? []
        let dns = fields[.dns].map(readServers) ?? []
        let ntp = fields[.ntp].map(readServers) ?? []
        let domain = fields[.domain]?.domain()
        let search = fields[.search].map(readSearch) ?? []
        let options = fields[.options].map(readOptions) ?? []
        guard let network else { return nil }
        var subnet = DHCPSubnet(
            network: network, ranges: ranges, router: router, dns: dns, ntp: ntp, domain: domain,
            searchDomains: search, routes: routes, options: options)
        if let lease { subnet.lease = lease }
        return subnet
    }

    private func readRanges(_ cursor: Cursor, network: IPv4Network?, router: IPv4Address?) -> [IPv4Range] {
        var seen: [(range: IPv4Range, start: SourcePlace)] = []
        for item in cursor.itemsOrOne {
            guard let range = item.parsed(.range, { IPv4Range($0) }) else { continue }
            check(range, in: network, router: router, at: item)
            if let other = seen.first(where: { $0.range.overlaps(range) }) {
                item.report(.addressing(.overlapping("\(range)", with: "\(other.range)", first: other.start)))
            }
            seen.append((range, item.node.start))
        }
        return seen.map(\.range)
    }

    private func check(_ range: IPv4Range, in network: IPv4Network?, router: IPv4Address?, at cursor: Cursor)
    {
        guard let network else { return }
        guard network.contains(range.first), network.contains(range.last) else {
            cursor.report(.addressing(.outside("\(range)", network)))
            return
        }
        for end in Set([range.first, range.last]) where network.isReserved(end) {
            cursor.report(.addressing(.reserved(end, network)))
        }
        if let router, range.contains(router) {
            cursor.report(.addressing(.rangeHolds(range, router, .router)))
        }
    }

    /// Reports it when no machine of `network` can have `address`.
    func isHost(_ address: IPv4Address, of network: IPv4Network?, at cursor: Cursor) -> Bool {
        guard let network else { return true }
        guard network.contains(address) else {
            cursor.report(.addressing(.outside("\(address)", network)))
            return false
        }
        guard !network.isReserved(address) else {
            cursor.report(.addressing(.reserved(address, network)))
            return false
        }
        return true
    }

    private func readServers(_ cursor: Cursor) -> [IPv4Address] {
        let addresses = cursor.addresses()
        cursor.checkOption(byteCount: 4 * addresses.count)
        return addresses
    }

    private func readSearch(_ cursor: Cursor) -> [String] {
        let domains = cursor.itemsOrOne.compactMap { $0.domain() }
        // RFC 3397: a length before each label, and a zero behind each name.
        cursor.checkOption(byteCount: domains.reduce(0) { $0 + $1.utf8.count + 2 })
        return domains
    }

    private func readRoutes(_ cursor: Cursor, router: IPv4Address?) -> [DHCPSubnet.StaticRoute] {
        let routes = (cursor.items() ?? []).compactMap { item -> DHCPSubnet.StaticRoute? in
            guard let fields = item.fields(RouteKey.self) else { return nil }
            let destination = fields.required(.to)?.network()
            let router = fields.required(.via)?.address()
            guard let destination, let router else { return nil }
            return DHCPSubnet.StaticRoute(destination: destination, router: router)
        }
        // RFC 3442: the prefix's length, the bytes that it covers, and the router; the default route comes on top.
        let byteCount = routes.reduce(0) { $0 + 5 + ($1.destination.prefixLength + 7) / 8 }
        cursor.checkOption(byteCount: byteCount + (router == nil ? 0 : 5))
        return routes
    }
}
