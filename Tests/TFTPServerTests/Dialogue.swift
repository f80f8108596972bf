import BootFiles
import SystemIO
import Testing
import Wire

@testable import TFTPServer

/// A conversation with the engine at fixed times, written as text:
/// `OACK blksize 1468`, `DATA 1-4`, `ERROR 1 file not found`, `end …`, and `-` for nothing.
///
/// It stands in for the driver: it knows the files' sizes, and lets nothing reach a socket.
final class Dialogue {
    var listener: TFTPListener
    /// The client's port, from which it speaks next.
    var port = UInt16(2000)
    var address = IPv4Address(10, 0, 0, 100)
    /// Files that are there, and how many bytes they have.
    var files: [String: UInt64]
    private var transferByPort: [UInt16: TFTPTransferID] = [:]
    private var negotiations: [TFTPTransferID: TFTPNegotiation] = [:]

    init(
        _ files: [String: UInt64], mtu: Int = 1500, adjust: (inout TFTPSettings) -> Void = { _ in }
    ) {
        self.files = files
        var settings = TFTPSettings(address: IPv4Address(10, 0, 0, 1), mtu: mtu)
        adjust(&settings)
        listener = TFTPListener(settings: settings)
    }

    private var peer: IPv4Endpoint { IPv4Endpoint(address: address, port: port) }

    /// A read request with options as text: `tsize 0 blksize 1468`.
    func asks(
        _ file: String, _ options: String = "", mode: String = "octet", at milliseconds: Int,
        _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let words = [file, mode] + options.split(separator: " ").map(String.init)
        let packet: [UInt8] = [0, 1] + words.flatMap { Array($0.utf8) + [0] }
        listeningPort(packet, at: milliseconds, expected, sourceLocation: sourceLocation)
    }

    /// Bytes that arrive on the listening port.
    func listeningPort(
        _ packet: [UInt8], at milliseconds: Int, _ expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let now = Duration.milliseconds(milliseconds)
        var answer: String
        switch listener.received(parse(packet), from: peer, at: now) {
        case .open(let path, let request):
            if let byteCount = files[path.text] {
                answer = begin(request, byteCount, at: now)
            } else {
                answer = text(TFTPRefusal(.notFound, opening: path).packet)
            }
        case .perform(let step): answer = text(step.action, step.transfer)
        case .refuse(let refusal): answer = text(refusal.packet)
        case .ignore: answer = "-"
        }
        #expect(answer == expected, sourceLocation: sourceLocation)
    }

    func acknowledges(
        _ block: UInt16, at milliseconds: Int, _ expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        transferPort(.acknowledgment(block: block), at: milliseconds, expected, sourceLocation)
    }

    func fails(
        _ code: UInt16, _ words: String, at milliseconds: Int, _ expected: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let packet = TFTPPacket.error(TFTPErrorCode(rawValue: code), words)
        transferPort(packet, at: milliseconds, expected, sourceLocation)
    }

    /// A packet that arrives on the transfer's own port.
    func transferPort(
        _ packet: TFTPPacket, at milliseconds: Int, _ expected: String,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let id = transferByPort[port] else {
            Issue.record("no transfer", sourceLocation: sourceLocation)
            return
        }
        let answer = text(listener.received(packet, for: id, at: .milliseconds(milliseconds)), id)
        #expect(answer == expected, sourceLocation: sourceLocation)
    }

    /// Nothing came, and the clock shows this.
    func silence(
        until milliseconds: Int, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let steps = listener.timePassed(to: .milliseconds(milliseconds))
        let answer = steps.map { text($0.action, $0.transfer) }.joined(separator: "; ")
        #expect((answer.isEmpty ? "-" : answer) == expected, sourceLocation: sourceLocation)
    }

    /// The socket took blocks only up to the one before.
    func socketRefuses(from block: UInt64, at milliseconds: Int) {
        guard let id = transferByPort[port] else { return }
        listener.couldNotSend(from: block, of: id, at: .milliseconds(milliseconds))
    }

    func contentEnds(withBlock block: UInt64, wireBytes: UInt64) {
        guard let id = transferByPort[port] else { return }
        listener.contentEnds(of: id, withBlock: block, wireBytes: wireBytes)
    }

    func serverStops(at milliseconds: Int) -> String {
        guard let id = transferByPort[port] else { return "-" }
        let action = listener.end(id, because: .shuttingDown, at: .milliseconds(milliseconds))
        guard case .abandon(let reason, _) = action, let packet = reason.errorToSend else { return "-" }
        return text(packet)
    }

    private func begin(_ request: TFTPRequest, _ byteCount: UInt64, at now: Duration) -> String {
        let content: TFTPContent = request.mode == .netascii ? .netascii : .octets(byteCount: byteCount)
        let beginning = listener.begin(request, content: content, for: peer, at: now)
        let replaced = beginning.replaced.map { text($0.action, $0.transfer) + "; " } ?? ""
        transferByPort[port] = beginning.step.transfer
        negotiations[beginning.step.transfer] = beginning.negotiation
        return replaced + text(beginning.step.action, beginning.step.transfer)
    }

    private func text(_ action: TFTPAction, _ id: TFTPTransferID) -> String {
        switch action {
        case .sendOptions: text(.optionAcknowledgment(negotiations[id]?.granted ?? []))
        case .sendBlocks(let blocks):
            blocks.count == 1 ? "DATA \(blocks.lowerBound)" : "DATA \(blocks.lowerBound)-\(blocks.upperBound)"
        case .wait: "-"
        case .finish(let summary):
            switch summary.outcome {
            case .complete: "end \(summary.bytes) bytes, \(summary.retransmissions) again"
            case .lastAcknowledgmentMissing: "end \(summary.bytes) bytes, last ACK missing"
            case .sizeProbe: "end of size probe"
            case nil: "finished without an outcome"
            }
        case .abandon(let reason, _): "end: \(reason)"
        }
    }

    private func text(_ packet: TFTPPacket) -> String {
        switch packet {
        case .error(let code, let words): "ERROR \(code.rawValue) \(words)"
        case .optionAcknowledgment(let options):
            (["OACK"] + options.map { "\($0.name) \($0.value)" }).joined(separator: " ")
        case .readRequest, .writeRequest, .data, .acknowledgment: "\(packet)"
        }
    }
}
