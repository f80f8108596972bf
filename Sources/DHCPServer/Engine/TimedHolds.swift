import Wire

/// A bounded set of addresses that are held until a time: offers under way, quarantines.
struct TimedHolds: Sendable {
    let limit: Int
    private var untilByAddress: [IPv4Address: UnixTime] = [:]
    private var sweptAt = UnixTime(rawValue: .min)

    init(limit: Int) { self.limit = limit }

    /// Whether there is no room for one more.
    mutating func isFull(at now: UnixTime) -> Bool {
        guard untilByAddress.count >= limit else { return false }
        // Once a second at most, for a flood of requests must not make each of them cost a sweep.
        if sweptAt != now {
            sweptAt = now
            untilByAddress = untilByAddress.filter { $0.value > now }
        }
        return untilByAddress.count >= limit
    }

    mutating func hold(_ address: IPv4Address, until time: UnixTime) { untilByAddress[address] = time }

    mutating func release(_ address: IPv4Address) { untilByAddress[address] = nil }

    func contains(_ address: IPv4Address) -> Bool { untilByAddress[address] != nil }
}
