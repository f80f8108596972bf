import ArgumentParser
import Logging
import SystemIO
import Wire

/// How log lines are written to standard error.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people at a terminal: time, level, event, details.
    case text
    /// For journald: its own level prefix, and no time because it keeps that itself.
    case plain
    /// One JSON object a line.
    case json

    /// Text on a terminal or in a file, plain when standard error is journald's.
    static var automatic: LogFormat { StandardError.isJournal ? .plain : .text }
}

/// Writes each event as one line, in one write, so that lines of several threads do not mix.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    private let format: LogFormat
    private let isTerminal: Bool

    init(format: LogFormat, level: Logger.Level, isTerminal: Bool = StandardError.isTerminal) {
        self.format = format
        self.isTerminal = isTerminal
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { StandardError.write(line(for: event, at: .now) + "\n") }

    func line(for event: LogEvent, at time: WallClock) -> String {
        let details = Self.ordered(metadata.merging(event.metadata ?? [:]) { $1 })
        return switch format {
        case .text: text(event, details, time)
        case .plain: Self.plain(event, details)
        case .json: Self.json(event, details, time)
        }
    }

    private func text(
        _ event: LogEvent, _ details: [(key: String, value: String)], _ time: WallClock
    ) -> String {
        let level = Self.levelName(event.level).padded(to: 7)
        let head =
            "\(time.localTimeOfDay) \(coloured(level, event.level)) \(event.message.description.padded(to: 15))"
        return ([head] + details.map { "\($0.key)=\(Self.quoted($0.value))" }).joined(separator: " ")
    }

    private static func plain(_ event: LogEvent, _ details: [(key: String, value: String)]) -> String {
        (["<\(syslogPriority(event.level))>\(event.message.description)"]
            + details.map { "\($0.key)=\(quoted($0.value))" }).joined(separator: " ")
    }

    private static func json(
        _ event: LogEvent, _ details: [(key: String, value: String)], _ time: WallClock
    ) -> String {
        let fixed = [
            ("time", time.rfc3339), ("level", levelName(event.level)),
            ("message", event.message.description),
        ]
        let fields = (fixed + details.map { ($0.key, $0.value) }).map {
            "\(JSONText($0)):\(jsonValue($0, $1))"
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    /// Counts stay numbers, so that a log's reader can add them up.
    private static func jsonValue(_ key: String, _ value: String) -> String {
        ["bytes", "ms", "status", "port", "count", "retransmissions"].contains(key) && Int(value) != nil
            ? value : "\(JSONText(value))"
    }

    /// Who comes first, then what, then the rest by name.
    private static func ordered(_ metadata: Logger.Metadata) -> [(key: String, value: String)] {
        let first = ["mac", "ip", "hostname", "arch", "stage", "profile", "file", "status", "bytes", "ms"]
        func rank(_ key: String) -> Int { first.firstIndex(of: key) ?? first.count }
        return metadata.map { (key: $0.key, value: $0.value.description) }
            .sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
    }

    private func coloured(_ text: String, _ level: Logger.Level) -> String {
        guard isTerminal else { return text }
        switch level {
        case .trace, .debug: return "\u{1b}[2m\(text)\u{1b}[0m"
        case .info, .notice: return text
        case .warning: return "\u{1b}[33m\(text)\u{1b}[0m"
        case .error, .critical: return "\u{1b}[31m\(text)\u{1b}[0m"
        }
    }

    private static func levelName(_ level: Logger.Level) -> String { level.rawValue }

    private static func syslogPriority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// Quotes what is empty or has a space, a quote, a backslash or an equals sign in it, so that no value can pass
    /// for another field.
    private static func quoted(_ value: String) -> String {
        let line = harmlessText(value)
        guard line.isEmpty || line.contains(where: { " \"\\=".contains($0) }) else { return line }
        return "\"" + line.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
