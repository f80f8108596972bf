import Configuration
import Logging
import SystemIO

/// Why `serve` does not start, in words for the one who started it.
struct StartFailure: Error {
    var reason: String
}

/// The life of `netbootd serve`: check, bind, become an ordinary user, serve, reload, stop.
final class Daemon {
    private let configurationPath: String
    private let logger: Logger
    private let manager = ServiceManager()
    private var deployment: Deployment

    private enum Token: UInt64 {
        case signal
        case failure
    }

    /// - Throws: `StartFailure` when the configuration has an error.
    init(configurationPath: String, logger: Logger) throws {
        self.configurationPath = configurationPath
        self.logger = logger
        let checked = CheckedConfiguration(path: configurationPath, checksPorts: true)
        for line in checked.warnings { logger.warning("configuration", metadata: ["what": "\(line)"]) }
        for line in checked.errors { logger.error("configuration", metadata: ["what": "\(line)"]) }
        guard let deployment = checked.deployment else { throw StartFailure(reason: checked.verdict) }
        self.deployment = deployment
    }

    /// Serves until a signal or a driver's failure says stop.
    func run() throws {
        do {
            // Before any thread starts: they inherit what this one blocks.
            let signals = try SignalQueue()
            try Privileges.raiseDescriptorLimit()
            let failures = try FailureReport()
            let services = try Services(deployment, failures: failures, logger: logger)
            try becomeOrdinaryUser()
            try services.start()
            logger.notice("ready", metadata: ["serving": "\(deployment.summary)"])
            try manager.notify("READY=1\nSTATUS=\(deployment.summary)")
            let failure = try serve(signals, failures, services)
            try manager.notify("STOPPING=1")
            services.stop()
            if let failure { throw StartFailure(reason: "\(failure.service): \(failure.error)") }
            logger.notice("stopped")
        } catch let error as SystemError {
            throw StartFailure(reason: error.description)
        }
    }

    private func becomeOrdinaryUser() throws {
        guard UserIdentity.current.isRoot else { return }
        let user = deployment.host.user
        try Privileges.provideFolder(deployment.configuration.state, for: user)
        try Privileges.become(user)
        logger.info("privileges dropped", metadata: ["user": "\(user.name)"])
    }

    private func serve(
        _ signals: SignalQueue, _ failures: FailureReport, _ services: Services
    ) throws -> FailureReport.Failure? {
        var loop = try EventLoop()
        try loop.add(signals.rawDescriptor, token: Token.signal.rawValue)
        try loop.add(failures.rawDescriptor, token: Token.failure.rawValue)
        while true {
            _ = try loop.wait(until: nil)
            if let failure = failures.first { return failure }
            while let signal = signals.next() {
                switch signal {
                case .stop: return nil
                case .reload: try reload(services)
                }
            }
        }
    }

    /// Takes the file as it is now, or keeps what is and says why.
    private func reload(_ services: Services) throws {
        try manager.notify("RELOADING=1")
        let checked = CheckedConfiguration(path: configurationPath, checksPorts: false)
        for line in checked.warnings { logger.warning("configuration", metadata: ["what": "\(line)"]) }
        for line in checked.errors { logger.error("configuration", metadata: ["what": "\(line)"]) }
        if let fresh = checked.deployment {
            for key in fresh.needsRestart(after: deployment) {
                logger.warning("restart needed", metadata: ["what": "\(key) stays as it was until a restart"])
            }
            try services.apply(fresh)
            deployment = fresh
            logger.notice("reloaded", metadata: ["serving": "\(fresh.summary)"])
        } else {
            logger.error(
                "reload refused", metadata: ["reason": "the old configuration stays: \(checked.verdict)"])
        }
        try manager.notify("READY=1\nSTATUS=\(deployment.summary)")
    }
}
