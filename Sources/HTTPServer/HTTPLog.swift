import BootCore
import BootFiles
import Logging
import Wire

/// How a request ended.
enum HTTPOutcome: Equatable, Sendable {
    case complete
    /// The client went away, or stood still for too long, or we are stopping.
    case aborted(why: String)
}

/// What the log says of one request: one line.
struct HTTPLogLine: Equatable {
    var level: Logger.Level
    var message: Logger.Message
    var metadata: Logger.Metadata

    init(_ finished: FinishedExchange) {
        let event = finished.event ?? Self.withoutReply(status: finished.status)
        (level, message) = Self.heading(of: event)
        metadata = [
            "ip": "\(finished.request.client)", "status": "\(finished.status)",
            "bytes": "\(finished.byteCount)",
            "ms": "\(Int64(finished.duration / .milliseconds(1)))",
        ]
        if let mac = finished.machine?.mac { metadata["mac"] = "\(mac)" }
        if finished.request.method == .head { metadata["method"] = "HEAD" }
        add("agent", finished.request.userAgent)
        add("range", finished.request.range)
        if case .aborted(let why) = finished.outcome { add("aborted", why) }
        switch event {
        case .file(let path):
            add("file", path)
        case .script(let entry, let ignored):
            add("boots", entry)
            add("serial", finished.machine?.serial)
            add("ignored", ignored.isEmpty ? nil : ignored.joined(separator: ", "))
        case .notFound(let path, let reason):
            add("file", path)
            add("reason", reason)
        case .refused(let reason), .failed(let reason):
            add("target", String(decoding: finished.request.target, as: UTF8.self))
            add("reason", reason)
        case .leftToLocalDisk:
            add("reason", "this machine is to boot from its disk")
        case .join(let boots, _, let ignored):
            add("boots", boots)
            add("serial", finished.machine?.serial)
            add("ignored", ignored.isEmpty ? nil : ignored.joined(separator: ", "))
        case .report(let report):
            metadata["mac"] = "\(report.mac)"
            add("stage", report.stage.rawValue)
            add("entry", report.entry.isEmpty ? nil : report.entry)
            add("detail", report.detail.isEmpty ? nil : report.detail)
        case .ownFile(let name):
            add("file", name)
        case .joinRefused(let reason), .notReady(let reason):
            add("reason", reason)
        case .health, .journal:
            break
        }
    }

    private mutating func add(_ key: String, _ text: String?) {
        if let text { metadata[key] = .string(LogText.visible(text, limit: 256)) }
    }

    private static func heading(of event: HTTPEvent) -> (Logger.Level, Logger.Message) {
        switch event {
        case .file: (.info, "http sent")
        case .script: (.info, "http script")
        case .notFound(let path, _): (isProbe(path) ? .info : .warning, "http not found")
        case .refused: (.warning, "http refused")
        case .failed: (.error, "http failed")
        case .leftToLocalDisk: (.info, "http refused")
        case .health: (.debug, "http health")
        case .join(_, let isSignature, _): (.info, isSignature ? "join signature" : "join manifest")
        case .joinRefused: (.warning, "join refused")
        case .report: (.info, "join report")
        case .journal: (.debug, "http journal")
        case .ownFile: (.info, "http sent")
        case .notReady: (.info, "http not ready")
        }
    }

    /// The library refuses by itself what is too long or no HTTP.
    private static func withoutReply(status: Int) -> HTTPEvent {
        .refused(
            reason: status == 0 ? "the request was never finished" : "not HTTP as we know it, or too long")
    }

    private static func isProbe(_ path: String) -> Bool {
        (try? BootPath(path))?.isRoutineProbe ?? false
    }
}

enum LogText {
    /// A client's text, without what could break a line or a terminal, and not longer than `limit` characters.
    static func visible(_ text: String, limit: Int) -> String {
        let cut = String(text.unicodeScalars.prefix(limit))
        return harmlessText(cut) + (cut.utf8.count < text.utf8.count ? "…" : "")
    }
}
