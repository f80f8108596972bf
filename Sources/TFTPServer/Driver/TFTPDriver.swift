import BootCore
import BootFiles
import Logging
import SystemIO
import Wire

/// The thread of the TFTP server: it owns the sockets and files and does what the engine says.
final class TFTPDriver {
    private static let listeningToken = UInt64(0)
    private static let wakeupToken = UInt64(1)

    private let listening: UDPSocket
    private let control: TFTPControl
    private let log: TFTPLog
    private var tree: BootTree
    private var listener: TFTPListener
    private var loop: EventLoop
    /// A request's longest sensible length; options of more are cut off.
    private var receiver = DatagramReceiver(bufferBytes: 2048)
    private var sender = TFTPBlockSender()
    private var carriers: [TFTPTransferID: TFTPCarrier] = [:]

    init(listening: UDPSocket, control: TFTPControl, log: TFTPLog) throws(SystemError) {
        self.listening = listening
        self.control = control
        self.log = log
        let setup = control.setup
        tree = setup.tree
        listener = TFTPListener(settings: setup.settings)
        loop = try EventLoop()
        try loop.add(listening.rawDescriptor, token: Self.listeningToken)
        try loop.add(control.wakeup.rawDescriptor, token: Self.wakeupToken)
    }

    /// Serves until it is told to stop.
    func run() throws(SystemError) {
        while !control.isStopping {
            for event in try loop.wait(until: listener.earliestDeadline) {
                switch event.token {
                case Self.listeningToken: try readListening()
                case Self.wakeupToken: takeSetup()
                default: try readTransfer(TFTPTransferID(rawValue: event.token))
                }
            }
            let now = ContinuousClock.now
            for step in listener.timePassed(to: now) { perform(step, at: now) }
        }
        end()
    }

    private func takeSetup() {
        control.wakeup.acknowledge()
        let setup = control.setup
        tree = setup.tree
        listener.settings = setup.settings
    }

    private func end() {
        let now = ContinuousClock.now
        for id in carriers.keys {
            perform(
                TFTPStep(transfer: id, action: listener.end(id, because: .shuttingDown, at: now)), at: now)
        }
    }
}

// MARK: - What comes in

extension TFTPDriver {
    private func readListening() throws(SystemError) {
        _ = try receiver.receive(from: listening) { origin, bytes in
            let now = ContinuousClock.now
            let packet: Result<TFTPPacket, TFTPMalformation>
            do throws(TFTPMalformation) {
                packet = .success(try TFTPPacket(parsing: bytes))
            } catch {
                packet = .failure(error)
            }
            switch listener.received(packet, from: origin.peer, at: now) {
            case .open(let path, let request): open(path, request, for: origin, at: now)
            case .perform(let step):
                if case .success(.readRequest) = packet { carriers[step.transfer].map(log.repeated) }
                perform(step, at: now)
            case .refuse(let refusal): refuse(refusal, packet, origin)
            case .ignore(let reason): log.ignored(reason, origin.peer)
            }
        }
    }

    private func readTransfer(_ id: TFTPTransferID) throws(SystemError) {
        // Gone since the loop reported it.
        guard let carrier = carriers[id] else { return }
        _ = try receiver.receive(from: carrier.route.socket) { origin, bytes in
            guard let packet = try? TFTPPacket(parsing: bytes) else { return }
            guard origin.peer == carrier.route.peer else {
                if case .error = packet { return }
                log.wrongPort(carrier, origin.peer)
                try? carrier.route.socket.send(
                    TFTPRefusal.unknownTransfer.packet.encoded().span, to: origin.peer)
                return
            }
            let now = ContinuousClock.now
            perform(TFTPStep(transfer: id, action: listener.received(packet, for: id, at: now)), at: now)
        }
    }

    private func refuse(
        _ refusal: TFTPRefusal, _ packet: Result<TFTPPacket, TFTPMalformation>, _ origin: DatagramOrigin
    ) {
        try? listening.send(refusal.packet.encoded().span, to: origin.peer, from: source(for: origin))
        let file: [UInt8]? =
            switch packet {
            case .success(.readRequest(let request)), .success(.writeRequest(let request)): request.file
            case .success, .failure: nil
            }
        log.refused(refusal, file: file, origin.peer)
    }

    /// Clients take an answer only from the address that they asked.
    private func source(for origin: DatagramOrigin) -> IPv4Address? {
        origin.localAddress == .broadcast ? nil : origin.localAddress
    }
}

// MARK: - What goes out

