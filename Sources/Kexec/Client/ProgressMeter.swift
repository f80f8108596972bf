/// How far a transfer is, in words. It reads no clock: times are handed in.
public struct ProgressMeter: Sendable {
    public let label: String
    /// In bytes; nil when nobody knows.
    public let total: Int64?
    public private(set) var received: Int64 = 0
    private let start: ContinuousClock.Instant
    /// Where the rate is measured from: about the last five seconds.
    private var samples: [(time: ContinuousClock.Instant, received: Int64)]
    private var now: ContinuousClock.Instant

    public init(label: String, total: Int64?, at now: ContinuousClock.Instant) {
        self.label = label
        self.total = total
        start = now
        self.now = now
        samples = [(now, 0)]
    }

    public mutating func advance(to received: Int64, at now: ContinuousClock.Instant) {
        if received < self.received { samples = [] }
        self.received = received
        self.now = now
        if let last = samples.last, now - last.time < .milliseconds(250) { return }
        samples.append((now, received))
        if samples.count > 20 { samples.removeFirst() }
    }

    /// From 0 to 100; nil when the total is not known.
    public var percent: Int? {
        guard let total else { return nil }
        return total > 0 ? Int(min(100, Double(received) * 100 / Double(total))) : 100
    }

    /// In bytes a second, of late; 0 before anything can be told.
    var rate: Double {
        guard let first = samples.first else { return 0 }
        let seconds = (now - first.time) / .seconds(1)
        return seconds > 0 ? max(0, Double(received - first.received) / seconds) : 0
    }

    /// Nil when nobody can tell.
    var secondsLeft: Int? {
        guard let total, rate >= 1 else { return nil }
        return Int(min(360_000, (Double(max(0, total - received)) / rate).rounded(.up)))
    }

    /// `initrd  [#####     ]  45%  12.3/27.0 MiB  10.5 MiB/s  0:02 left`, as wide as `width` allows.
    public func bar(width: Int) -> String {
        let numbers = ([percent.map { "\(Self.padded($0))%" }, amount, rateText] + [leftText])
            .compactMap { $0 }.joined(separator: "  ")
        let room = width - 1 - label.utf8.count - numbers.utf8.count - 6
        guard let percent, room >= 10 else {
            return String("\(label)  \(numbers)".prefix(max(10, width - 1)))
        }
        let length = min(40, room)
        let done = length * percent / 100
        let bar = String(repeating: "#", count: done) + String(repeating: " ", count: length - done)
        return "\(label)  [\(bar)]  \(numbers)"
    }

    /// The same without a bar, for a file or a log.
    public var line: String {
        "\(label): "
            + [percent.map { "\($0)%" }, amount, rateText, leftText].compactMap { $0 }.joined(separator: ", ")
    }

    /// What it took as a whole: `initrd: 27.0 MiB in 2.6 s (10.4 MiB/s)`.
    public var summary: String {
        let seconds = (now - start) / .seconds(1)
        let rate = seconds > 0.001 ? " (\(byteText(Int64(Double(received) / seconds)))/s)" : ""
        return "\(label): \(byteText(received)) in \(tenths(seconds)) s\(rate)"
    }

    private var amount: String {
        guard let total else { return byteText(received) }
        let unit = byteUnit(of: total)
        return "\(tenths(Double(received) / unit.bytes))/\(tenths(Double(total) / unit.bytes)) \(unit.name)"
    }

    private var rateText: String? { rate >= 1 ? "\(byteText(Int64(rate)))/s" : nil }

    private var leftText: String? {
        secondsLeft.map { left in
            let (minutes, seconds) = (left / 60, left % 60)
            return "\(minutes):\(seconds < 10 ? "0" : "")\(seconds) left"
        }
    }

    private static func padded(_ percent: Int) -> String {
        String(repeating: " ", count: max(0, 3 - String(percent).utf8.count)) + String(percent)
    }
}

/// `12.3 MiB`.
public func byteText(_ bytes: Int64) -> String {
    let unit = byteUnit(of: bytes)
    return unit.bytes == 1 ? "\(bytes) bytes" : "\(tenths(Double(bytes) / unit.bytes)) \(unit.name)"
}

private func byteUnit(of bytes: Int64) -> (bytes: Double, name: String) {
    switch bytes {
    case ..<1024: (1, "bytes")
    case ..<(1 << 20): (1024, "KiB")
    case ..<(1 << 30): (1_048_576, "MiB")
    default: (1_073_741_824, "GiB")
    }
}

func tenths(_ value: Double) -> String {
    let scaled = Int64((value * 10).rounded())
    return "\(scaled / 10).\(abs(scaled % 10))"
}
