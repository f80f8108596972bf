import BootFiles
import Wire

/// The rules of the listening port, and all transfers under way.
///
/// Times are durations since the server's start. `ContinuousClock.Instant` has no layout that the compiler knows:
/// with it in these values a block costs a third more time in the process.
struct TFTPListener {
    /// Who asked for what, and how far it is.
    private struct Entry {
        let id: TFTPTransferID
        let peer: IPv4Endpoint
        let request: TFTPRequest
        let usesListeningPort: Bool
        var transfer: TFTPTransfer

        /// - Returns: nil when the packet is for another transfer that was in this place before.
        mutating func received(
            _ packet: TFTPPacket, for id: TFTPTransferID, at now: Duration
        ) -> (action: TFTPAction, deadline: Duration)? {
            guard id == self.id else { return nil }
            let action = transfer.received(packet, at: now)
            return (action, transfer.deadline)
        }
    }

    var settings: TFTPSettings
    private var slots: [Entry?] = []
    private var freeSlots: [Int] = []
    /// Of several transfers of one port the youngest.
    private var transferByPeer: [IPv4Endpoint: TFTPTransferID] = [:]
    /// In the order of their beginnings.
    private var transfersByClient: [IPv4Address: [TFTPTransferID]] = [:]
    /// All that may not have been acknowledged yet, in the order of their beginnings; some have ended since.
    private var unproven = TFTPTransferQueue()
    private var lastSerial = UInt32(0)
    /// No transfer's deadline is earlier.
    private(set) var earliestDeadline: Duration?

    init(settings: TFTPSettings) { self.settings = settings }

    /// How many transfers are under way.
    var count: Int { slots.count - freeSlots.count }

    /// Takes a packet that arrived on the listening port.
    mutating func received(
        _ packet: Result<TFTPPacket, TFTPMalformation>, from peer: IPv4Endpoint,
        at now: Duration
    ) -> TFTPDecision {
        guard peer.port != 0 else { return .ignore(.portZero) }
        switch packet {
        case .success(.readRequest(let request)): return requested(request, by: peer, at: now)
        case .success(.writeRequest): return .refuse(.write)
        case .success(let packet):
            if let id = transferByPeer[peer], slots[id.slot]?.usesListeningPort == true {
                return .perform(TFTPStep(transfer: id, action: received(packet, for: id, at: now)))
            }
            switch packet {
            case .error(let code, let text): return .ignore(.error(code, text))
            case .acknowledgment, .data: return .refuse(.unknownTransfer)
            case .optionAcknowledgment, .readRequest, .writeRequest: return .ignore(.unexpected)
            }
        case .failure(let malformation):
            if case .truncated = malformation { return .ignore(.malformed(malformation)) }
            return .refuse(.malformed(malformation))
        }
    }

    /// Takes a packet that arrived on a transfer's own port, from its client.
    mutating func received(
        _ packet: TFTPPacket, for id: TFTPTransferID, at now: Duration
    ) -> TFTPAction {
        // The hot path: one access, in place.
        guard id.slot < slots.count,
            let (action, deadline) = slots[id.slot]?.received(packet, for: id, at: now)
        else { return .wait(until: now) }
        switch action {
        case .finish, .abandon: forget(id)
        case .sendOptions, .sendBlocks, .wait: note(deadline)
        }
        return action
    }

    /// Starts the transfer that `.open` asked for.
    mutating func begin(
        _ request: TFTPRequest, content: TFTPContent, for peer: IPv4Endpoint, at now: Duration
    ) -> TFTPBeginning {
        let replaced = replace(at: peer, by: request, at: now)
        let displaced = makeRoom(for: peer.address, at: now)
        let id = newID()
        let limits = TFTPLimits(mtu: settings.mtu, maximumWindowSize: settings.maximumWindowSize)
        var transfer = TFTPTransfer(options: request.options, content: content, limits: limits, at: now)
        let action = transfer.start(at: now)
        slots[id.slot] = Entry(
            id: id, peer: peer, request: request, usesListeningPort: settings.singlePort, transfer: transfer)
        transferByPeer[peer] = id
        transfersByClient[peer.address, default: []].append(id)
        _ = oldestUnproven()
        unproven.append(id)
        return TFTPBeginning(
            negotiation: transfer.negotiation, replaced: replaced, displaced: displaced,
            step: TFTPStep(transfer: id, action: settled(action, of: id)))
    }

    /// What is due by `now`.
    mutating func timePassed(to now: Duration) -> [TFTPStep] {
        guard let earliestDeadline, now >= earliestDeadline else { return [] }
        self.earliestDeadline = nil
        var steps: [TFTPStep] = []
        for slot in slots.indices {
            guard let id = slots[slot]?.id, let action = slots[slot]?.transfer.timePassed(to: now) else {
                continue
            }
            if case .wait(let deadline) = action {
                note(deadline)
            } else {
                steps.append(TFTPStep(transfer: id, action: settled(action, of: id)))
            }
        }
        return steps
    }

    /// The content of a netascii transfer ends with this block.
    mutating func contentEnds(of id: TFTPTransferID, withBlock block: UInt64, wireBytes: UInt64) {
        guard isUnderWay(id) else { return }
        slots[id.slot]?.transfer.contentEnds(withBlock: block, wireBytes: wireBytes)
    }

