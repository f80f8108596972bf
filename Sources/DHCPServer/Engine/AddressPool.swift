import Wire

/// Who asks for an address, and which one the configuration keeps for it.
struct AddressClaim: Equatable, Sendable {
    var client: ClientIdentity
    var reservation: IPv4Address?
}

/// Why no address can be offered.
enum AllocationFailure: Error, Equatable {
    case exhausted
}

/// The addresses of one subnet and their leases.
///
/// Nothing here takes longer for a larger pool: never-used addresses are found by a cursor that only goes
/// forward, expired ones by a heap.
struct AddressPool: Sendable {
    let network: IPv4Network
    private let ranges: [IPv4Range]
    /// Never given out: the server's own addresses, routers.
    private let excluded: [IPv4Address]
    /// Given to one machine alone.
    private let reserved: Set<IPv4Address>

    private var records: [IPv4Address: Record] = [:]
    private var addressByClient: [ClientIdentity: IPv4Address] = [:]
    private var expiries = ExpiryQueue()
    private var offers = TimedHolds(limit: maximumOffers)
    private var quarantines: TimedHolds
    /// Where to look for a never-used address next.
    private var cursor: (range: Int, address: IPv4Address)?

    private struct Record: Sendable {
        var lease: Lease
        /// The time of its valid entry in `expiries`; nil for addresses outside the ranges and reserved ones.
        var queuedAt: UnixTime?
        /// What the client had when it was offered this one.
        var replaces: IPv4Address?
    }

    /// How long an offered address is held. The Raspberry Pi's ROM takes it without ever asking for it.
    static let offerSeconds: Int64 = 90
    static let maximumOffers = 4096
    static let quarantineSeconds: Int64 = 600

    init(
        network: IPv4Network, ranges: [IPv4Range], excluded: Set<IPv4Address>, reserved: Set<IPv4Address>
    ) {
        self.network = network
        self.ranges = ranges
        self.excluded = Array(excluded)
        self.reserved = reserved
        // A liar must not be able to take the whole pool out of use.
        quarantines = TimedHolds(limit: max(8, ranges.reduce(0) { $0 + $1.count } / 4))
        cursor = ranges.first.map { (0, $0.first) }
    }

    /// All that is known, for a successor with other settings.
    var leases: [Lease] { records.values.map(\.lease) }

    func lease(at address: IPv4Address) -> Lease? { records[address]?.lease }

    /// What `client` has or had last.
    func lease(of client: ClientIdentity) -> Lease? { addressByClient[client].flatMap { lease(at: $0) } }

    // MARK: Who may have what

    /// Whether `address` may ever be `claim`'s.
    func permits(_ address: IPv4Address, for claim: AddressClaim) -> Bool {
        if excluded.contains(address) || network.isReserved(address) { return false }
        if claim.reservation == address { return network.contains(address) }
        return isPooled(address)
    }

    /// Whether `address` is not in use by anybody but `client`.
    func isFree(_ address: IPv4Address, for client: ClientIdentity, at now: UnixTime) -> Bool {
        guard let lease = records[address]?.lease else { return true }
        return lease.expires <= now || (lease.client == client && lease.state != .declined)
    }

    /// Whether `client` has or had `address`, and nobody since.
    func isKnown(_ address: IPv4Address, for client: ClientIdentity) -> Bool {
        guard let lease = records[address]?.lease else { return false }
        return lease.client == client && lease.state != .declined
    }

    /// In a range and for anybody.
    private func isPooled(_ address: IPv4Address) -> Bool {
        ranges.contains { $0.contains(address) } && !excluded.contains(address) && !reserved.contains(address)
            && !network.isReserved(address)
    }

    /// The address that `claim` would get now: its reservation, what it had before, what it wishes, one that was
    /// never used, the one that expired longest ago.
    mutating func candidate(
        for claim: AddressClaim, wish: IPv4Address?, at now: UnixTime
    ) throws(AllocationFailure) -> IPv4Address {
        if let reservation = claim.reservation, permits(reservation, for: claim),
            isFree(reservation, for: claim.client, at: now)
        {
            return reservation
        }
        if let former = addressByClient[claim.client], isKnown(former, for: claim.client),
            permits(former, for: claim)
        {
            return former
        }
        if let wish, permits(wish, for: claim), isFree(wish, for: claim.client, at: now) { return wish }
        if let fresh = neverUsed() ?? expiredLongestAgo(at: now) { return fresh }
        throw .exhausted
    }

    private mutating func neverUsed() -> IPv4Address? {
        while let (range, address) = cursor {
            if records[address] == nil, isPooled(address) { return address }
            if address < ranges[range].last {
                cursor = (range, IPv4Address(rawValue: address.rawValue + 1))
            } else {
                cursor = range + 1 < ranges.count ? (range + 1, ranges[range + 1].first) : nil
            }
        }
        return nil
    }

    private mutating func expiredLongestAgo(at now: UnixTime) -> IPv4Address? {
        while let entry = expiries.first, entry.time <= now {
            guard let record = records[entry.address], record.queuedAt == entry.time else {
                expiries.removeFirst()
                continue
            }
            if record.lease.expires <= now, record.lease.expires == entry.time { return entry.address }
            records[entry.address]?.queuedAt = record.lease.expires
            expiries.postponeFirst(to: record.lease.expires)
        }
        return nil
    }

