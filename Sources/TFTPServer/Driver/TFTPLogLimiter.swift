/// Holds back log lines that anybody on the network can cause: of each kind so many are written, the rest is
/// counted, and one line a minute tells the counts.
struct TFTPLogLimiter: Sendable {
    /// What a line is about; its name is the count's in the summary.
    enum Kind: String, CaseIterable, Sendable {
        case notFound = "not-found"
        case localBoot = "local-boot"
        case notOpened = "not-opened"
        case path, write, mail, malformed
        case unknownTransfer = "unknown-transfer"
        case tooManyTransfers = "too-many-transfers"
        case noSocket = "no-socket"
        case neverAnswered = "never-answered"
        case displaced
        case abandoned
    }

    private struct Count {
        var shown = 0
        var heldBack = 0
    }

    private var counts: [Kind: Count] = [:]
    /// When `endPeriod` is to be called.
    private(set) var deadline: Duration?

    static let burst = 50
    static let period = Duration.seconds(60)

    /// Whether a line of this kind is to be written now.
    mutating func admits(_ kind: Kind, at now: Duration) -> Bool {
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
    mutating func endPeriod(at now: Duration) -> [Kind: Int] {
        let heldBack = counts.mapValues(\.heldBack).filter { $0.value > 0 }
        counts = heldBack.mapValues { _ in Count(shown: Self.burst) }
        deadline = heldBack.isEmpty ? nil : now + Self.period
        return heldBack
    }
}
