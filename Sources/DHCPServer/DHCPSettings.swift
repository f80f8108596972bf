public import BootCore
public import Wire

/// What the DHCP server is told by the configuration. An immutable value; a reload brings another.
public struct DHCPSettings: Sendable {
    public enum Mode: String, CaseIterable, Sendable {
        /// Addresses and boot files.
        case server
        /// Boot files alone, beside another DHCP server.
        case proxy
        case off
    }

    public var mode: Mode
    /// Tells clients with a wrong address so (DHCPNAK), as the only server of a subnet should.
    public var authoritative: Bool
    public var subnets: [DHCPSubnet]
    public var policy: BootPolicy
    /// Where this server is found by its clients: `siaddr`, option 54 and the URLs.
    public var location: ServerLocation
    /// Answers router solicitations with "no router, no prefix", which spares iPXE twenty seconds of waiting
    /// on subnets without an IPv6 router.
    public var answersRouterSolicitations: Bool

    public init(
        mode: Mode = .server, authoritative: Bool = true, subnets: [DHCPSubnet], policy: BootPolicy,
        location: ServerLocation, answersRouterSolicitations: Bool = true
    ) {
        self.mode = mode
        self.authoritative = authoritative
        self.subnets = subnets
        self.policy = policy
        self.location = location
        self.answersRouterSolicitations = answersRouterSolicitations
    }
}

/// A subnet with the addresses that are given out on it, and what its clients are told.
public struct DHCPSubnet: Hashable, Sendable {
    public var network: IPv4Network
    /// Empty: reservations alone are served.
    public var ranges: [IPv4Range]
    public var router: IPv4Address?
    public var dns: [IPv4Address]
    public var ntp: [IPv4Address]
    public var domain: String?
    public var searchDomains: [String]
    /// Classless static routes (option 121); the default route is added from `router`.
    public var routes: [StaticRoute]
    /// Whole seconds.
    public var lease: Duration
    public var options: [ExtraDHCPOption]

    public struct StaticRoute: Hashable, Sendable {
        public var destination: IPv4Network
        public var router: IPv4Address

        public init(destination: IPv4Network, router: IPv4Address) {
            self.destination = destination
            self.router = router
        }
    }

    public init(
        network: IPv4Network, ranges: [IPv4Range] = [], router: IPv4Address? = nil, dns: [IPv4Address] = [],
        ntp: [IPv4Address] = [], domain: String? = nil, searchDomains: [String] = [],
        routes: [StaticRoute] = [],
        lease: Duration = .seconds(3600), options: [ExtraDHCPOption] = []
    ) {
        self.network = network
        self.ranges = ranges
        self.router = router
        self.dns = dns
        self.ntp = ntp
        self.domain = domain
        self.searchDomains = searchDomains
        self.routes = routes
        self.lease = lease
        self.options = options
    }
}
