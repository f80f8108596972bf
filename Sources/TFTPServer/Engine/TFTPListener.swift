import BootFiles
import Wire

/// A number for a transfer that no other transfer ever had.
struct TFTPTransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64
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
}

/// The rules of the listening port, and all transfers under way.
struct TFTPListener {
    /// Who asked for what, and how far it is.
    struct Entry {
        let peer: IPv4Endpoint
        let request: TFTPRequest
        let usesListeningPort: Bool
        var transfer: TFTPTransfer
    }

    var settings: TFTPSettings
    private(set) var entries: [TFTPTransferID: Entry] = [:]
    /// Of several transfers of one port the youngest.
    private var transferByPeer: [IPv4Endpoint: TFTPTransferID] = [:]
    private var countByClient: [IPv4Address: Int] = [:]
    private var nextID = UInt64(16)
    /// No transfer's deadline is earlier.
    private(set) var earliestDeadline: ContinuousClock.Instant?

    init(settings: TFTPSettings) { self.settings = settings }

    /// Takes a packet that arrived on the listening port.
    mutating func received(
        _ packet: Result<TFTPPacket, TFTPMalformation>, from peer: IPv4Endpoint,
        at now: ContinuousClock.Instant
    ) -> TFTPDecision {
        switch packet {
        case .success(.readRequest(let request)): return requested(request, by: peer, at: now)
        case .success(.writeRequest): return .refuse(.write)
        case .success(let packet):
            if let id = transferByPeer[peer], entries[id]?.usesListeningPort == true {
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
        _ packet: TFTPPacket, for id: TFTPTransferID, at now: ContinuousClock.Instant
    ) -> TFTPAction {
        guard let action = entries[id]?.transfer.received(packet, at: now) else { return .wait(until: now) }
        return settled(action, of: id)
    }

    /// Starts the transfer that `.open` asked for.
    mutating func begin(
        _ request: TFTPRequest, content: TFTPContent, for peer: IPv4Endpoint, at now: ContinuousClock.Instant
    ) -> TFTPBeginning {
        let replaced = replace(at: peer, by: request, at: now)
        let id = TFTPTransferID(rawValue: nextID)
        nextID += 1
        let limits = TFTPLimits(mtu: settings.mtu, maximumWindowSize: settings.maximumWindowSize)
        var transfer = TFTPTransfer(options: request.options, content: content, limits: limits, at: now)
        let action = transfer.start(at: now)
        entries[id] = Entry(
            peer: peer, request: request, usesListeningPort: settings.singlePort, transfer: transfer)
        transferByPeer[peer] = id
        countByClient[peer.address, default: 0] += 1
        return TFTPBeginning(
            negotiation: transfer.negotiation, replaced: replaced,
            step: TFTPStep(transfer: id, action: settled(action, of: id)))
    }

    /// What is due by `now`.
    mutating func timePassed(to now: ContinuousClock.Instant) -> [TFTPStep] {
        guard let earliestDeadline, now >= earliestDeadline else { return [] }
        self.earliestDeadline = nil
        var steps: [TFTPStep] = []
        for (id, entry) in entries {
            guard entry.transfer.deadline <= now else {
                note(entry.transfer.deadline)
                continue
            }
            steps.append(TFTPStep(transfer: id, action: .wait(until: now)))
        }
        for index in steps.indices {
            let id = steps[index].transfer
            if let action = entries[id]?.transfer.timePassed(to: now) {
                steps[index].action = settled(action, of: id)
            }
        }
        return steps
    }

    /// The content of a netascii transfer ends with this block.
    mutating func contentEnds(of id: TFTPTransferID, withBlock block: UInt64, wireBytes: UInt64) {
        entries[id]?.transfer.contentEnds(withBlock: block, wireBytes: wireBytes)
    }

    /// The socket did not take `block` and what follows.
    mutating func couldNotSend(from block: UInt64, of id: TFTPTransferID, at now: ContinuousClock.Instant) {
        entries[id]?.transfer.couldNotSend(from: block, at: now)
        if let deadline = entries[id]?.transfer.deadline { note(deadline) }
    }

    /// Ends a transfer for a reason of the server's own.
    mutating func end(
        _ id: TFTPTransferID, because reason: TFTPAbandonment, at now: ContinuousClock.Instant
    ) -> TFTPAction {
        guard let action = entries[id]?.transfer.ended(reason, at: now) else { return .wait(until: now) }
        return settled(action, of: id)
    }
}

extension TFTPListener {
    private mutating func requested(
        _ request: TFTPRequest, by peer: IPv4Endpoint, at now: ContinuousClock.Instant
    ) -> TFTPDecision {
        if let id = transferByPeer[peer], let entry = entries[id], entry.request == request,
            !entry.transfer.hasAnswered
        {
            let action = entries[id]?.transfer.requestRepeated(at: now) ?? .wait(until: now)
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
        guard entries.count < settings.maximumTransfers else {
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
        at peer: IPv4Endpoint, by request: TFTPRequest, at now: ContinuousClock.Instant
    ) -> TFTPStep? {
        guard let id = transferByPeer[peer], let entry = entries[id],
            entry.usesListeningPort || entry.request != request || entry.transfer.allIsSent
        else { return nil }
        return TFTPStep(transfer: id, action: end(id, because: .superseded, at: now))
    }

    /// Forgets a transfer that has ended; notes the deadline of one that goes on.
    private mutating func settled(_ action: TFTPAction, of id: TFTPTransferID) -> TFTPAction {
        switch action {
        case .finish, .abandon:
            guard let entry = entries.removeValue(forKey: id) else { break }
            if transferByPeer[entry.peer] == id { transferByPeer[entry.peer] = nil }
            let left = countByClient[entry.peer.address, default: 1] - 1
            countByClient[entry.peer.address] = left > 0 ? left : nil
        case .sendOptions, .sendBlocks, .wait:
            if let deadline = entries[id]?.transfer.deadline { note(deadline) }
        }
        return action
    }

    private mutating func note(_ deadline: ContinuousClock.Instant) {
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
