import BootCore
import Wire

/// The DHCP server's rules: messages and the time go in, replies and leases to be written down come out.
struct DHCPResponder: Sendable {
    private(set) var settings: DHCPSettings
    /// The server's own addresses on the interface.
    let ownAddresses: Set<IPv4Address>
    let mtu: Int

    /// One for each of the settings' subnets, in their order; so are `subnetOptions`.
    var pools: [AddressPool] = []
    private(set) var subnetOptions: [SubnetOptions] = []
    private(set) var profilesHaveOptions = false
    var declines = DeclineQuota()
    /// Leases of subnets that the settings do not have, kept in case that a later reload brings them back.
    private var strayLeases: [Lease] = []

    /// Firmware and iPXE never renew, so a lease must outlast a boot.
    static let minimumBootLeaseSeconds: UInt32 = 600

    /// - Parameter leases: what was on disk.
    init(settings: DHCPSettings, ownAddresses: Set<IPv4Address>, mtu: Int, leases: [Lease] = []) {
        self.settings = settings
        self.ownAddresses = ownAddresses
        self.mtu = mtu
        strayLeases = leases
        adopt(settings)
    }

    /// Goes on under other settings, with the leases that there are.
    mutating func apply(_ settings: DHCPSettings) { adopt(settings) }

    private mutating func adopt(_ settings: DHCPSettings) {
        var leases = pools.flatMap(\.leases) + strayLeases
        self.settings = settings
        let reserved = Set(settings.policy.machines.compactMap(\.address))
        pools = settings.subnets.map { subnet in
            AddressPool(
                network: subnet.network, ranges: subnet.ranges,
                excluded: ownAddresses.union([settings.location.address]).union(
                    subnet.router.map { [$0] } ?? []),
                reserved: reserved)
        }
        subnetOptions = settings.subnets.map(SubnetOptions.init)
        profilesHaveOptions = settings.policy.profiles.contains { !$0.dhcpOptions.isEmpty }
        for index in pools.indices {
            let network = pools[index].network
            pools[index].restore(leases.filter { network.contains($0.address) })
            leases.removeAll { network.contains($0.address) }
        }
        strayLeases = leases
    }

    /// The answer to `message`.
    mutating func respond(
        to message: DHCPMessage, via arrival: DHCPArrival, at now: UnixTime
    ) -> DHCPResponse {
        var machine: Machine?
        do throws(IgnoreReason) {
            guard message.operation == DHCPMessage.requestOperation else {
                throw .notARequest(operation: message.operation)
            }
            guard let type = message.messageType else { throw .bootp }
            let asking = Machine(message)
            machine = asking
            guard type != .leaseQuery else { throw .leaseQuery }
            switch settings.mode {
            case .off: throw .switchedOff
            case .server, .proxy: break
            }
            if arrival.port == DHCPArrival.bootServicePort {
                return try bootServiceReply(to: message, type: type, of: asking, via: arrival)
            }
            try checkRelay(of: message)
            switch settings.mode {
            case .proxy: return try proxyReply(to: message, type: type, of: asking, via: arrival)
            case .server, .off: break
            }
            let exchange = try exchange(for: message, type: type, of: asking, via: arrival, at: now)
            switch type {
            case .discover: return try offer(exchange)
            case .request: return try answerRequest(exchange)
            case .decline: return try decline(exchange)
            case .release: return try release(exchange)
            case .inform: return try inform(exchange)
            default: throw .unexpectedType(type.rawValue)
            }
        } catch {
            return DHCPResponse(action: .ignore(error), machine: machine)
        }
    }

    /// Settles who asks, and in which subnet.
    private func exchange(
        for message: DHCPMessage, type: DHCPMessageType, of machine: Machine, via arrival: DHCPArrival,
        at now: UnixTime
    ) throws(IgnoreReason) -> Exchange {
        guard let client = ClientIdentity(message) else { throw .noIdentity }
        let subnet = try subnetIndex(for: message, type: type, via: arrival)
        var machine = machine
        machine.uuid = machine.uuid ?? pools[subnet].lease(of: client)?.uuid
        let known = settings.policy.knownMachine(for: machine)
        var exchange = Exchange(
            message: message, arrival: arrival, now: now, subnet: subnet,
            claim: AddressClaim(client: client, reservation: known?.address), machine: machine, known: known)
        if let reservation = known?.address, !pools[subnet].permits(reservation, for: exchange.claim) {
            exchange.remarks.append(.reservationUnusable(reservation))
        }
        return exchange
    }

    /// The client's subnet: the relay's word for it (82.5), the client's own (118), the relay's address, its
    /// present address, the interface.
    private func subnetIndex(
        for message: DHCPMessage, type: DHCPMessageType, via arrival: DHCPArrival
    ) throws(IgnoreReason) -> Int {
        let stated = message.relayLinkSelection ?? message.subnetSelection
        if let address = stated ?? (message.relayAddress == .any ? nil : message.relayAddress) {
            guard let index = index(of: address) else { throw .noSubnet(address) }
            return index
        }
        // A stray address in a DISCOVER means nothing, and a broadcast can only come from this link.
        if type != .discover, arrival.isUnicast, let index = index(of: message.clientAddress) { return index }
        guard let index = index(of: arrival.interfaceAddress) else {
            throw .noSubnet(arrival.interfaceAddress)
        }
        return index
    }

    /// Replies go to whatever address a message calls its relay's, so it must be a host in one of our subnets. A
    /// proxy without subnets has none to compare it with.
    private func checkRelay(of message: DHCPMessage) throws(IgnoreReason) {
        let relay = message.relayAddress
        guard relay != .any else { return }
        guard isServed(relay) else { throw .unknownRelay(relay) }
        guard mayBeAnotherHost(relay) else { throw .impossibleRelay(relay) }
    }

    /// Whether `address` is of a network for which this server answers.
    func isServed(_ address: IPv4Address) -> Bool {
        switch settings.mode {
        case .proxy where settings.subnets.isEmpty: true
        case .proxy, .server, .off: index(of: address) != nil
        }
    }

    /// Whether `address` can be one host's, and is not the server's own.
    func mayBeAnotherHost(_ address: IPv4Address) -> Bool {
        // "This network", loopback, and all from the multicast addresses to the broadcast one.
        let first = address.bytes[0]
        if first == 0 || first == 127 || first >= 224 { return false }
        if ownAddresses.contains(address) || address == settings.location.address { return false }
        return !settings.subnets.contains { $0.network.isReserved(address) }
    }

    private func index(of address: IPv4Address) -> Int? {
        settings.subnets.firstIndex { $0.network.contains(address) }
    }

    /// Whether a client that names `address` means this server.
    func isOwn(_ address: IPv4Address, message: DHCPMessage) -> Bool {
        address == settings.location.address || ownAddresses.contains(address)
            || address == message.relayServerIdentifierOverride
    }
}
