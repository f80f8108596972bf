import BootCore
import BootFiles
import Logging
import SystemIO
import Wire

/// The words for what happens: one line for each event.
struct TFTPLog {
    let logger: Logger
    let directory: MachineDirectory

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

    func abandoned(_ carrier: TFTPCarrier, _ reason: TFTPAbandonment, _ summary: TFTPSummary) {
        var metadata = about(carrier.route.peer, file: carrier.path.text)
        metadata["bytes"] = "\(summary.bytes)"
        metadata["of"] = "\(carrier.file.byteCount)"
        metadata["retransmissions"] = "\(summary.retransmissions)"
        metadata["reason"] = "\(harmlessText(reason.words))"
        if let failure = carrier.failure { metadata["network"] = "\(failure)" }
        logger.log(level: reason.level, "tftp abandoned", metadata: metadata)
    }

    func refused(_ refusal: TFTPRefusal, file: [UInt8]?, _ peer: IPv4Endpoint) {
        var metadata = about(peer, file: file.map { String(decoding: $0.prefix(256), as: UTF8.self) })
        metadata["reason"] = "\(harmlessText(refusal.reason))"
        switch refusal {
        case .notFound(let path):
            metadata["file"] = "\(harmlessText(path.text))"
            metadata["reason"] = nil
            if let package = BootTree.debianPackage(shipping: path.segments.last.map(String.init) ?? "") {
                metadata["hint"] = "Debian's package \(package) ships it"
            }
            logger.log(
                level: path.isRoutineProbe ? .debug : .warning, "tftp not found", metadata: metadata)
        case .localBoot: logger.info("tftp local boot", metadata: metadata)
        case .unknownTransfer: logger.debug("tftp refused", metadata: metadata)
        case .cannotOpen, .path, .write, .mail, .malformed, .tooManyTransfers, .tooManyTransfersOfClient,
            .noSocket:
            logger.warning("tftp refused", metadata: metadata)
        }
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

extension TFTPIgnoreReason {
    fileprivate var words: String {
        switch self {
        case .malformed(let malformation): malformation.reason
        case .error(let code, let text): "error \(code.rawValue) of no transfer: \(text.prefix(128))"
        case .unexpected: "not for a server"
        case .broadcast: "sent to the broadcast address"
        }
    }
}
