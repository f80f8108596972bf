import Wire

/// Shows downloads: a bar that is redrawn on a terminal, a line now and then elsewhere.
public struct ProgressReporter {
    public enum Style: Equatable, Sendable {
        /// - Parameter width: in columns.
        case terminal(width: Int)
        case lines
        case silent
    }

    private let style: Style
    private let write: (String) -> Void
    private var meter: ProgressMeter?
    private var shownAt: ContinuousClock.Instant?
    private var shownPercent = 0

    public init(style: Style, write: @escaping (String) -> Void) {
        self.style = style
        self.write = write
    }

    public mutating func take(_ event: FetchEvent, at now: ContinuousClock.Instant) {
        switch event {
        case .started(let artifact, let byteCount):
            let meter = ProgressMeter(label: artifact.label, total: byteCount, at: now)
            self.meter = meter
            shownAt = nil
            shownPercent = 0
            let size = byteCount.map { " (\(byteText($0)))" } ?? ""
            if style == .lines {
                line("\(artifact.label): \(harmlessText(artifact.url.description))\(size)", at: now)
            }
        case .progress(let received):
            meter?.advance(to: received, at: now)
            show(at: now)
        case .interrupted(let words, let pause):
            line("\(harmlessText(words)); again in \(tenths(pause / .seconds(1))) s", at: now)
        case .finished(let fetched):
            meter?.advance(to: fetched.byteCount, at: now)
            let verified =
                fetched.isVerified ? ", SHA-256 verified" : ", SHA-256 \(fetched.sha256) (not verified)"
            if let meter { line(meter.summary + verified, at: now) }
            meter = nil
        }
    }

    private mutating func show(at now: ContinuousClock.Instant) {
        guard let meter else { return }
        let since = shownAt.map { now - $0 }
        switch style {
        case .terminal(let width):
            if let since, since < .milliseconds(100) { return }
            shownAt = now
            write("\r" + meter.bar(width: width) + "\u{1b}[K")
        case .lines:
            guard let since else { return }
            let hasStep = (meter.percent ?? 0) >= shownPercent + 10 && since >= .seconds(1)
            guard hasStep || since >= .seconds(5) else { return }
            line(meter.line, at: now)
        case .silent: break
        }
    }

    /// A line of its own, in the bar's place.
    private mutating func line(_ text: String, at now: ContinuousClock.Instant) {
        shownAt = now
        shownPercent = meter?.percent ?? 0
        switch style {
        case .terminal: write("\r" + text + "\u{1b}[K\n")
        case .lines: write(text + "\n")
        case .silent: break
        }
    }
}
