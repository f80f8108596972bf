import BootCore
import BootFiles
import Logging
import SystemIO
import Wire

/// The words for what happens: one line for each event.
struct TFTPLog {
    let logger: Logger
    let directory: MachineDirectory
    private var limiter = TFTPLogLimiter()

    init(logger: Logger, directory: MachineDirectory) {
        self.logger = logger
        self.directory = directory
    }

    /// When it is to be told of the time.
    var deadline: Duration? { limiter.deadline }

    /// Tells what was held back, once its time has come.
    mutating func timePassed(to now: Duration) {
        if let deadline = limiter.deadline, deadline <= now { tellHeldBack(at: now) }
    }

    /// Tells what was held back until now.
    mutating func tellHeldBack(at now: Duration) {
        let counts = limiter.endPeriod(at: now)
        guard !counts.isEmpty else { return }
        var metadata: Logger.Metadata = ["count": "\(counts.values.reduce(0, +))"]
        for (kind, count) in counts { metadata[kind.rawValue] = "\(count)" }
        logger.warning("tftp lines held back", metadata: metadata)
    }

    func ended(_ carrier: TFTPCarrier, _ summary: TFTPSummary) {
        var metadata = about(carrier.route.peer, file: carrier.path.text)
        metadata["bytes"] = "\(summary.bytes)"
        metadata["ms"] =
            "\(summary.duration.components.seconds * 1000 + summary.duration.components.attoseconds / 1_000_000_000_000_000)"
        switch summary.outcome {
        case .sizeProbe: logger.debug("tftp size probe", metadata: metadata)
        case .complete, .lastAcknowledgmentMissing, nil:
            metadata["blksize"] = "\(carrier.negotiation.blockSizeBytes)"
            metadata["window"] = "\(carrier.negotiation.windowSize)"
            metadata["retransmissions"] = "\(summary.retransmissions)"
            if summary.outcome == .lastAcknowledgmentMissing { metadata["last-ack"] = "missing" }
            logger.info("tftp sent", metadata: metadata)
        }
    }

    mutating func abandoned(
        _ carrier: TFTPCarrier, _ reason: TFTPAbandonment, _ summary: TFTPSummary, at now: Duration
    ) {
        guard admits(reason.kind, reason.level, at: now) else { return }
        var metadata = about(carrier.route.peer, file: carrier.path.text)
        metadata["bytes"] = "\(summary.bytes)"
        metadata["of"] = "\(carrier.file.byteCount)"
        metadata["retransmissions"] = "\(summary.retransmissions)"
        metadata["reason"] = "\(harmlessText(reason.words))"
        if let failure = carrier.failure { metadata["network"] = "\(failure)" }
        logger.log(level: reason.level, "tftp abandoned", metadata: metadata)
    }

    mutating func refused(_ refusal: TFTPRefusal, file: [UInt8]?, _ peer: IPv4Endpoint, at now: Duration) {
        guard admits(refusal.kind, refusal.level, at: now) else { return }
        var metadata = about(peer, file: file.map { String(decoding: $0.prefix(256), as: UTF8.self) })
        metadata["reason"] = "\(harmlessText(refusal.reason))"
        let message: Logger.Message
        switch refusal {
        case .notFound(let path):
            message = "tftp not found"
            metadata["file"] = "\(harmlessText(path.text))"
            metadata["reason"] = nil
            if let package = BootTree.debianPackage(shipping: path.segments.last.map(String.init) ?? "") {
                metadata["hint"] = "Debian's package \(package) ships it"
            }
        case .localBoot: message = "tftp local boot"
        case .unknownTransfer, .cannotOpen, .path, .write, .mail, .malformed, .tooManyTransfers,
            .tooManyTransfersOfClient, .noSocket:
            message = "tftp refused"
        }
        logger.log(level: refusal.level, message, metadata: metadata)
    }

