import BootCore
import Logging

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

    /// - Parameter machine: what is known of the machine at the client's address.
    init(_ finished: FinishedExchange, machine: Machine?) {
        let request = finished.request
        let event = finished.reply?.event ?? Self.withoutReply(status: finished.status)
        metadata = [
            "ip": "\(request.client)", "status": "\(finished.status)", "bytes": "\(finished.byteCount)",
            "ms": "\(Int64(finished.duration / .milliseconds(1)))",
        ]
        if let mac = machine?.mac { metadata["mac"] = "\(mac)" }
        if let agent = request.userAgent { metadata["agent"] = "\(LogText.visible(agent, limit: 64))" }
        if let range = request.range { metadata["range"] = "\(LogText.visible(range, limit: 64))" }
        if request.method == .head { metadata["method"] = "HEAD" }
        if case .aborted(let why) = finished.outcome { metadata["aborted"] = "\(why)" }
        switch event {
        case .file(let path):
            (level, message) = (.info, "http sent")
            metadata["file"] = "\(path)"
        case .script(let entry, let ignored):
            (level, message) = (.info, "http script")
            metadata["boots"] = "\(entry)"
            if let serial = machine?.serial { metadata["serial"] = "\(LogText.visible(serial, limit: 64))" }
            if !ignored.isEmpty { metadata["ignored"] = "\(ignored.joined(separator: ", "))" }
        case .notFound(let path, let reason):
            (level, message) = (Self.isProbe(path) ? .info : .warning, "http not found")
            metadata["file"] = "\(path)"
            metadata["reason"] = "\(reason)"
        case .refused(let reason):
            (level, message) = (.warning, "http refused")
            metadata["target"] =
                "\(LogText.visible(String(decoding: request.target, as: UTF8.self), limit: 256))"
            metadata["reason"] = "\(LogText.visible(reason, limit: 256))"
        case .failed(let reason):
            (level, message) = (.error, "http failed")
            metadata["target"] =
                "\(LogText.visible(String(decoding: request.target, as: UTF8.self), limit: 256))"
            metadata["reason"] = "\(LogText.visible(reason, limit: 256))"
        case .leftToLocalDisk:
            (level, message) = (.info, "http refused")
            metadata["reason"] = "this machine is to boot from its disk"
        case .health:
            (level, message) = (.debug, "http health")
        }
    }

    /// The library refuses by itself what is too long or no HTTP.
    private static func withoutReply(status: Int) -> HTTPEvent {
        .refused(
            reason: status == 0 ? "the request was never finished" : "not HTTP as we know it, or too long")
    }

    /// Loaders look for a configuration of their own under a dozen names, and most are not there.
    private static func isProbe(_ path: String) -> Bool {
        path.contains("pxelinux.cfg/") || path.contains("grub.cfg") || path.hasSuffix(".lst")
            || path.hasSuffix("autoexec.ipxe")
    }
}

enum LogText {
    /// A client's text, without what could break a line or a terminal, and not longer than `limit` characters.
    static func visible(_ text: String, limit: Int) -> String {
        let cut = text.unicodeScalars.prefix(limit).map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "." : Character(scalar)
        }
        return String(cut) + (text.unicodeScalars.count > limit ? "…" : "")
    }
}
