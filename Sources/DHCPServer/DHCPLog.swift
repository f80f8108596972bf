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

    init(logger: Logger, interface: String, counter: DHCPCounter) {
        self.logger = logger
        self.counter = counter
        self.interface = interface
    }

    mutating func replied(
        _ reply: DHCPReply, to message: DHCPMessage, _ response: DHCPResponse, dropped: [DHCPOptionCode]
    ) {
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
        switch reply.type {
        case .offer:
            counter.add { $0.offers += 1 }
            logger.info("dhcp offer", metadata: metadata)
        case .acknowledgment:
            counter.add { $0.acknowledgments += 1 }
            logger.info("dhcp ack", metadata: metadata)
        default:
            counter.add { $0.refusals += 1 }
            metadata["reason"] = "\(String(decoding: reply.options[.message] ?? [], as: UTF8.self))"
            if let asked = message.requestedAddress { metadata["ip"] = "\(asked)" }
            logger.notice("dhcp nak", metadata: metadata)
        }
    }

    mutating func heeded(_ event: UnansweredEvent, message: DHCPMessage, _ response: DHCPResponse) {
        var metadata = self.metadata(message, response)
        switch event {
        case .released(let address):
            metadata["ip"] = "\(address)"
            counter.add { $0.releases += 1 }
            logger.info("dhcp release", metadata: metadata)
        case .declined(let address):
            metadata["ip"] = "\(address)"
            counter.add { $0.declines += 1 }
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

/// Lets each kind of line through once a minute, and few kinds at a time.
struct LogLimiter {
    private var entries: [String: (until: ContinuousClock.Instant, repeats: Int)] = [:]

    static let period = Duration.seconds(60)
    static let maximumKinds = 512

    /// Nil when the line is to be left out; else how often it was since it last came through.
    mutating func admit(_ kind: String, at now: ContinuousClock.Instant = .now) -> Int? {
        if let entry = entries[kind] {
            guard entry.until <= now else {
                entries[kind]?.repeats += 1
                return nil
            }
            entries[kind] = (now + Self.period, 0)
            return entry.repeats
        }
        if entries.count >= Self.maximumKinds {
            entries = entries.filter { $0.value.until > now }
            guard entries.count < Self.maximumKinds else { return nil }
        }
        entries[kind] = (now + Self.period, 0)
        return 0
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
