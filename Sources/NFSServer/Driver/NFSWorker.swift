import BootCore
import BootFiles
import Logging
import SystemIO
import Wire

/// One thread of the NFS server: it owns its connections, its engine and its view of the exports.
final class NFSWorker {
    /// Half a record, or a reply that nobody takes, for longer than this ends a connection.
    private static let stallLimit = Duration.seconds(60)
    /// Clients close idle connections after five minutes themselves.
    private static let idleLimit = Duration.seconds(900)
    private static let sweepPeriod = Duration.seconds(10)
    private static let wakeupToken = UInt64(0)

    private let number: Int
    private let control: NFSControl
    private let common: NFSCommon
    private var engine: NFSEngine
    private var setup: NFSSetup
    private var setupNumber: Int
    private var log: NFSLog
    private var loop: EventLoop
    private var connections: [UInt64: NFSConnection] = [:]
    /// Listeners and datagram sockets have the tokens before it.
    private var nextToken: UInt64
    private var input = [UInt8](repeating: 0, count: RecordAssembler.maximumRecordBytes + 4096)
    private var reply = RPCReply()
    private var nextSweep: ContinuousClock.Instant
    private var isAccepting = true

    /// - Parameter number: 0 for the thread that accepts and hears datagrams.
    init(number: Int, common: NFSCommon, log: NFSLog) throws(SystemError) {
        self.number = number
        self.common = common
        self.log = log
        control = common.controls[number]
        (setup, setupNumber) = control.setup
        var boot = common.boot
        boot.thread = UInt8(truncatingIfNeeded: number)
        engine = NFSEngine(
            exports: ExportTable(), key: common.key, registrations: common.registrations, boot: boot)
        loop = try EventLoop()
        nextSweep = .now + Self.sweepPeriod
        nextToken = 1 + UInt64(common.sockets.listeners.count + common.sockets.datagrams.count)
        try loop.add(control.wakeup.rawDescriptor, token: Self.wakeupToken)
        openExports()
        guard number == 0 else { return }
        try listen(forReading: true, isNew: true)
        for (index, datagrams) in common.sockets.datagrams.enumerated() {
            let token = UInt64(1 + common.sockets.listeners.count + index)
            try loop.add(datagrams.socket.rawDescriptor, token: token)
        }
    }

    /// Serves until it is told to stop.
    func run() throws(SystemError) {
        while !control.isStopping {
            let deadline = [nextSweep, log.deadline].compactMap { $0 }.min()
            let count = try loop.waitForCount(until: deadline)
            let now = ContinuousClock.now
            engine.timePassed(to: now)
            for index in 0..<count { try handle(loop[index], at: now) }
            if now >= nextSweep { try sweep(at: now) }
            log.tell(engine.takeNotices(), at: now)
        }
        for connection in connections.values { common.counts.release(connection.caller.address) }
        connections = [:]
    }

    private func handle(_ event: EventLoop.Event, at now: ContinuousClock.Instant) throws(SystemError) {
        let listenerCount = common.sockets.listeners.count
        switch event.token {
        case Self.wakeupToken:
            control.wakeup.acknowledge()
            takeSetup()
            for arrival in control.takeArrivals() { welcome(arrival, at: now) }
        case let token where number == 0 && token <= UInt64(listenerCount):
            try accept(common.sockets.listeners[Int(token) - 1], at: now)
        case let token where number == 0 && token <= UInt64(listenerCount + common.sockets.datagrams.count):
            try answerDatagrams(common.sockets.datagrams[Int(token) - 1 - listenerCount], at: now)
        default:
            guard let connection = connections[event.token] else { return }
            serve(connection, event, at: now)
        }
    }
}

// MARK: - Exports

extension NFSWorker {
    private func takeSetup() {
        let (fresh, number) = control.setup
        guard number != setupNumber else { return }
        (setup, setupNumber) = (fresh, number)
        openExports()
    }

    /// Opens each exported folder for this thread; what cannot be opened is left out, and told of.
    private func openExports() {
        var exports: [Export] = []
        for settings in setup.settings.exports {
            let export: Export
            do throws(NodeFailure) {
                export = try self.export(settings)
            } catch {
                log.notExported(settings.path, error.words)
                continue
            }
            if let other = exports.first(where: { $0.id == export.id }) {
                log.notExported(
                    settings.path, "its number is that of \(other.path); give one of them another fsid")
            } else {
                exports.append(export)
            }
        }
        engine.exports = ExportTable(exports)
    }

