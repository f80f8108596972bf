import BootCore
import Configuration
import Logging
import SystemIO

/// Why `serve` does not start, or does not go on, in words for the one who started it.
struct DaemonFailure: Error {
    var reason: String
    var hadStarted = false
}

/// The life of `netbootd serve`: check, bind, become an ordinary user, serve, reload, stop.
final class Daemon {
    private let configurationPath: String
    private let logger: Logger
    private let manager = ServiceManager()
    /// Made before anything else: a SIGHUP that comes early is a reload, not an end. Threads inherit what it blocks.
    private let signals: SignalQueue
    private var deployment: Deployment

    private enum Token: UInt64 {
        case signal
        case failure
        case journal
    }

    /// - Throws: `DaemonFailure` when the configuration has an error.
    init(configurationPath: String, logger: Logger) throws {
        signals = try SignalQueue()
        self.configurationPath = configurationPath
        self.logger = logger
        let checked = CheckedConfiguration(path: configurationPath, ports: .mustBeFree)
        for line in checked.warnings { logger.warning("configuration", metadata: ["what": "\(line)"]) }
        for line in checked.errors { logger.error("configuration", metadata: ["what": "\(line)"]) }
        guard let deployment = checked.deployment else { throw DaemonFailure(reason: checked.verdict) }
        self.deployment = deployment
    }

    /// Serves until a signal or a driver's failure says stop.
    func run() throws {
        do {
            try Privileges.raiseDescriptorLimit()
            let failures = try FailureReport()
            let journalChange = try Wakeup()
            let journal = BootJournal(onChange: journalChange.signal)
            let services = try Services(deployment, failures: failures, journal: journal, logger: logger)
            try becomeOrdinaryUser()
            defer { services.stop() }
            try services.start()
            logger.notice("ready", metadata: ["serving": "\(deployment.summary)"])
            tellManager("READY=1\nSTATUS=\(deployment.summary)")
            let failure = try serve(failures, services, journal, journalChange)
            tellManager("STOPPING=1")
            if let failure { throw failure }
        } catch let failure as DaemonFailure {
            throw failure
        } catch let failure as FailureReport.Failure {
            throw DaemonFailure(reason: "\(failure.service): \(failure.error)", hadStarted: true)
        } catch let error as SystemError where error.isPermission {
            throw DaemonFailure(
                reason: "\(error); it takes root, or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW")
        } catch {
            throw DaemonFailure(reason: "\(error)")
        }
        logger.notice("stopped")
    }

    /// Servers serve whether or not the manager that started them still listens.
    private func tellManager(_ state: String) {
        do {
            try manager.notify(state)
        } catch {
            logger.warning("service manager not told", metadata: ["reason": "\(error)"])
        }
    }

    private func becomeOrdinaryUser() throws {
        guard UserIdentity.current.isRoot else { return }
        let user = deployment.host.user
        try Privileges.provideFolder(
            deployment.configuration.state, for: user, filesNamed: DeploymentConfiguration.leaseDatabase)
        try Privileges.become(user, readingAllFiles: deployment.isExporting)
        logger.info("privileges dropped", metadata: ["user": "\(user.name)"])
    }

    private func serve(
        _ failures: FailureReport, _ services: Services, _ journal: BootJournal, _ journalChange: Wakeup
    ) throws -> FailureReport.Failure? {
        var loop = try EventLoop()
        try loop.add(signals.rawDescriptor, token: Token.signal.rawValue)
        try loop.add(failures.rawDescriptor, token: Token.failure.rawValue)
        try loop.add(journalChange.rawDescriptor, token: Token.journal.rawValue)
        while true {
            let left = journal.deadline.map { $0 - WallClock.now.millisecondsSince1970 }
            _ = try loop.wait(until: left.map { .now + .milliseconds(max(0, $0)) })
            journalChange.acknowledge()
            tell(journal.passTime(to: WallClock.now.millisecondsSince1970))
            if let failure = failures.first { return failure }
            while let signal = signals.next() {
                switch signal {
                case .stop: return nil
                case .reload: reload(services)
                }
            }
        }
    }

    /// A line for each machine that is back from its jump, or should be.
    private func tell(_ ends: [JournalEvent]) {
        for end in ends {
            let seconds = (end.millisecondsSinceJump ?? 0) / 1000
            var metadata: Logger.Metadata = [
                "mac": "\(end.mac)", "ip": "\(end.address)",
                "since-jump": seconds < 120 ? "\(seconds)s" : "\(seconds / 60)m",
            ]
            if !end.entry.isEmpty { metadata["entry"] = "\(end.entry)" }
            switch end.what {
            case .missing:
                logger.warning("join not back", metadata: metadata)
            case .returned(let sign):
                metadata["by"] = "\(sign.rawValue)"
                logger.log(level: sign == .firmware ? .warning : .info, "join back", metadata: metadata)
            case .reported, .mounted, .unmounted: break
            }
        }
    }

    /// Takes the file as it is now, or keeps what is and says why.
    private func reload(_ services: Services) {
        tellManager("RELOADING=1")
        let checked = CheckedConfiguration(path: configurationPath, ports: .areOurs)
        for line in checked.warnings { logger.warning("configuration", metadata: ["what": "\(line)"]) }
        for line in checked.errors { logger.error("configuration", metadata: ["what": "\(line)"]) }
        do {
            guard let fresh = checked.deployment else { throw DaemonFailure(reason: checked.verdict) }
            let next = fresh.keepingWhatNeedsRestart(of: deployment)
            try services.apply(next)
            for key in fresh.needsRestart(after: deployment) {
                logger.warning("restart needed", metadata: ["what": "\(key) stays as it was until a restart"])
            }
            deployment = next
            logger.notice("reloaded", metadata: ["serving": "\(deployment.summary)"])
        } catch {
            let reason = (error as? DaemonFailure)?.reason ?? "\(error)"
            logger.error("reload refused", metadata: ["reason": "the old configuration stays: \(reason)"])
        }
        tellManager("READY=1\nSTATUS=\(deployment.summary)")
    }
}
