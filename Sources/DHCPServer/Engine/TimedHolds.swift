import Wire

/// A bounded set of addresses that are held until a time: offers under way, quarantines.
struct TimedHolds: Sendable {
    let limit: Int
    private var holds: [IPv4Address: Hold] = [:]
    /// In the order in which they were held; those that `holds` has no longer, or held anew, are void.
    private var queue: [Entry] = []
    private var queueStart = 0
    private var lastNumber = 0
    private var sweptAt = UnixTime(rawValue: .min)

    private struct Hold {
        var until: UnixTime
        var number: Int
    }

    private struct Entry {
        var address: IPv4Address
        var number: Int
    }

    init(limit: Int) { self.limit = limit }

    /// Whether there is no room for one more.
    mutating func isFull(at now: UnixTime) -> Bool {
        guard holds.count >= limit else { return false }
        // Once a second at most, for a flood of requests must not make each of them cost a sweep.
        if sweptAt != now {
            sweptAt = now
            holds = holds.filter { $0.value.until > now }
        }
        return holds.count >= limit
    }

    mutating func hold(_ address: IPv4Address, until time: UnixTime) {
        lastNumber += 1
        holds[address] = Hold(until: time, number: lastNumber)
        queue.append(Entry(address: address, number: lastNumber))
        if queue.count > 2 * holds.count + 64 { dropVoidEntries() }
    }

    mutating func release(_ address: IPv4Address) { holds[address] = nil }

    /// Releases the address that has been held longest, and names it.
    mutating func releaseOldest() -> IPv4Address? {
        while queueStart < queue.count {
            let entry = queue[queueStart]
            queueStart += 1
            guard isValid(entry) else { continue }
            release(entry.address)
            return entry.address
        }
        return nil
    }

    func contains(_ address: IPv4Address) -> Bool { holds[address] != nil }

    private func isValid(_ entry: Entry) -> Bool { holds[entry.address]?.number == entry.number }

    private mutating func dropVoidEntries() {
        queue = queue[queueStart...].filter(isValid)
        queueStart = 0
    }
}
