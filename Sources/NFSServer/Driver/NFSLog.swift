import BootCore
import Logging
import SystemIO
import Wire

/// The words for what happens: one line for each event, and one in the journal for each mount.
struct NFSLog {
    let logger: Logger
    let directory: MachineDirectory
    let journal: BootJournal
    private var limiter = LogLimiter<String>()
    private let started = ContinuousClock.now

    init(logger: Logger, directory: MachineDirectory, journal: BootJournal) {
        self.logger = logger
        self.directory = directory
        self.journal = journal
    }

    /// When `tell` is to be called, whatever happens.
    var deadline: ContinuousClock.Instant? { limiter.deadline.map { started + $0 } }

    /// The configured names of the machine at an address: alone, and with its domain.
    func names(of address: IPAddress, _ settings: NFSSettings) -> [String] {
        let policy = settings.policy
        guard case .v4(let address) = address else { return [] }
        let seen = directory.machine(at: address)
        let known =
            seen.flatMap { policy.knownMachine(for: $0) } ?? policy.machines.first { $0.address == address }
        guard let name = known?.hostname?.lowercased() else { return [] }
        let domains = settings.domains.filter { $0.key.contains(address) }.values
        return [name] + domains.map { "\(name).\($0.lowercased())" }
    }

    mutating func tell(_ notices: [NFSNotice], at now: ContinuousClock.Instant) {
        for notice in notices { tell(notice, at: now) }
        if let deadline = limiter.deadline, started + deadline <= now {
            let counts = limiter.endPeriod(at: now - started)
            guard !counts.isEmpty else { return }
            var metadata: Logger.Metadata = ["count": "\(counts.values.reduce(0, +))"]
            for (kind, count) in counts { metadata[kind] = "\(count)" }
            logger.warning("nfs lines held back", metadata: metadata)
        }
    }

    private mutating func tell(_ notice: NFSNotice, at now: ContinuousClock.Instant) {
        switch notice {
        case .mounted(let client, let path, let version):
            note(client, isMounted: true, path, version)
            write(
                .info, "nfs mount", client,
                ["export": "\(harmlessText(path))", "version": "\(version.words)"], at: now)
        case .unmounted(let client, let path, let version):
            note(client, isMounted: false, path, version)
            write(
                .info, "nfs unmount", client,
                ["export": "\(harmlessText(path))", "version": "\(version.words)"], at: now)
        case .refused(let client, let path, let refusal):
            write(
                .warning, "nfs refused", client,
                ["export": "\(harmlessText(path))", "reason": "\(harmlessText(refusal.words))"], at: now)
        case .hint(let client, let hint):
            write(.warning, "nfs hint", client, ["reason": "\(harmlessText(hint.words))"], at: now)
        case .malformed(let client, let program, let procedure, let error):
            write(
                .debug, "nfs malformed", client,
                ["program": "\(program)", "procedure": "\(procedure)", "reason": "\(error.words)"], at: now)
        case .atBound(let client, let bound):
            write(.warning, "nfs refused", client, ["reason": "\(bound.words)"], at: now)
        }
    }

    private func note(_ client: IPAddress, isMounted: Bool, _ path: String, _ version: NFSVersion) {
        guard case .v4(let address) = client, let mac = directory.machine(at: address)?.mac else { return }
        journal.noteMount(
            path, version: version.words, isMounted: isMounted, mac: mac, address: address,
            at: WallClock.now.millisecondsSince1970)
    }

    mutating func write(
        _ level: Logger.Level, _ message: Logger.Message, _ client: IPAddress, _ metadata: Logger.Metadata,
        at now: ContinuousClock.Instant
    ) {
        guard logger.logLevel <= level, level <= .debug || limiter.admits("\(message)", at: now - started)
        else {
            return
        }
        var metadata = metadata
        metadata["ip"] = "\(client)"
        if case .v4(let address) = client, let mac = directory.machine(at: address)?.mac {
            metadata["mac"] = "\(mac)"
        }
        logger.log(level: level, message, metadata: metadata)
    }
}

// MARK: - What the driver itself sees

extension NFSLog {
    func notExported(_ path: String, _ reason: String) {
        logger.error(
            "nfs not exported", metadata: ["export": "\(harmlessText(path))", "reason": "\(reason)"])
    }

    mutating func notAccepted(_ error: SystemError, at now: ContinuousClock.Instant) {
        guard limiter.admits("nfs no connection", at: now - started) else { return }
        logger.error("nfs no connection", metadata: ["reason": "\(error)"])
    }

    mutating func connectionRefused(
        _ client: IPAddress, _ refusal: ConnectionCounts.Refusal, at now: ContinuousClock.Instant
    ) {
        let words =
            switch refusal {
            case .total(let limit): "there are \(limit) connections (nfs.max-connections)"
            case .perClient(let limit): "the client has \(limit) connections (nfs.max-connections-per-client)"
            }
        write(.warning, "nfs connection refused", client, ["reason": "\(words)"], at: now)
    }

    mutating func connectionEnded(
        _ client: IPAddress, _ violation: RecordAssembler.Violation, at now: ContinuousClock.Instant
    ) {
        let words =
            switch violation {
            case .tooLong(let count, let limit):
                "a call of \(count) bytes or more; at most \(limit) are taken"
            case .tooManyFragments(let limit): "a call in more than \(limit) fragments"
            }
        write(.warning, "nfs connection ended", client, ["reason": "\(words)"], at: now)
    }

    mutating func standstill(_ client: IPAddress, isStalled: Bool, at now: ContinuousClock.Instant) {
        let words =
            isStalled ? "nothing moved in the middle of a call or reply" : "nothing was asked for long"
        write(isStalled ? .warning : .debug, "nfs connection ended", client, ["reason": "\(words)"], at: now)
    }

    mutating func fileEnded(_ client: IPAddress, at now: ContinuousClock.Instant) {
        write(
            .warning, "nfs connection ended", client,
            ["reason": "a file became shorter while it was read; the client asks again"], at: now)
    }

    mutating func ignored(_ client: IPAddress, _ reason: RPCIgnoreReason, at now: ContinuousClock.Instant) {
        let words =
            switch reason {
            case .truncated(let error): "a call that ends too soon: \(error.words)"
            case .notACall: "not a call"
            }
        write(.debug, "nfs ignored", client, ["reason": "\(words)"], at: now)
    }

    mutating func notSent(_ client: IPAddress, _ error: SystemError, at now: ContinuousClock.Instant) {
        write(.debug, "nfs not sent", client, ["reason": "\(error)"], at: now)
    }
}