    // MARK: What happens to leases

    /// Holds `address` for `client` until it asks for it. A lease that still runs stays as it is.
    ///
    /// - Returns: false when the oldest offer was withdrawn for it, for there are too many.
    @discardableResult
    mutating func offer(_ address: IPv4Address, to client: ClientIdentity, at now: UnixTime) -> Bool {
        let until = now + Self.offerSeconds
        let earlier = records[address].flatMap { $0.lease.client == client ? $0 : nil }
        if let lease = earlier?.lease, lease.state == .leased, lease.expires > now {
            if lease.expires < until { records[address]?.lease.expires = until }
            return true
        }
        let hasRoom = offers.contains(address) || !offers.isFull(at: now)
        if !hasRoom { withdrawOldestOffer(at: now) }
        let former = addressByClient[client]
        var lease = Lease(address: address, client: client, state: .offered, expires: until)
        lease.uuid = earlier?.lease.uuid
        store(lease, replacing: former == address ? earlier?.replaces : former)
        offers.hold(address, until: until)
        return hasRoom
    }

    /// A flood of DISCOVERs must not keep machines out while there are free addresses. Who was too slow still gets
    /// its address unless somebody else got it meanwhile.
    private mutating func withdrawOldestOffer(at now: UnixTime) {
        guard let address = offers.releaseOldest(), let lease = lease(at: address) else { return }
        withdraw(lease, at: now)
    }

    /// The client has chosen another server: what was held for it is free.
    mutating func withdrawOffer(to client: ClientIdentity, at now: UnixTime) {
        guard let lease = lease(of: client) else { return }
        withdraw(lease, at: now)
    }

    private mutating func withdraw(_ lease: Lease, at now: UnixTime) {
        guard lease.state == .offered else { return }
        var lease = lease
        lease.expires = min(lease.expires, now)
        let current = addressByClient[lease.client]
        store(lease, replacing: records[lease.address]?.replaces)
        // It may have another by now.
        addressByClient[lease.client] = current
        offers.release(lease.address)
    }

    /// Gives `lease.address` to `lease.client`.
    ///
    /// - Returns: the leases as they now are to be on disk.
    mutating func commit(_ lease: Lease, at now: UnixTime) -> [Lease] {
        var changes: [Lease] = []
        for former in [addressByClient[lease.client], records[lease.address]?.replaces] {
            guard let former, former != lease.address, var old = records[former]?.lease,
                old.client == lease.client, old.state == .leased, old.expires > now
            else { continue }
            old.state = .released
            old.expires = now
            store(old)
            changes.append(old)
        }
        store(lease)
        offers.release(lease.address)
        changes.append(lease)
        return changes
    }

    /// Takes `address` back; nil when it is not `client`'s to give.
    mutating func release(_ address: IPv4Address, by client: ClientIdentity, at now: UnixTime) -> Lease? {
        guard isKnown(address, for: client), var lease = lease(at: address), lease.expires > now else {
            return nil
        }
        lease.state = .released
        lease.expires = now
        store(lease)
        offers.release(address)
        return lease
    }

    /// Keeps `address` from everybody for a while; nil when it was not `client`'s to complain of, or when too
    /// many addresses are out of use already.
    mutating func quarantine(_ address: IPv4Address, by client: ClientIdentity, at now: UnixTime) -> Lease? {
        guard isKnown(address, for: client), var lease = lease(at: address), !quarantines.isFull(at: now)
        else { return nil }
        lease.state = .declined
        lease.expires = now + Self.quarantineSeconds
        store(lease)
        offers.release(address)
        quarantines.hold(address, until: lease.expires)
        return lease
    }

    /// Takes in leases from disk or from a pool with other settings.
    mutating func restore(_ leases: [Lease]) {
        // A client's last lease comes last, and so is the one that it is known by.
        for lease in leases.sorted(by: { $0.expires < $1.expires }) {
            store(lease)
            switch lease.state {
            case .offered: offers.hold(lease.address, until: lease.expires)
            case .declined: quarantines.hold(lease.address, until: lease.expires)
            case .leased, .released: break
            }
        }
    }

    private mutating func store(_ lease: Lease, replacing former: IPv4Address? = nil) {
        let before = records[lease.address]
        if let before, before.lease.client != lease.client || lease.state == .declined,
            addressByClient[before.lease.client] == lease.address
        {
            addressByClient[before.lease.client] = nil
        }
        var queuedAt = before?.queuedAt
        if isPooled(lease.address), queuedAt.map({ lease.expires < $0 }) ?? true {
            queuedAt = lease.expires
            expiries.insert(lease.address, at: lease.expires)
        }
        records[lease.address] = Record(lease: lease, queuedAt: queuedAt, replaces: former)
        if lease.state != .declined { addressByClient[lease.client] = lease.address }
        if expiries.count > 2 * records.count + 1024 { rebuildExpiries() }
    }

    /// Drops the entries that releases and withdrawals have left behind.
    private mutating func rebuildExpiries() {
        expiries.removeAll()
        for (address, record) in records where record.queuedAt != nil {
            records[address]?.queuedAt = record.lease.expires
            expiries.insert(address, at: record.lease.expires)
        }
    }
}
