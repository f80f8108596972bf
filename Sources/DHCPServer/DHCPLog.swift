import BootCore
import Logging
import SystemIO
import Wire

/// Says what happened, one line an event, and counts it.
struct DHCPLog {
    private let logger: Logger
    private let interface: String
    private let counter: DHCPCounter
    private var limiter = LogLimiter()
    private var budget = LineBudget()
    private var mayNextSummary: ContinuousClock.Instant?

    static let summaryPeriod = Duration.seconds(60)

    init(logger: Logger, interface: String, counter: DHCPCounter) {
        self.logger = logger
        self.counter = counter
        self.interface = interface
    }

    mutating func replied(
        _ reply: DHCPReply, to message: DHCPMessage, _ response: DHCPResponse, dropped: [DHCPOptionCode]
    ) {
        let level: Logger.Level
        let name: Logger.Message
        switch reply.type {
        case .offer:
            counter.add { $0.offers += 1 }
            (level, name) = (.info, "dhcp offer")
        case .acknowledgment:
            counter.add { $0.acknowledgments += 1 }
            (level, name) = (.info, "dhcp ack")
        default:
            counter.add { $0.refusals += 1 }
            (level, name) = (.notice, "dhcp nak")
        }
        guard budget.admit(FloodableLine(reply)) else { return }
        var metadata = self.metadata(message, response)
        let address = reply.yourAddress == .any ? reply.clientAddress : reply.yourAddress
        if address != .any { metadata["ip"] = "\(address)" }
        if !reply.bootFile.isEmpty {
            metadata["file"] = "\(reply.bootFile)"
        } else if let file = reply.options[.bootFile] {
            metadata["file"] = "\(String(decoding: file.prefix { $0 != 0 }, as: UTF8.self))"
        }
        if !dropped.isEmpty {
            metadata["dropped-options"] = "\(dropped.map(\.description).joined(separator: ","))"
        }
        if reply.type == .refusal {
            metadata["reason"] = "\(String(decoding: reply.options[.message] ?? [], as: UTF8.self))"
            if let asked = message.requestedAddress { metadata["ip"] = "\(asked)" }
        }
        logger.log(level: level, name, metadata: metadata)
    }

    mutating func heeded(_ event: UnansweredEvent, message: DHCPMessage, _ response: DHCPResponse) {
        switch event {
        case .released(let address):
            counter.add { $0.releases += 1 }
            guard budget.admit(.release) else { return }
            var metadata = self.metadata(message, response)
            metadata["ip"] = "\(address)"
            logger.info("dhcp release", metadata: metadata)
        case .declined(let address):
            counter.add { $0.declines += 1 }
            guard budget.admit(.decline) else { return }
            var metadata = self.metadata(message, response)
            metadata["ip"] = "\(address)"
            logger.warning("dhcp decline", metadata: metadata)
        }
    }

    mutating func ignored(_ reason: IgnoreReason, message: DHCPMessage, _ response: DHCPResponse) {
        counter.add { $0.ignored += 1 }
        let key = reason.isAboutTheServer ? "\(reason)" : "\(message.hardwareAddress) \(reason)"
        guard let repeats = limiter.admit(key) else { return }
        var metadata = self.metadata(message, response)
        metadata["reason"] = "\(reason)"
        if repeats > 0 { metadata["repeats"] = "\(repeats)" }
        logger.log(level: reason.level, "dhcp ignored", metadata: metadata)
    }

    mutating func malformed(_ error: DHCPMessageError, from peer: IPv4Endpoint) {
        counter.add { $0.malformed += 1 }
        guard let repeats = limiter.admit("\(peer.address) \(error)") else { return }
        var metadata: Logger.Metadata = ["iface": "\(interface)", "peer": "\(peer)", "reason": "\(error)"]
        if repeats > 0 { metadata["repeats"] = "\(repeats)" }
        logger.info("dhcp ignored", metadata: metadata)
    }

    /// - Parameter message: the one that gets no answer because of it; nil when nobody waits.
    mutating func unwritten(_ error: SQLiteError, message: DHCPMessage? = nil) {
        counter.add { $0.unwritten += message == nil ? 0 : 1 }
        guard let repeats = limiter.admit("\(error)") else { return }
        var metadata: Logger.Metadata = [
            "iface": "\(interface)", "reason": "the lease could not be written: \(error)",
        ]
        if let message { metadata["mac"] = "\(message.hardwareAddress)" }
        if repeats > 0 { metadata["repeats"] = "\(repeats)" }
        logger.error("dhcp ignored", metadata: metadata)
    }

    mutating func unsent(_ error: some Error & CustomStringConvertible) {
        counter.add { $0.unsent += 1 }
        guard let repeats = limiter.admit("\(error)") else { return }
        var metadata: Logger.Metadata = ["iface": "\(interface)", "reason": "\(error)"]
        if repeats > 0 { metadata["repeats"] = "\(repeats)" }
        logger.error("dhcp reply not sent", metadata: metadata)
    }

    /// Says once a minute at most how many lines of which kind were left out, where there were too many.
    mutating func summarize(at now: ContinuousClock.Instant) {
        if let mayNextSummary, now < mayNextSummary { return }
        var counts = budget.takeLeftOut().map { ($0.key.rawValue, $0.value) }
        let ignored = limiter.takeLeftOut()
        if ignored > 0 { counts.append(("ignored", ignored)) }
        guard !counts.isEmpty else { return }
        mayNextSummary = now + Self.summaryPeriod
        var metadata: Logger.Metadata = ["iface": "\(interface)"]
        for (line, count) in counts { metadata[line] = "\(count)" }
        logger.warning("dhcp lines left out", metadata: metadata)
    }

    func advertised() {
        logger.debug("router solicitation answered", metadata: ["iface": "\(interface)"])
    }

    private func metadata(_ message: DHCPMessage, _ response: DHCPResponse) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "iface": "\(interface)", "mac": "\(message.hardwareAddress)",
            "xid": "\(hexadecimal(IPv4Address(rawValue: message.transactionID).bytes))",
        ]
        if let machine = response.machine {
            metadata["stage"] = "\(machine.stage.name)"
            if let platform = machine.platform { metadata["arch"] = "\(platform.rawValue)" }
            if let address = machine.address { metadata["ip"] = "\(address)" }
        }
        if let step = response.step {
            metadata["step"] = "\(step.name)"
            if case .addressOnly(let reason) = step { metadata["reason"] = "\(reason.words)" }
        }
        if !response.remarks.isEmpty {
            metadata["remark"] = "\(response.remarks.map(\.description).joined(separator: "; "))"
        }
        return metadata
    }
}

extension IgnoreReason {
    /// What an administrator must see, may want to see, or would see all day.
    fileprivate var level: Logger.Level {
        switch self {
        case .poolExhausted, .unknownRelay, .impossibleRelay, .noSubnet, .tooManyDeclines:
            .warning
        case .otherServerChosen: .notice
        case .bootp, .leaseQuery, .unexpectedType, .noIdentity, .policy, .bootsFromDisk, .notOurLease,
            .noAddress, .notItsAddress:
            .info
        case .notARequest, .proxyMode, .notABootClient, .switchedOff: .debug
        }
    }
}