extension TFTPDriver {
    private func open(
        _ path: BootPath, _ request: TFTPRequest, for origin: DatagramOrigin, at now: ContinuousClock.Instant
    ) {
        let file: OpenFile
        do throws(OpenFailure) {
            file = try tree.open(path)
        } catch {
            return refuse(TFTPRefusal(error, opening: path), .success(.readRequest(request)), origin)
        }
        let route: TFTPBlockSender.Route
        do throws(SystemError) {
            route = try self.route(for: origin)
        } catch {
            return refuse(.noSocket(error), .success(.readRequest(request)), origin)
        }
        file.expectSequentialReading()
        let content: TFTPContent =
            request.mode == .netascii ? .netascii : .octets(byteCount: UInt64(max(file.byteCount, 0)))
        let beginning = listener.begin(request, content: content, for: origin.peer, at: now)
        if let replaced = beginning.replaced { perform(replaced, at: now) }
        let carrier = TFTPCarrier(
            path: path, file: file, route: route, hasOwnSocket: route.socket !== listening,
            negotiation: beginning.negotiation, mode: request.mode)
        let id = beginning.step.transfer
        carriers[id] = carrier
        if carrier.hasOwnSocket { try? loop.add(route.socket.rawDescriptor, token: id.rawValue) }
        perform(beginning.step, at: now)
    }

    private func route(for origin: DatagramOrigin) throws(SystemError) -> TFTPBlockSender.Route {
        let source = source(for: origin)
        if listener.settings.singlePort {
            return TFTPBlockSender.Route(socket: listening, peer: origin.peer, source: source)
        }
        let socket = try UDPSocket(address: source ?? .any, port: 0)
        try socket.allowFragmentation()
        return TFTPBlockSender.Route(socket: socket, peer: origin.peer, source: nil)
    }

    private func perform(_ step: TFTPStep, at now: ContinuousClock.Instant) {
        guard let carrier = carriers[step.transfer] else { return }
        switch step.action {
        case .wait: break
        case .sendOptions: send(.optionAcknowledgment(carrier.negotiation.granted), by: carrier)
        case .sendBlocks(let blocks):
            let outcome =
                carrier.netascii == nil
                ? sender.send(
                    blocks, of: carrier.file, blockSizeBytes: carrier.negotiation.blockSizeBytes,
                    over: carrier.route)
                : sendText(blocks.lowerBound, by: carrier, step.transfer)
            handle(outcome, carrier, step.transfer, at: now)
        case .finish(let summary):
            log.ended(carrier, summary)
            close(step.transfer)
        case .abandon(let reason, let summary):
            if let packet = reason.errorToSend { send(packet, by: carrier) }
            log.abandoned(carrier, reason, summary)
            close(step.transfer)
        }
    }

    private func handle(
        _ outcome: TFTPBlockSender.Outcome, _ carrier: TFTPCarrier, _ id: TFTPTransferID,
        at now: ContinuousClock.Instant
    ) {
        switch outcome {
        case .sent: break
        case .heldUp(let block): listener.couldNotSend(from: block, of: id, at: now)
        case .failed(let error): carrier.sendFailure = error.description
        case .unreadable(let what):
            carrier.sendFailure = what
            perform(
                TFTPStep(transfer: id, action: listener.end(id, because: .fileUnreadable, at: now)), at: now)
        }
    }

    /// Sends the block at hand again, or makes the next one.
    private func sendText(
        _ block: UInt64, by carrier: TFTPCarrier, _ id: TFTPTransferID
    ) -> TFTPBlockSender.Outcome {
        guard var text = carrier.netascii else { return .sent }
        carrier.netascii = nil
        defer { carrier.netascii = text }
        if block > text.number {
            do throws(SystemError) {
                try text.advance { (offset, count) throws(SystemError) in
                    try carrier.file.bytes(at: offset, count: count)
                }
            } catch {
                return .unreadable(error.description)
            }
            if text.isLast { listener.contentEnds(of: id, withBlock: block, wireBytes: text.wireBytes) }
        }
        return sender.send(text.bytes, asBlock: block, over: carrier.route)
    }

    private func send(_ packet: TFTPPacket, by carrier: TFTPCarrier) {
        do throws(SystemError) {
            try carrier.route.socket.send(
                packet.encoded().span, to: carrier.route.peer, from: carrier.route.source)
        } catch {
            carrier.sendFailure = error.description
        }
    }

    private func close(_ id: TFTPTransferID) {
        guard let carrier = carriers.removeValue(forKey: id), carrier.hasOwnSocket else { return }
        loop.remove(carrier.route.socket.rawDescriptor)
    }
}
