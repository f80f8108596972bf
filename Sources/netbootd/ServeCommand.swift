import ArgumentParser
import Configuration
import Logging
import SystemIO

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves until SIGTERM; SIGHUP takes a changed configuration.",
        discussion: """
            Checks the configuration first, as `netbootd check` does, and does not start on an error. Started as \
            root, it becomes an ordinary user once its ports are open.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "How log lines look: text, plain (for journald) or json. Chosen by where they go.")
    var logFormat: LogFormat = .automatic

    @Flag(name: [.short, .long], help: "Log what is normal, too: probes for files, repeated requests.")
    var debug = false

    func run() throws {
        let handler = LineLogHandler(format: logFormat, level: debug ? .debug : .info)
        let logger = Logger(label: "netbootd") { _ in handler }
        do {
            try Daemon(configurationPath: options.path, logger: logger).run()
        } catch let failure as DaemonFailure {
            let what: Logger.Message = failure.hadStarted ? "stopped by an error" : "cannot start"
            logger.critical(what, metadata: ["reason": "\(failure.reason)"])
            throw ExitCode.failure
        }
    }
}
