import BootFiles
import Wire

/// A transfer: its place among those under way, and a number that no other transfer in that place has.
struct TFTPTransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(slot: Int, serial: UInt32) { rawValue = UInt64(serial) << 32 | UInt64(slot) }

    /// Small: transfers that have ended leave their place to others.
    var slot: Int { Int(truncatingIfNeeded: rawValue & 0xffff_ffff) }
}

/// What a transfer wants done, and which.
struct TFTPStep: Equatable, Sendable {
    var transfer: TFTPTransferID
    var action: TFTPAction
}

/// What is to be done about a packet on the listening port.
enum TFTPDecision: Equatable, Sendable {
    /// Opens the file, and then calls `begin` or answers with the refusal that the failure amounts to.
    case open(BootPath, TFTPRequest)
    case perform(TFTPStep)
    case refuse(TFTPRefusal)
    case ignore(TFTPIgnoreReason)
}

/// A transfer that has just been started.
struct TFTPBeginning: Equatable, Sendable {
    var negotiation: TFTPNegotiation
    /// How the transfer has ended that it takes the place of.
    var replaced: TFTPStep?
    /// What it does first.
    var step: TFTPStep
}

/// Why a packet is not even answered.
enum TFTPIgnoreReason: Equatable, Sendable {
    case malformed(TFTPMalformation)
    /// An ERROR is never answered by an ERROR.
    case error(TFTPErrorCode, String)
    case unexpected
    case broadcast
}

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
    private var countByClient: [IPv4Address: Int] = [:]
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
        let id = newID()
        let limits = TFTPLimits(mtu: settings.mtu, maximumWindowSize: settings.maximumWindowSize)
        var transfer = TFTPTransfer(options: request.options, content: content, limits: limits, at: now)
        let action = transfer.start(at: now)
        slots[id.slot] = Entry(
            id: id, peer: peer, request: request, usesListeningPort: settings.singlePort, transfer: transfer)
        transferByPeer[peer] = id
        countByClient[peer.address, default: 0] += 1
        return TFTPBeginning(
            negotiation: transfer.negotiation, replaced: replaced,
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
        if path.isLocalBoot { return .refuse(.localBoot) }
        guard count < settings.maximumTransfers else {
            return .refuse(.tooManyTransfers(limit: settings.maximumTransfers))
        }
        guard countByClient[peer.address, default: 0] < settings.maximumTransfersPerClient else {
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
        let left = countByClient[entry.peer.address, default: 1] - 1
        countByClient[entry.peer.address] = left > 0 ? left : nil
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

extension BootPath {
    /// The file name that machines get which are to start from their own disk: UEFI goes on to it at once when
    /// the file is not there.
    var isLocalBoot: Bool { segments.last == "netbootd-boots-the-local-disk" }

    /// A name that loaders try before another, or do without: most of the time it is not there.
    var isRoutineProbe: Bool {
        guard let name = segments.last else { return false }
        if segments.dropLast().last == "pxelinux.cfg" { return name != "default" }
        return name.hasPrefix("grub.cfg-") || name.hasSuffix(".lst") || name.hasPrefix("revocations")
            || name.hasPrefix("shim_certificate") || name == "autoexec.ipxe" || name == "bootsig.bin"
    }
}
