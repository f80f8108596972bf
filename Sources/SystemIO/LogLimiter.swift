/// Holds back log lines that anybody on the network can cause: of each kind so many are written, the rest is
/// counted, and one line a minute tells the counts.
public struct LogLimiter<Kind: Hashable & Sendable>: Sendable {
    private struct Count {
        var shown = 0
        var heldBack = 0
    }

    private var counts: [Kind: Count] = [:]
    /// When `endPeriod` is to be called.
    public private(set) var deadline: Duration?

    public static var burst: Int { 50 }
    public static var period: Duration { .seconds(60) }

    public init() {}

    /// Whether a line of this kind is to be written now.
    public mutating func admits(_ kind: Kind, at now: Duration) -> Bool {
        if deadline == nil { deadline = now + Self.period }
        guard counts[kind, default: Count()].shown < Self.burst else {
            counts[kind]?.heldBack += 1
            return false
        }
        counts[kind, default: Count()].shown += 1
        return true
    }

    /// How many lines of each kind were held back since the last call.
    ///
    /// A kind of which some were has no further lines in the period that begins now.
    public mutating func endPeriod(at now: Duration) -> [Kind: Int] {
        let heldBack = counts.mapValues(\.heldBack).filter { $0.value > 0 }
        counts = heldBack.mapValues { _ in Count(shown: Self.burst) }
        deadline = heldBack.isEmpty ? nil : now + Self.period
        return heldBack
    }
}
