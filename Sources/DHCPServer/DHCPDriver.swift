import BootCore
import Logging
import PacketIO
import SystemIO
import Wire

/// Runs the engine: reads messages in batches, writes down what changed, then sends the replies.
struct DHCPDriver: ~Copyable {
    private let interface: NetworkInterface
    private let ports: DHCPPorts
    private var store: LeaseStore
    private let directory: MachineDirectory
    private let journal: BootJournal
    private var loop: EventLoop
    private var responder: DHCPResponder
    private var log: DHCPLog
    /// Replies that wait for their leases to be on disk.
    private var waiting: [Answered] = []
    private var advertiser = RouterAdvertiser()
    private var watch: InterfaceWatch

    private struct Answered {
        var message: DHCPMessage
        var response: DHCPResponse
    }

    private enum Token: UInt64 {
        case wakeup, server, bootService, router
    }

    /// Messages are read whole up to this; longer ones do not fit an Ethernet frame and no client sends them.
    private static let messageBytes = 2048
    /// How many times 32 messages share one wait for the disk.
    private static let batches = 8

    init(
        interface: NetworkInterface, settings: DHCPSettings, leases: consuming LeaseStore.Opened,
        ports: consuming DHCPPorts, loop: consuming EventLoop, directory: MachineDirectory,
        journal: BootJournal, log: DHCPLog
    ) {
        self.interface = interface
        self.ports = ports
        self.loop = loop
        self.directory = directory
        self.journal = journal
        responder = DHCPResponder(
            settings: settings, ownAddresses: Set(interface.addresses.map(\.address)), mtu: interface.mtu,
            leases: leases.leases)
        self.log = log
        watch = InterfaceWatch(interface, at: .now)
        store = leases.store
    }

    /// Answers until it is told to stop.
    ///
    /// - Parameter inbox: gives what other threads have left, and empties it.
    mutating func run(wakeup: Wakeup, inbox: () -> DHCPService.Inbox) throws(SystemError) {
        var receiver = DatagramReceiver(bufferBytes: Self.messageBytes)
        try loop.add(wakeup.rawDescriptor, token: Token.wakeup.rawValue)
        try loop.add(ports.server.rawDescriptor, token: Token.server.rawValue)
        try loop.add(ports.bootService.rawDescriptor, token: Token.bootService.rawValue)
        if let router = ports.router { try loop.add(router.rawDescriptor, token: Token.router.rawValue) }
        while true {
            let deadline = advertiser.deadline.map { min($0, watch.deadline) } ?? watch.deadline
            for event in try loop.wait(until: deadline) {
                switch Token(rawValue: event.token) {
                case .wakeup:
                    wakeup.acknowledge()
                    let news = inbox()
                    if news.mustStop { return settle() }
                    if let settings = news.settings { responder.apply(settings) }
                case .server: try serve(ports.server, with: &receiver)
                case .bootService: try serve(ports.bootService, with: &receiver)
                case .router: hearSolicitations()
                case nil: break
                }
            }
            advertise()
            let now = ContinuousClock.now
            if try watch.look(at: now) { log.summarize(at: now) }
        }
    }

    /// A last try to write what could not be written before, and a last word on what was not logged.
    private mutating func settle() {
        log.summarize(at: .now)
        do throws(SQLiteError) {
            try store.commit([])
        } catch {
            log.unwritten(error)
        }
    }

    private mutating func hearSolicitations() {
        do throws(SystemError) {
            guard try ports.router?.receiveSolicitation() ?? false else { return }
            if responder.settings.answersRouterSolicitations { advertiser.solicited(at: .now) }
        } catch {
            log.unsent(error)
        }
    }

    private mutating func advertise() {
        guard advertiser.deadline != nil, advertiser.mustAdvertise(at: .now) else { return }
        do throws(SystemError) {
            try ports.router?.advertiseNoRouter()
            log.advertised()
        } catch {
            log.unsent(error)
        }
    }

    private mutating func serve(
        _ socket: UDPSocket, with receiver: inout DatagramReceiver
    ) throws(SystemError) {
        for _ in 0..<Self.batches {
            let count = try receiver.receive(from: socket) { origin, bytes in
                take(bytes, from: origin, port: socket.port)
            }
            if count < DatagramReceiver.batch { break }
        }
        sendWaiting()
    }

