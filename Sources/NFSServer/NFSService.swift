public import BootCore
public import BootFiles
public import Logging
import Synchronization
public import SystemIO
import Wire

/// The NFS server: version 3 with MOUNT and a portmapper, and versions 4.1 and 4.2; read-only.
public final class NFSService: Sendable {
    private let sockets: NFSSockets
    private let controls: [NFSControl]
    private let log: NFSLog
    private let stateFolder: String
    private let onFailure: @Sendable (SystemError) -> Void
    private let threads = Mutex<[ServiceThread]>([])
    private let rpcbind: RpcbindRegistration?

    /// Binds the ports, which may need privileges that are then dropped.
    ///
    /// - Parameters:
    ///   - stateFolder: where the key of file handles is kept.
    ///   - onFailure: called on a thread of the server that cannot go on.
    public init(
        settings: NFSSettings, tree: BootTree, stateFolder: String, directory: MachineDirectory,
        journal: BootJournal = BootJournal(), logger: Logger,
        onFailure: @escaping @Sendable (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        let sockets = try NFSSockets(settings)
        self.sockets = sockets
        var controls: [NFSControl] = []
        for _ in 0..<max(settings.threads, 1) {
            controls.append(try NFSControl(NFSSetup(settings: settings, tree: tree)))
        }
        self.controls = controls
        log = NFSLog(logger: logger, directory: directory, journal: journal)
        self.stateFolder = stateFolder
        self.onFailure = onFailure
        let isTaken = sockets.portmapperFailure?.isAddressInUse ?? false
        rpcbind = isTaken ? RpcbindRegistration(sockets.registrations, logger: logger) : nil
        if let failure = sockets.portmapperFailure, rpcbind == nil {
            logger.warning(
                "nfs no portmapper",
                metadata: [
                    "reason": "\(failure)",
                    "hint": "v3 clients must be told: port=\(sockets.port),mountport=\(sockets.port)",
                ])
        }
        if let failure = sockets.ipv6Failure {
            logger.notice("nfs no IPv6", metadata: ["reason": "\(failure)"])
        }
    }

    /// The port of NFS and MOUNT, and the portmapper's when it is ours.
    public var port: UInt16 { sockets.port }
    public var portmapperPort: UInt16? { sockets.portmapperPort }

    /// Begins to serve. The threads keep what privileges the caller has at this moment.
    public func start() throws(SystemError) {
        let common = NFSCommon(
            sockets: sockets, controls: controls, key: try HandleKey.load(folder: stateFolder, log: log),
            boot: NFS4Boot(startedAtMilliseconds: WallClock.now.millisecondsSince1970))
        rpcbind?.register()
        let (log, onFailure) = (log, onFailure)
        for number in controls.indices {
            let started = try ServiceThread(name: "nfs-\(number)") {
                do throws(SystemError) {
                    try NFSWorker(number: number, common: common, log: log).run()
                } catch {
                    log.logger.critical("nfs stopped", metadata: ["reason": "\(error)"])
                    onFailure(error)
                }
            }
            threads.withLock { $0.append(started) }
        }
    }

    /// Closes all connections, and waits for the threads. Clients wait, and go on after a restart.
    public func stop() {
        rpcbind?.unregister()
        for control in controls { control.stop() }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
    }

    /// Takes changed exports; address, ports and threads stay what they are.
    public func apply(settings: NFSSettings, tree: BootTree) {
        for control in controls { control.take(NFSSetup(settings: settings, tree: tree)) }
    }
}

/// What the threads of the server share.
struct NFSCommon: Sendable {
    let sockets: NFSSockets
    let controls: [NFSControl]
    let counts = ConnectionCounts()
    let key: SipHashKey
    let boot: NFS4Boot

    var registrations: [PortRegistration] { sockets.registrations }
}

extension NFSSockets {
    var registrations: [PortRegistration] {
        Portmapper.registrations(
            nfsPort: port, portmapperPort: portmapperPort ?? Portmapper.port,
            hasPortmapper: portmapperPort != nil, hasIPv6: hasIPv6)
    }
}