    private func export(_ settings: NFSExport) throws(NodeFailure) -> Export {
        let nodes: any NodeTree
        do throws(SystemError) {
            switch settings.folder {
            case .tree(let path): nodes = try setup.tree.nodes(of: path)
            case .host(let path): nodes = try FolderTree(NodeDescriptor(folder: path))
            }
        } catch {
            throw .system(error)
        }
        return try Export(settings, tree: nodes)
    }
}

// MARK: - Connections

extension NFSWorker {
    private func listen(forReading: Bool, isNew: Bool = false) throws(SystemError) {
        for (index, listener) in common.sockets.listeners.enumerated() {
            let descriptor = listener.socket.rawDescriptor
            if isNew {
                try loop.add(descriptor, token: UInt64(1 + index))
            } else {
                try loop.change(
                    descriptor, token: UInt64(1 + index), forReading: forReading, forWriting: false)
            }
        }
        isAccepting = forReading
    }

    private func accept(_ listener: NFSSockets.Listener, at now: ContinuousClock.Instant) throws(SystemError)
    {
        // A flood of connections does not keep those that are there from being served.
        for _ in 0..<64 {
            let accepted: (socket: StreamSocket, ends: SocketEnds)?
            do throws(SystemError) {
                accepted = try listener.socket.accept()
            } catch {
                log.notAccepted(error, at: now)
                // Until the next sweep: it would be reported again and again.
                return try listen(forReading: false)
            }
            guard let (socket, ends) = accepted else { return }
            let client = ends.peer
            if let refusal = common.counts.admit(
                client, total: setup.settings.maximumConnections,
                perClient: setup.settings.maximumConnectionsPerClient)
            {
                log.connectionRefused(client, refusal, at: now)
                continue
            }
            let arrival = NFSControl.Arrival(socket: socket, ends: ends, door: listener.door)
            // All of a client's connections, so that they share what NFSv4 knows of it.
            let target = Int(UInt(bitPattern: client.hashValue) % UInt(common.controls.count))
            if target == number {
                welcome(arrival, at: now)
            } else {
                common.controls[target].handOver(arrival)
            }
        }
    }

    private func welcome(_ arrival: NFSControl.Arrival, at now: ContinuousClock.Instant) {
        let token = nextToken
        nextToken += 1
        var caller = caller(arrival.ends, .tcp)
        caller.connection = token
        let connection = NFSConnection(arrival.socket, door: arrival.door, caller: caller, now: now)
        do throws(SystemError) {
            try loop.add(arrival.socket.rawDescriptor, token: token)
            connections[token] = connection
        } catch {
            log.notAccepted(error, at: now)
            common.counts.release(caller.address)
        }
    }

    private func caller(_ ends: SocketEnds, _ transport: RPCCaller.Transport) -> RPCCaller {
        RPCCaller(
            address: ends.peer, port: ends.peerPort, localAddress: ends.local, transport: transport,
            names: log.names(of: ends.peer, setup.settings))
    }

    private func close(_ connection: NFSConnection) {
        loop.remove(connection.socket.rawDescriptor)
        connections[connection.caller.connection] = nil
        common.counts.release(connection.caller.address)
    }

    private func serve(_ connection: NFSConnection, _ event: EventLoop.Event, at now: ContinuousClock.Instant)
    {
        if event.isWritable {
            guard settle(connection.flush(at: now), connection, at: now) else { return }
            if !connection.isFull, !connection.unread.isEmpty {
                guard process(connection, inputCount: takeUnread(of: connection), at: now) else { return }
            }
        }
        if event.isReadable, connection.isReading {
            let start = takeUnread(of: connection)
            switch connection.socket.receive(into: &input, from: start) {
            case .closed: return close(connection)
            case .nothingYet: connection.unread = Array(input[..<start])
            case .bytes(let count):
                connection.lastProgress = now
                guard process(connection, inputCount: start + count, at: now) else { return }
            }
        }
        watch(connection, at: now)
    }

    private func takeUnread(of connection: NFSConnection) -> Int {
        let count = connection.unread.count
        if count > 0 {
            input.replaceSubrange(0..<count, with: connection.unread)
            connection.unread = []
        }
        return count
    }

