import Wire

/// Lets each kind of line through once a minute, and few kinds at a time.
struct LogLimiter {
    private var entries: [String: (until: ContinuousClock.Instant, repeats: Int)] = [:]
    private var maySweep: ContinuousClock.Instant?
    /// Lines that are left out and will be told of by no later line's count of repeats.
    private(set) var leftOut = 0

    static let period = Duration.seconds(60)
    static let maximumKinds = 512
    /// How often all kinds are gone through for those that are over.
    static let sweepPeriod = Duration.seconds(1)

    /// Nil when the line is to be left out; else how often it was since it last came through.
    mutating func admit(_ kind: String, at now: ContinuousClock.Instant = .now) -> Int? {
        if let entry = entries[kind] {
            guard entry.until <= now else {
                entries[kind]?.repeats += 1
                return nil
            }
            entries[kind] = (now + Self.period, 0)
            return entry.repeats
        }
        guard hasRoom(at: now) else {
            leftOut += 1
            return nil
        }
        entries[kind] = (now + Self.period, 0)
        return 0
    }

    /// A flood of ever new kinds must not make each of them cost a walk through all.
    private mutating func hasRoom(at now: ContinuousClock.Instant) -> Bool {
        if entries.count < Self.maximumKinds { return true }
        if let maySweep, now < maySweep { return false }
        maySweep = now + Self.sweepPeriod
        entries = entries.filter { entry in
            if entry.value.until > now { return true }
            leftOut += entry.value.repeats
            return false
        }
        return entries.count < Self.maximumKinds
    }

    /// How many lines were left out since it was last asked.
    mutating func takeLeftOut() -> Int {
        defer { leftOut = 0 }
        return leftOut
    }
}

/// The lines that are different for each machine, and that a flood could write without end.
enum FloodableLine: String, CaseIterable, Sendable {
    case offer
    case acknowledgment = "ack"
    /// At port 4011, or to an INFORM.
    case acknowledgmentWithoutLease = "ack-without-lease"
    case refusal = "nak"
    case release
    case decline

    init(_ reply: DHCPReply) {
        switch reply.type {
        case .offer: self = .offer
        case .acknowledgment: self = reply.yourAddress == .any ? .acknowledgmentWithoutLease : .acknowledgment
        default: self = .refusal
        }
    }
}

/// A token bucket for each kind of line, so that a flood of one leaves room for the others.
struct LineBudget {
    private var buckets: [FloodableLine: Bucket] = [:]
    private var leftOut: [FloodableLine: Int] = [:]

    private struct Bucket {
        var lines: Double
        var filled: ContinuousClock.Instant
    }

    /// Enough for some hundred machines that are switched on at once and ask three times for each of three stages.
    static let burst = 2000.0
    static let linesPerSecond = 4.0

    /// Whether a line of this kind may be written; counts it otherwise.
    mutating func admit(_ line: FloodableLine, at now: ContinuousClock.Instant = .now) -> Bool {
        var bucket = buckets[line] ?? Bucket(lines: Self.burst, filled: now)
        let gained = (now - bucket.filled) / .seconds(1) * Self.linesPerSecond
        bucket.lines = min(Self.burst, bucket.lines + gained)
        bucket.filled = now
        let isAdmitted = bucket.lines >= 1
        if isAdmitted { bucket.lines -= 1 } else { leftOut[line, default: 0] += 1 }
        buckets[line] = bucket
        return isAdmitted
    }

    /// How many lines were left out since it was last asked, by kind.
    mutating func takeLeftOut() -> [FloodableLine: Int] {
        defer { leftOut = [:] }
        return leftOut
    }
}
