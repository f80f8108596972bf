import BootCore
import BootFiles
import Logging
import SystemIO
import Wire

/// The thread of the TFTP server: it owns the sockets and files and does what the engine says.
final class TFTPDriver {
    private static let listeningToken = UInt64(0)
    private static let wakeupToken = UInt64(1)

    /// What the engine's times count from.
    private let started = ContinuousClock.now
    private let listening: UDPSocket
    private let control: TFTPControl
    private var log: TFTPLog
    private let journal: BootJournal
    private var tree: BootTree
    private var listener: TFTPListener
    private var loop: EventLoop
    /// A request's longest sensible length; options of more are cut off.
    private var receiver = DatagramReceiver(bufferBytes: 2048)
    private let sender = TFTPBlockSender()
    private var isStopping = false
    /// By their transfers' slots.
    private var carriers: [TFTPCarrier?] = []

    init(
        listening: UDPSocket, control: TFTPControl, log: TFTPLog, journal: BootJournal
    ) throws(SystemError) {
        self.listening = listening
        self.control = control
        self.log = log
        self.journal = journal
        let setup = control.setup
        tree = setup.tree
        listener = TFTPListener(settings: setup.settings)
        loop = try EventLoop()
        try loop.add(listening.rawDescriptor, token: Self.listeningToken)
        try loop.add(control.wakeup.rawDescriptor, token: Self.wakeupToken)
    }

    /// Serves until it is told to stop.
    func run() throws(SystemError) {
        while !isStopping {
            let deadline = [listener.earliestDeadline, log.deadline].compactMap { $0 }.min()
            let count = try loop.waitForCount(until: deadline.map { started + $0 })
            let now = ContinuousClock.now - started
            for index in 0..<count {
                let event = loop[index]
                switch event.token {
                case Self.listeningToken: try readListening(at: now)
                case Self.wakeupToken: takeSetup()
                default: readTransfer(TFTPTransferID(rawValue: event.token), at: now)
                }
            }
            for step in listener.timePassed(to: now) { perform(step, at: now) }
            log.timePassed(to: now)
        }
        endAll()
    }

    private func takeSetup() {
        control.wakeup.acknowledge()
        isStopping = control.isStopping
        let setup = control.setup
        tree = setup.tree
        listener.settings = setup.settings
    }

    private func endAll() {
        let now = ContinuousClock.now - started
        for case let carrier? in carriers { end(carrier, because: .shuttingDown, at: now) }
        log.tellHeldBack(at: now)
    }
}

// MARK: - What comes in

extension TFTPDriver {
    private func readListening(at now: Duration) throws(SystemError) {
        _ = try receiver.receive(from: listening) { origin, bytes in
            // RFC 1123 §4.2.3.6: it would be everybody's to answer.
            if origin.localAddress == .broadcast { return log.ignored(.broadcast, origin.peer) }
            let packet: Result<TFTPPacket, TFTPMalformation>
            do throws(TFTPMalformation) {
                packet = .success(try TFTPPacket(parsing: bytes))
            } catch {
                packet = .failure(error)
            }
            switch listener.received(packet, from: origin.peer, at: now) {
            case .open(let path, let request):
                journal.noticed(
                    mac: log.directory.machine(at: origin.peer.address)?.mac, address: origin.peer.address,
                    by: .tftp, at: WallClock.now.millisecondsSince1970)
                open(path, request, for: origin, at: now)
            case .perform(let step):
                if case .success(.readRequest) = packet { carrier(of: step.transfer).map(log.repeated) }
                perform(step, at: now)
            case .refuse(let refusal): refuse(refusal, packet, origin, at: now)
            case .ignore(let reason): log.ignored(reason, origin.peer)
            }
        }
    }

    private func readTransfer(_ id: TFTPTransferID, at now: Duration) {
        // Gone since the loop reported it.
        guard let carrier = carrier(of: id) else { return }
        do throws(SystemError) {
            _ = try receiver.receive(from: carrier.route.socket, atMost: 1) { origin, bytes in
                let packet: TFTPPacket
                do throws(TFTPMalformation) {
                    packet = try TFTPPacket(parsing: bytes)
                } catch {
                    return log.ignored(.malformed(error), origin.peer)
                }
                guard origin.peer == carrier.route.peer else {
                    return turnAway(packet, from: origin.peer, at: carrier)
                }
                perform(TFTPStep(transfer: id, action: listener.received(packet, for: id, at: now)), at: now)
            }
        } catch {
            carrier.failure = error.description
            end(carrier, because: .socketFailed, at: now)
        }
    }

    /// Answers somebody else's packet on a transfer's port; the transfer goes on.
    private func turnAway(_ packet: TFTPPacket, from sender: IPv4Endpoint, at carrier: TFTPCarrier) {
        if case .error = packet { return }
        log.wrongPort(carrier, sender)
        try? carrier.route.socket.send(TFTPRefusal.unknownTransfer.packet.encoded().span, to: sender)
    }