    /// Answers the records in the input; false when the connection has ended.
    private func process(
        _ connection: NFSConnection, inputCount: Int, at now: ContinuousClock.Instant
    ) -> Bool {
        var start = 0
        while !connection.isFull {
            do throws(RecordAssembler.Violation) {
                switch try connection.assembler.next(in: input, from: start, to: inputCount) {
                case .needsMore(let consumed):
                    connection.unread = Array(input[consumed..<inputCount])
                    return true
                case .record(let range, let consumed):
                    start = consumed
                    guard answer(input.span.extracting(range), on: connection, at: now) else { return false }
                case .assembled(let consumed):
                    start = consumed
                    let record = connection.assembler.takeRecord()
                    guard answer(record.span, on: connection, at: now) else { return false }
                }
            } catch {
                log.connectionEnded(connection.caller.address, error, at: now)
                close(connection)
                return false
            }
        }
        connection.unread = Array(input[start..<inputCount])
        return true
    }

    private func answer(
        _ record: Span<UInt8>, on connection: NFSConnection, at now: ContinuousClock.Instant
    ) -> Bool {
        do throws(RPCIgnoreReason) {
            try engine.answer(
                record, from: connection.caller, at: connection.door, into: &reply, now: now)
        } catch {
            log.ignored(connection.caller.address, error, at: now)
            return true
        }
        guard !reply.isEmpty else { return true }
        reply.mark()
        return settle(connection.send(reply, at: now), connection, at: now)
    }

    private func settle(
        _ outcome: NFSConnection.Outcome, _ connection: NFSConnection, at now: ContinuousClock.Instant
    ) -> Bool {
        switch outcome {
        case .open: return true
        case .closed: break
        case .fileEnded: log.fileEnded(connection.caller.address, at: now)
        }
        close(connection)
        return false
    }

    /// Asks the loop for what the connection now waits for.
    private func watch(_ connection: NFSConnection, at now: ContinuousClock.Instant) {
        let (reads, writes) = (!connection.isFull, connection.hasUnsent)
        guard reads != connection.isReading || writes != connection.isWriting else { return }
        do throws(SystemError) {
            try loop.change(
                connection.socket.rawDescriptor, token: connection.caller.connection, forReading: reads,
                forWriting: writes)
            (connection.isReading, connection.isWriting) = (reads, writes)
        } catch {
            log.notAccepted(error, at: now)
            close(connection)
        }
    }

    /// Ends connections that have stood still for too long, and takes new ones again.
    private func sweep(at now: ContinuousClock.Instant) throws(SystemError) {
        nextSweep = now + Self.sweepPeriod
        engine.expireClients(at: now)
        if number == 0, !isAccepting { try listen(forReading: true) }
        for connection in Array(connections.values) {
            let isStalled =
                connection.hasUnsent || connection.assembler.isInside || !connection.unread.isEmpty
            guard now - connection.lastProgress > (isStalled ? Self.stallLimit : Self.idleLimit) else {
                continue
            }
            log.standstill(connection.caller.address, isStalled: isStalled, at: now)
            close(connection)
        }
    }
}

// MARK: - Datagrams

extension NFSWorker {
    private func answerDatagrams(
        _ datagrams: NFSSockets.Datagrams, at now: ContinuousClock.Instant
    ) throws(SystemError) {
        for _ in 0..<64 {
            guard let (byteCount, ends) = try datagrams.socket.receive(into: &input) else { return }
            // Longer than any call; and nothing can be sent to port 0.
            guard byteCount <= RecordAssembler.maximumRecordBytes, ends.peerPort != 0 else { continue }
            do throws(RPCIgnoreReason) {
                try engine.answer(
                    input.span.extracting(0..<byteCount), from: caller(ends, .udp), at: datagrams.door,
                    into: &reply,
                    now: now)
            } catch {
                log.ignored(ends.peer, error, at: now)
                continue
            }
            guard !reply.isEmpty else { continue }
            do throws(SystemError) {
                try datagrams.socket.send(reply.datagram()[...], backTo: ends)
            } catch {
                log.notSent(ends.peer, error, at: now)
            }
        }
    }
}

extension RPCReply {
    /// The message in one piece, without its mark.
    func datagram() throws(SystemError) -> [UInt8] {
        var message: [UInt8] = []
        var start = Self.markBytes
        for part in parts {
            message += xdr.bytes[start..<part.position]
            let content = try part.file.bytes(at: part.offset, count: part.count)
            // It has become shorter meanwhile; its length is written already.
            message += content + [UInt8](repeating: 0, count: part.count - content.count)
            start = part.position
        }
        return message + xdr.bytes[start...]
    }
}