    /// The socket did not take `block` and what follows.
    mutating func couldNotSend(from block: UInt64, of id: TFTPTransferID, at now: Duration) {
        guard isUnderWay(id) else { return }
        slots[id.slot]?.transfer.couldNotSend(from: block, at: now)
        if let deadline = slots[id.slot]?.transfer.deadline { note(deadline) }
    }

    /// Ends a transfer for a reason of the server's own.
    mutating func end(
        _ id: TFTPTransferID, because reason: TFTPAbandonment, at now: Duration
    ) -> TFTPAction {
        guard isUnderWay(id), let action = slots[id.slot]?.transfer.ended(reason, at: now) else {
            return .wait(until: now)
        }
        return settled(action, of: id)
    }
}

extension TFTPListener {
    private mutating func requested(
        _ request: TFTPRequest, by peer: IPv4Endpoint, at now: Duration
    ) -> TFTPDecision {
        if let id = transferByPeer[peer], slots[id.slot]?.request == request,
            let action = slots[id.slot]?.transfer.requestRepeated(at: now)
        {
            return .perform(TFTPStep(transfer: id, action: action))
        }
        guard request.mode != .mail else { return .refuse(.mail) }
        let path: BootPath
        do throws(BootPath.Refusal) {
            path = try BootPath(requested: request.file)
        } catch {
            return .refuse(.path(error))
        }
        if path.isLocalDiskRefusal { return .refuse(.localBoot) }
        guard count < settings.maximumTransfers || oldestUnproven() != nil else {
            return .refuse(.tooManyTransfers(limit: settings.maximumTransfers))
        }
        guard !isFull(peer.address) || oldestUnproven(of: peer.address) != nil else {
            return .refuse(.tooManyTransfersOfClient(limit: settings.maximumTransfersPerClient))
        }
        return .open(path, request)
    }

    /// Ends the transfer that this client port had before, if the new request shows that it has left it.
    ///
    /// pxelinux uses one port for one file after the other. The very same request during a transfer may be a
    /// late duplicate, though, and must not end what goes on between two other ports.
    private mutating func replace(
        at peer: IPv4Endpoint, by request: TFTPRequest, at now: Duration
    ) -> TFTPStep? {
        guard let id = transferByPeer[peer], let entry = slots[id.slot],
            entry.usesListeningPort || entry.request != request || entry.transfer.allIsSent
        else { return nil }
        return TFTPStep(transfer: id, action: end(id, because: .superseded, at: now))
    }

    /// Ends the oldest transfer that was never acknowledged, when another of this client would be one too many.
    ///
    /// Its request may have come from a forged address, and would hold its place for 15 seconds.
    private mutating func makeRoom(for client: IPv4Address, at now: Duration) -> TFTPStep? {
        let oldest: TFTPTransferID? =
            if isFull(client) {
                oldestUnproven(of: client)
            } else if count >= settings.maximumTransfers {
                oldestUnproven()
            } else {
                nil
            }
        return oldest.map { TFTPStep(transfer: $0, action: end($0, because: .displaced, at: now)) }
    }

    private func isFull(_ client: IPv4Address) -> Bool {
        transfersByClient[client, default: []].count >= settings.maximumTransfersPerClient
    }

    private func oldestUnproven(of client: IPv4Address) -> TFTPTransferID? {
        transfersByClient[client, default: []].first(where: isUnproven)
    }

    /// Forgets on the way what has ended or been acknowledged.
    private mutating func oldestUnproven() -> TFTPTransferID? {
        while let id = unproven.first {
            if isUnproven(id) { return id }
            unproven.removeFirst()
        }
        return nil
    }

    private func isUnproven(_ id: TFTPTransferID) -> Bool {
        isUnderWay(id) && slots[id.slot]?.transfer.hasAnswered == false
    }

    /// Forgets a transfer that has ended; notes the deadline of one that goes on.
    private mutating func settled(_ action: TFTPAction, of id: TFTPTransferID) -> TFTPAction {
        switch action {
        case .finish, .abandon: forget(id)
        case .sendOptions, .sendBlocks, .wait:
            if let deadline = slots[id.slot]?.transfer.deadline { note(deadline) }
        }
        return action
    }

    private mutating func forget(_ id: TFTPTransferID) {
        guard let entry = slots[id.slot] else { return }
        slots[id.slot] = nil
        freeSlots.append(id.slot)
        if transferByPeer[entry.peer] == id { transferByPeer[entry.peer] = nil }
        transfersByClient[entry.peer.address]?.removeAll { $0 == id }
        if transfersByClient[entry.peer.address]?.isEmpty == true {
            transfersByClient[entry.peer.address] = nil
        }
    }

    private mutating func newID() -> TFTPTransferID {
        // Zero would be no token of the driver's loop.
        lastSerial = max(lastSerial &+ 1, 1)
        if let slot = freeSlots.popLast() { return TFTPTransferID(slot: slot, serial: lastSerial) }
        slots.append(nil)
        return TFTPTransferID(slot: slots.count - 1, serial: lastSerial)
    }

    private func isUnderWay(_ id: TFTPTransferID) -> Bool {
        id.slot < slots.count && slots[id.slot]?.id == id
    }

    private mutating func note(_ deadline: Duration) {
        earliestDeadline = min(earliestDeadline ?? deadline, deadline)
    }
}