    private mutating func take(_ bytes: Span<UInt8>, from origin: DatagramOrigin, port: UInt16) {
        let message: DHCPMessage
        do throws(DHCPMessageError) {
            guard origin.byteCount <= Self.messageBytes else { throw .tooLong(bytes: origin.byteCount) }
            message = try DHCPMessage(parsing: bytes)
        } catch {
            log.malformed(error, from: origin.peer)
            return
        }
        let arrival = DHCPArrival(
            interfaceAddress: interfaceAddress(for: origin), source: origin.peer,
            destination: origin.localAddress, port: port)
        let response = responder.respond(to: message, via: arrival, at: .now)
        tellJournal(of: message, from: response.machine)
        let answered = Answered(message: message, response: response)
        if response.changes.isEmpty { finish(answered) } else { waiting.append(answered) }
    }

    /// A system that starts wants an address. One that is about to end may still extend its lease.
    private func tellJournal(of message: DHCPMessage, from machine: Machine?) {
        guard let machine, message.messageType == .discover || message.messageType == .request,
            message.clientAddress == .any
        else { return }
        journal.noticed(
            mac: machine.mac, address: nil, by: machine.stage == .operatingSystem ? .dhcp : .firmware,
            at: WallClock.now.millisecondsSince1970)
    }

    /// The address that a unicast was sent to; for a broadcast, the one in a configured subnet.
    private func interfaceAddress(for origin: DatagramOrigin) -> IPv4Address {
        if responder.ownAddresses.contains(origin.localAddress) { return origin.localAddress }
        if responder.ownAddresses.contains(responder.settings.location.address) {
            return responder.settings.location.address
        }
        return interface.addresses.first?.address ?? responder.settings.location.address
    }

    /// A lease is on disk before its ACK is on the wire.
    private mutating func sendWaiting() {
        guard !waiting.isEmpty else { return }
        do throws(SQLiteError) {
            try store.commit(waiting.flatMap(\.response.changes))
            for answered in waiting { finish(answered) }
        } catch {
            // No ACK: the client asks again, and its next request is another try to write.
            for answered in waiting { log.unwritten(error, message: answered.message) }
        }
        waiting.removeAll(keepingCapacity: true)
    }

    private mutating func finish(_ answered: Answered) {
        let response = answered.response
        // Before the reply: its file request may be here at once.
        if let machine = response.machine { directory.note(machine) }
        switch response.action {
        case .reply(let reply, let route):
            let (bytes, dropped) = reply.encoded()
            log.replied(reply, to: answered.message, response, dropped: dropped)
            send(bytes, by: route)
        case .heeded(let event): log.heeded(event, message: answered.message, response)
        case .ignore(let reason): log.ignored(reason, message: answered.message, response)
        }
    }

    // MARK: Sending

    private mutating func send(_ bytes: [UInt8], by route: ReplyRoute) {
        do throws(SystemError) {
            switch route {
            case .relay(let relay): try send(bytes, to: relay, through: ports.server)
            case .unicast(let client): try send(bytes, to: client, through: ports.server)
            case .bootService(let client): try send(bytes, to: client, through: ports.bootService)
            case .broadcast: try broadcast(bytes)
            case .frame(let mac, let address):
                if !sendFrame(bytes, to: mac, address) { try broadcast(bytes) }
            }
        } catch {
            log.unsent(error)
        }
    }

    private func send(_ bytes: [UInt8], to peer: IPv4Endpoint, through socket: UDPSocket) throws(SystemError)
    {
        try socket.send(bytes.span, to: peer, from: source)
    }

    private func broadcast(_ bytes: [UInt8]) throws(SystemError) {
        let all = IPv4Endpoint(address: .broadcast, port: DHCPArrival.clientPort)
        try ports.server.send(bytes.span, to: all, from: source, interfaceIndex: interface.index)
    }

    /// The address that clients know the server by, where it is this interface's.
    private var source: IPv4Address? {
        let address = responder.settings.location.address
        return responder.ownAddresses.contains(address) ? address : nil
    }

    /// False when it could not be sent.
    private mutating func sendFrame(_ bytes: [UInt8], to mac: MACAddress, _ address: IPv4Address) -> Bool {
        guard let own = interface.mac, let source = source ?? interface.addresses.first?.address
        else { return false }
        let frame = UDPFrame(
            sourceMAC: own, destinationMAC: mac,
            source: IPv4Endpoint(address: source, port: DHCPArrival.serverPort),
            destination: IPv4Endpoint(address: address, port: DHCPArrival.clientPort), payload: bytes)
        switch ports.packets {
        case nil: return false
        case .some(let packets):
            do throws(PacketPortError) {
                try packets.send(frame.encoded())
                return true
            } catch {
                log.unsent(error)
                return false
            }
        }
    }
}
