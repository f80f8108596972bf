public import BootCore
public import BootFiles
public import Logging
import Synchronization
public import SystemIO
import Wire

/// The TFTP server: reads only (RFC 1350, RFC 2347 to 2349, RFC 7440), on one thread of its own.
public final class TFTPService: Sendable {
    private let listening: UDPSocket
    private let control: TFTPControl
    private let log: TFTPLog
    private let journal: BootJournal
    private let onFailure: @Sendable (SystemError) -> Void
    private let thread = Mutex<ServiceThread?>(nil)

    /// Binds the listening port, which may need privileges that are then dropped.
    ///
    /// - Parameter onFailure: called on the server's thread when it cannot go on.
    public init(
        settings: TFTPSettings, tree: BootTree, directory: MachineDirectory,
        journal: BootJournal = BootJournal(), logger: Logger,
        onFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        listening = try UDPSocket(
            address: settings.address, port: settings.port, receiveBufferBytes: 4 << 20,
            sendBufferBytes: 4 << 20)
        try listening.allowFragmentation()
        control = try TFTPControl(TFTPSetup(settings: settings, tree: tree))
        log = TFTPLog(logger: logger, directory: directory)
        self.journal = journal
        self.onFailure = onFailure
    }

    /// The port that it listens on.
    public var port: UInt16 { listening.port }

    /// Begins to serve.
    public func start() throws(SystemError) {
        let (listening, control, log, journal, onFailure) = (listening, control, log, journal, onFailure)
        let started = try ServiceThread(name: "tftp") {
            do throws(SystemError) {
                try TFTPDriver(listening: listening, control: control, log: log, journal: journal).run()
            } catch {
                log.logger.critical("tftp stopped", metadata: ["reason": "\(error)"])
                onFailure(error)
            }
        }
        thread.withLock { $0 = started }
    }

    /// Ends all transfers with an ERROR to their clients, and waits for the thread.
    public func stop() {
        control.stop()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// Takes a changed configuration for the transfers to come; the listening address and port stay.
    public func apply(settings: TFTPSettings, tree: BootTree) {
        let before = control.setup.settings
        if (before.address, before.port) != (settings.address, settings.port) {
            log.logger.warning(
                "tftp restart needed",
                metadata: ["reason": "\(settings.address):\(settings.port) is bound at the next start only"])
        }
        control.take(TFTPSetup(settings: settings, tree: tree))
    }
}

/// What the server is to serve, and how.
struct TFTPSetup: Sendable {
    var settings: TFTPSettings
    var tree: BootTree
}

/// How other threads speak to the server's.
final class TFTPControl: Sendable {
    let wakeup: Wakeup
    private let state: Mutex<(setup: TFTPSetup, isStopping: Bool)>

    init(_ setup: TFTPSetup) throws(SystemError) {
        wakeup = try Wakeup()
        state = Mutex((setup, false))
    }

    var setup: TFTPSetup { state.withLock { $0.setup } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func take(_ setup: TFTPSetup) {
        state.withLock { $0.setup = setup }
        wakeup.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
    }
}
