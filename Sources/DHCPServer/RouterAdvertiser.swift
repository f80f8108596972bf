import SystemIO

/// Answers router solicitations with "no router" once a second at most, which all that asked meanwhile hear.
///
/// iPXE waits some twenty seconds for an answer on subnets without an IPv6 router (docs/booting.md).
struct RouterAdvertiser {
    private var due: ContinuousClock.Instant?
    private var mayNext: ContinuousClock.Instant?

    static let period = Duration.seconds(1)

    /// When the next advertisement has to go out; nil when nobody has asked.
    var deadline: ContinuousClock.Instant? { due }

    mutating func solicited(at now: ContinuousClock.Instant) {
        if due == nil { due = max(now, mayNext ?? now) }
    }

    /// Whether an advertisement is to be sent now.
    mutating func mustAdvertise(at now: ContinuousClock.Instant) -> Bool {
        guard let due, due <= now else { return false }
        self.due = nil
        mayNext = now + Self.period
        return true
    }
}