    func ignored(_ reason: TFTPIgnoreReason, _ peer: IPv4Endpoint) {
        var metadata = about(peer, file: nil)
        metadata["reason"] = "\(harmlessText(reason.words))"
        logger.debug("tftp ignored", metadata: metadata)
    }

    func repeated(_ carrier: TFTPCarrier) {
        logger.debug("tftp request repeated", metadata: about(carrier.route.peer, file: carrier.path.text))
    }

    func wrongPort(_ carrier: TFTPCarrier, _ sender: IPv4Endpoint) {
        var metadata = about(sender, file: carrier.path.text)
        metadata["reason"] = "this transfer is \(carrier.route.peer)'s"
        logger.debug("tftp refused", metadata: metadata)
    }

    /// From here on each packet takes a system call more.
    func segmentationEnded(_ error: SystemError) {
        logger.notice(
            "tftp one by one",
            metadata: ["reason": "the kernel cannot send several packets at once: \(error)"])
    }

    /// Lines for debugging come as they come.
    private mutating func admits(
        _ kind: TFTPLogKind, _ level: Logger.Level, at now: Duration
    ) -> Bool {
        guard logger.logLevel <= level else { return false }
        return level <= .debug || limiter.admits(kind, at: now)
    }

    private func about(_ peer: IPv4Endpoint, file: String?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["ip": "\(peer.address)"]
        if let mac = directory.machine(at: peer.address)?.mac { metadata["mac"] = "\(mac)" }
        if let file { metadata["file"] = "\(harmlessText(file))" }
        return metadata
    }
}

extension TFTPAbandonment {
    fileprivate var words: String {
        switch self {
        case .neverAnswered: "no answer ever came"
        case .noAcknowledgment(let block): "no acknowledgment of block \(block)"
        case .endedByClient(let text): "the client ended it: \(text.prefix(128))"
        case .clientError(let code, let text):
            "the client reports error \(code.rawValue): \(text.prefix(128))"
        case .superseded: "the client asked for another file"
        case .displaced: "no answer came, and others needed the place"
        case .fileUnreadable: "the file cannot be read"
        case .socketFailed: "the socket failed"
        case .shuttingDown: "shutting down"
        }
    }

    fileprivate var level: Logger.Level {
        switch self {
        case .endedByClient: .debug
        case .shuttingDown, .superseded: .info
        case .neverAnswered, .displaced, .noAcknowledgment, .clientError, .fileUnreadable, .socketFailed:
            .warning
        }
    }
}

extension TFTPAbandonment {
    fileprivate var kind: TFTPLogKind {
        switch self {
        case .neverAnswered: .neverAnswered
        case .displaced: .displaced
        case .noAcknowledgment, .endedByClient, .clientError, .superseded, .fileUnreadable, .socketFailed,
            .shuttingDown:
            .abandoned
        }
    }
}

extension TFTPRefusal {
    fileprivate var level: Logger.Level {
        switch self {
        case .notFound(let path): path.isRoutineProbe ? .debug : .warning
        case .localBoot: .info
        case .unknownTransfer: .debug
        case .cannotOpen, .path, .write, .mail, .malformed, .tooManyTransfers, .tooManyTransfersOfClient,
            .noSocket:
            .warning
        }
    }

    fileprivate var kind: TFTPLogKind {
        switch self {
        case .notFound: .notFound
        case .localBoot: .localBoot
        case .cannotOpen: .notOpened
        case .path: .path
        case .write: .write
        case .mail: .mail
        case .malformed: .malformed
        case .unknownTransfer: .unknownTransfer
        case .tooManyTransfers, .tooManyTransfersOfClient: .tooManyTransfers
        case .noSocket: .noSocket
        }
    }
}

extension TFTPIgnoreReason {
    fileprivate var words: String {
        switch self {
        case .malformed(let malformation): malformation.reason
        case .error(let code, let text): "error \(code.rawValue) of no transfer: \(text.prefix(128))"
        case .unexpected: "not for a server"
        case .broadcast: "sent to the broadcast address"
        case .portZero: "sent from port 0, to which nothing can be sent"
        }
    }
}