    private func refuse(
        _ refusal: TFTPRefusal, _ packet: Result<TFTPPacket, TFTPMalformation>, _ origin: DatagramOrigin,
        at now: Duration
    ) {
        try? listening.send(refusal.packet.encoded().span, to: origin.peer, from: origin.localAddress)
        let file: [UInt8]? =
            switch packet {
            case .success(.readRequest(let request)), .success(.writeRequest(let request)): request.file
            case .success, .failure: nil
            }
        log.refused(refusal, file: file, origin.peer, at: now)
    }
}

// MARK: - What goes out

extension TFTPDriver {
    private func open(
        _ path: BootPath, _ request: TFTPRequest, for origin: DatagramOrigin, at now: Duration
    ) {
        let file: OpenFile
        do throws(OpenFailure) {
            file = try tree.open(path)
        } catch {
            return refuse(TFTPRefusal(error, opening: path), .success(.readRequest(request)), origin, at: now)
        }
        let route: TFTPRoute
        do throws(SystemError) {
            route = try self.route(for: origin)
        } catch {
            return refuse(.noSocket(error), .success(.readRequest(request)), origin, at: now)
        }
        file.expectSequentialReading()
        let content: TFTPContent =
            request.mode == .netascii ? .netascii : .octets(byteCount: UInt64(max(file.byteCount, 0)))
        let beginning = listener.begin(request, content: content, for: origin.peer, at: now)
        if let replaced = beginning.replaced { perform(replaced, at: now) }
        if let displaced = beginning.displaced { perform(displaced, at: now) }
        let carrier = TFTPCarrier(
            id: beginning.step.transfer, path: path, file: file, route: route,
            hasOwnSocket: route.socket !== listening,
            negotiation: beginning.negotiation, mode: request.mode)
        while carriers.count <= carrier.id.slot { carriers.append(nil) }
        carriers[carrier.id.slot] = carrier
        if carrier.hasOwnSocket {
            do throws(SystemError) {
                try loop.add(route.socket.rawDescriptor, token: carrier.id.rawValue)
            } catch {
                carrier.failure = error.description
                return end(carrier, because: .socketFailed, at: now)
            }
        }
        perform(beginning.step, at: now)
    }

    private func route(for origin: DatagramOrigin) throws(SystemError) -> TFTPRoute {
        // Clients take an answer only from the address that they asked.
        if listener.settings.singlePort {
            return TFTPRoute(socket: listening, peer: origin.peer, source: origin.localAddress)
        }
        let socket = try UDPSocket(address: origin.localAddress, port: 0, reportsLocalAddress: false)
        try socket.allowFragmentation()
        return TFTPRoute(socket: socket, peer: origin.peer)
    }

    private func perform(_ step: TFTPStep, at now: Duration) {
        guard let carrier = carrier(of: step.transfer) else { return }
        switch step.action {
        case .wait: break
        case .sendOptions: send(.optionAcknowledgment(carrier.negotiation.granted), by: carrier)
        case .sendBlocks(let blocks):
            let couldSegment = sender.segmentationFailure == nil
            handle(carrier.send(blocks, by: sender), carrier, at: now)
            if couldSegment, let failure = sender.segmentationFailure { log.segmentationEnded(failure) }
        case .finish(let summary):
            log.ended(carrier, summary)
            close(carrier)
        case .abandon(let reason, let summary):
            if let packet = reason.errorToSend { send(packet, by: carrier) }
            log.abandoned(carrier, reason, summary, at: now)
            close(carrier)
        }
    }

    private func handle(
        _ outcome: TFTPSendOutcome, _ carrier: TFTPCarrier, at now: Duration
    ) {
        if let text = carrier.text, text.isLast {
            listener.contentEnds(of: carrier.id, withBlock: text.number, wireBytes: text.wireBytes)
        }
        switch outcome {
        case .sent: break
        case .heldUp(let block): listener.couldNotSend(from: block, of: carrier.id, at: now)
        case .failed(let error): carrier.failure = error.description
        case .unreadable(let what):
            carrier.failure = what
            end(carrier, because: .fileUnreadable, at: now)
        }
    }

    private func send(_ packet: TFTPPacket, by carrier: TFTPCarrier) {
        do throws(SystemError) {
            try carrier.route.socket.send(
                packet.encoded().span, to: carrier.route.peer, from: carrier.route.source)
        } catch {
            carrier.failure = error.description
        }
    }

    private func end(_ carrier: TFTPCarrier, because reason: TFTPAbandonment, at now: Duration) {
        let action = listener.end(carrier.id, because: reason, at: now)
        perform(TFTPStep(transfer: carrier.id, action: action), at: now)
    }

    private func close(_ carrier: TFTPCarrier) {
        carriers[carrier.id.slot] = nil
        if carrier.hasOwnSocket { loop.remove(carrier.route.socket.rawDescriptor) }
    }

    private func carrier(of id: TFTPTransferID) -> TFTPCarrier? {
        guard id.slot < carriers.count, let carrier = carriers[id.slot], carrier.id == id else { return nil }
        return carrier
    }
}
