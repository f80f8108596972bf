import Wire

/// One rule's finding.
public struct PreflightLine: Equatable, Sendable {
    public enum Status: String, Sendable {
        case pass
        case warn
        case fail
    }

    /// What was looked at, in one or two words.
    public var check: String
    public var status: Status
    public var found: String
    /// What a person can do, or should know.
    public var advice: String?

    static func pass(_ check: String, _ found: String, _ advice: String? = nil) -> PreflightLine {
        PreflightLine(check: check, status: .pass, found: found, advice: advice)
    }

    static func warn(_ check: String, _ found: String, _ advice: String) -> PreflightLine {
        PreflightLine(check: check, status: .warn, found: found, advice: advice)
    }

    static func fail(_ check: String, _ found: String, _ advice: String) -> PreflightLine {
        PreflightLine(check: check, status: .fail, found: found, advice: advice)
    }
}

public struct PreflightReport: Equatable, Sendable {
    public var lines: [PreflightLine]

    public init(lines: [PreflightLine]) { self.lines = lines }

    public enum Verdict: Equatable, Sendable {
        case go
        /// There are warnings, and nobody said `--force`.
        case stopped(warnings: Int)
        /// No `--force` helps.
        case refused(failures: Int)
    }

    public func verdict(force: Bool) -> Verdict {
        let failures = lines.filter { $0.status == .fail }.count
        let warnings = lines.filter { $0.status == .warn }.count
        if failures > 0 { return .refused(failures: failures) }
        return warnings > 0 && !force ? .stopped(warnings: warnings) : .go
    }

    /// A table: status, check, finding, and the advice beneath it.
    ///
    /// - Parameters:
    ///   - colour: for a terminal that shows it.
    ///   - width: columns after which advice is wrapped.
    public func table(colour: Bool, width: Int = 80) -> String {
        let indent = 6 + (lines.map(\.check.count).max() ?? 0) + 2
        var text = ""
        for line in lines {
            let status = line.status.rawValue.padded(to: 6)
            text +=
                (colour ? line.status.colour + status + "\u{1b}[0m" : status)
                + line.check.padded(to: indent - 6)
            text += plain(line.found).wrapped(width: width, indent: indent) + "\n"
            guard let advice = line.advice else { continue }
            let start = String(repeating: " ", count: indent)
            text += start + plain(advice).wrapped(width: width, indent: indent) + "\n"
        }
        return text
    }

    /// `{"verdict":"warn","lines":[{"check":…,"status":…,"found":…,"advice":…}]}`; the verdict is the worst status.
    public var json: String {
        let worst: PreflightLine.Status =
            switch verdict(force: false) {
            case .go: .pass
            case .stopped: .warn
            case .refused: .fail
            }
        let items = lines.map { line in
            var members = [
                "\"check\":\(JSONText(line.check))", "\"status\":\(JSONText(line.status.rawValue))",
                "\"found\":\(JSONText(line.found))",
            ]
            if let advice = line.advice { members.append("\"advice\":\(JSONText(advice))") }
            return "{\(members.joined(separator: ","))}"
        }
        return "{\"verdict\":\(JSONText(worst.rawValue)),\"lines\":[\(items.joined(separator: ","))]}"
    }

    /// Serial consoles show no more than ASCII.
    private func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { (0x20..<0x7f).contains($0.value) ? $0 : "?" }))
    }
}

extension PreflightLine.Status {
    fileprivate var colour: String {
        switch self {
        case .pass: "\u{1b}[32m"
        case .warn: "\u{1b}[33m"
        case .fail: "\u{1b}[31m"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }

    /// Breaks at spaces; the first line begins at column `indent`, as the others do.
    fileprivate func wrapped(width: Int, indent: Int) -> String {
        var lines = [""]
        for word in split(separator: " ") {
            let last = lines.count - 1
            if lines[last].isEmpty {
                lines[last] = String(word)
            } else if indent + lines[last].count + 1 + word.count <= width {
                lines[last] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }
}
