public import BootCore
import Glibc
public import Logging
import PacketIO
import Synchronization
public import SystemIO
import Wire

/// The DHCP server of one interface: its sockets, its thread, its leases on disk.
///
/// `init` opens what takes privileges; `start` what the unprivileged user must be able to write. Everything
/// else happens on the service's own thread.
public final class DHCPService: Sendable {
    private let interface: NetworkInterface
    private let stateFolder: String
    private let directory: MachineDirectory
    private let journal: BootJournal
    private let logger: Logger
    private let counter = DHCPCounter()
    private let wakeup: Wakeup
    private let inbox: Mutex<Inbox>
    /// Open and not yet in the thread's hands.
    private let ports: Mutex<DHCPPorts?>
    private let thread = Mutex<ServiceThread?>(nil)

    /// What other threads have for the service's.
    struct Inbox: Sendable {
        var settings: DHCPSettings?
        var mustStop = false
    }

    /// Opens ports 67 and 4011 on `interface`, and the interface itself for frames.
    ///
    /// - Parameters:
    ///   - interface: with its addresses; the DHCP server does not look for others later.
    ///   - stateFolder: where `start` finds or makes the lease database.
    /// - Throws: when a port cannot be opened; `isAddressInUse` tells another DHCP server on this host.
    public init(
        interface: NetworkInterface, settings: DHCPSettings, stateFolder: String, directory: MachineDirectory,
        journal: BootJournal = BootJournal(), logger: Logger
    ) throws(SystemError) {
        self.interface = interface
        self.stateFolder = stateFolder
        self.directory = directory
        self.journal = journal
        self.logger = logger
        wakeup = try Wakeup()
        inbox = Mutex(Inbox(settings: settings))
        ports = Mutex(try DHCPPorts(interface: interface, logger: logger))
    }

    /// Reads the leases and begins to answer. To be called once.
    ///
    /// - Parameter onFailure: told, on the service's thread, when that must end before `stop`.
    /// - Throws: when the lease database can be neither opened nor, if it is damaged, put aside.
    public func start(onFailure: @escaping @Sendable (SystemError) -> Void = { _ in }) throws {
        guard let settings = inbox.withLock({ $0.settings.take() }) else { return }
        let leases = try openLeases()
        guard let ports = ports.withLock({ $0.take() }) else { return }
        let loop = try EventLoop()
        logger.info(
            "dhcp listening",
            metadata: [
                "iface": "\(interface.name)", "mode": "\(settings.mode.rawValue)",
                "leases": "\(leases.leases.count)",
            ])
        let driver = Handover(
            DHCPDriver(
                interface: interface, settings: settings, leases: leases, ports: ports, loop: loop,
                directory: directory, journal: journal,
                log: DHCPLog(logger: logger, interface: interface.name, counter: counter)))
        let started = try ServiceThread(name: "dhcp") { [self] in
            guard var driver = driver.take() else { return }
            do throws(SystemError) {
                try driver.run(wakeup: wakeup) {
                    inbox.withLock { inbox in
                        defer { inbox.settings = nil }
                        return inbox
                    }
                }
            } catch {
                logger.critical(
                    "dhcp server stopped",
                    metadata: ["iface": "\(interface.name)", "reason": "\(error)"])
                onFailure(error)
            }
        }
        thread.withLock { $0 = started }
    }

    /// Goes on under other settings, with all leases. Safe from any thread.
    public func apply(_ settings: DHCPSettings) {
        inbox.withLock { $0.settings = settings }
        wakeup.signal()
    }

    /// Ends the thread and closes the ports; returns when both is done.
    public func stop() {
        inbox.withLock { $0.mustStop = true }
        wakeup.signal()
        thread.withLock { $0.take() }?.join()
        ports.withLock { $0 = nil }
    }

    public var counts: DHCPCounts { counter.value }

    private func openLeases() throws(SQLiteError) -> LeaseStore.Opened {
        let opened = try LeaseStore.open(folder: stateFolder, at: .now)
        if let (path, reason) = opened.movedAside {
            logger.critical(
                "dhcp lease database damaged; starting with an empty one",
                metadata: ["moved-to": "\(path)", "reason": "\(reason)"])
        }
        if opened.unreadable > 0 {
            logger.error("dhcp leases unreadable", metadata: ["count": "\(opened.unreadable)"])
        }
        return opened
    }
}

extension UnixTime {
    static var now: UnixTime { UnixTime(rawValue: Int64(time(nil))) }
}

/// Carries a value to another thread, once.
final class Handover<Value: ~Copyable>: Sendable {
    private let slot: Mutex<Value?>

    init(_ value: consuming sending Value) { slot = Mutex(value) }

    func take() -> sending Value? { slot.withLock { $0.take() } }
}
