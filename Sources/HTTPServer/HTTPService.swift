public import BootCore
public import BootFiles
public import Logging
import Synchronization
public import SystemIO

/// The HTTP server: the tree of boot files, and the script that iPXE fetches.
public final class HTTPService: Sendable {
    private let state: Mutex<State>
    private let routes: Mutex<HTTPRoutes>
    private let limits: MicrohttpdDaemon.Limits
    private let directory: MachineDirectory
    private let digests: FileDigests
    private let digestThread: DigestThread
    private let journal: BootJournal
    private let logger: Logger
    private let refusals = Mutex(Refusals(toldAt: .now - .seconds(1)))
    /// The port that it listens on: the settings', or the kernel's choice when that is 0.
    public let port: UInt16

    private struct State: ~Copyable {
        /// Until `start`.
        var listener: TCPListener?
        /// From `start` to `stop`.
        var daemon: MicrohttpdDaemon?
    }

    /// Connections refused since the log last told of them.
    private struct Refusals {
        var toldAt: ContinuousClock.Instant
        var count = 0
    }

    /// Binds the port and listens; connections wait until `start`.
    public init(
        settings: HTTPSettings, tree: BootTree, directory: MachineDirectory,
        journal: BootJournal = BootJournal(), logger: Logger
    ) throws(SystemError) {
        let listener = try TCPListener(address: settings.location.address, port: settings.location.httpPort)
        port = listener.port
        state = Mutex(State(listener: listener, daemon: nil))
        let thread = try DigestThread()
        digestThread = thread
        digests = FileDigests(logger: logger) { thread.wake() }
        self.journal = journal
        routes = Mutex(HTTPRoutes(settings: settings, tree: tree, digests: digests, journal: journal))
        limits = MicrohttpdDaemon.Limits(
            threads: settings.threads, connections: settings.maximumConnections,
            connectionsPerClient: settings.maximumConnectionsPerClient, idleTimeout: settings.idleTimeout)
        self.directory = directory
        self.logger = logger
    }

    /// Begins to answer. To be called once.
    ///
    /// - Throws: when the library cannot start its threads.
    public func start() throws(SystemError) {
        let handlers = MicrohttpdHandlers(
            reply: { [self] in reply(to: $0) }, finished: { [self] in log($0) },
            log: { [self] in log(library: $0) })
        try state.withLock { (state) throws(SystemError) in
            guard let listener = state.listener.take() else { return }
            try digestThread.start(digests, logger: logger)
            routes.withLock { $0 }.prepareDigests()
            state.daemon = try MicrohttpdDaemon(listener: listener, limits: limits, handlers: handlers)
        }
    }

    /// Closes the port and every connection, transfers in flight too, and waits for the threads.
    public func stop() {
        let daemon = state.withLock { state in
            state.listener = nil
            return state.daemon.take()
        }
        daemon?.stop()
        digests.stop()
        digestThread.join()
    }

    /// Answers all further requests by these; requests in flight end as they began.
    ///
    /// Address, port, threads and limits stay what they were at the start.
    public func apply(settings: HTTPSettings, tree: BootTree) {
        let new = HTTPRoutes(settings: settings, tree: tree, digests: digests, journal: journal)
        new.prepareDigests()
        routes.withLock { $0 = new }
    }

    private func reply(to request: HTTPRequest) -> HTTPReply {
        let routes = routes.withLock { $0 }
        let known = directory.machine(at: request.client)
        let now = WallClock.now.millisecondsSince1970
        var reply = routes.reply(to: request, from: known, at: now)
        if reply.event.isOfBoot {
            journal.noticed(
                mac: reply.machine?.mac ?? known?.mac, address: request.client, by: .http, at: now)
        }
        guard let machine = reply.machine else {
            reply.machine = known
            return reply
        }
        // Whose address this is, DHCP knows better than somebody's query.
        if known?.mac == nil || known?.mac == machine.mac { directory.note(machine) }
        return reply
    }

    /// At a bound the newest connection is closed at once. Many may come: one line a second tells of them.
    private func log(library text: String) {
        guard text.contains("reached connection limit") else {
            logger.debug("http library", metadata: ["text": "\(text)"])
            return
        }
        let count = refusals.withLock { refusals in
            refusals.count += 1
            guard .now - refusals.toldAt >= .seconds(1) else { return 0 }
            defer { refusals = Refusals(toldAt: .now) }
            return refusals.count
        }
        guard count > 0 else { return }
        logger.warning(
            "http connection refused",
            metadata: [
                "connections": "\(count)", "limit": "\(limits.connections)",
                "limit-per-client": "\(limits.connectionsPerClient)",
            ])
    }

    private func log(_ finished: FinishedExchange) {
        let line = HTTPLogLine(finished)
        logger.log(level: line.level, line.message, metadata: line.metadata)
    }
}
