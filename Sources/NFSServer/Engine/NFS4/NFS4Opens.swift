import BootFiles
import SystemIO
import Wire

/// Open files and locks on them. Nobody may write, so that nothing here ever keeps anybody from anything; but clients
/// must get states, and find that these behave (RFC 8881 §8, §9).
extension NFSEngine {
    private enum Share {
        static let read: UInt32 = 1
        static let write: UInt32 = 2
        static let both: UInt32 = 3
        /// What a client would like to be delegated: nothing ever is.
        static let wants: UInt32 = 0x3_ff00
    }

    private enum Claim {
        case name([UInt8])
        case current
        case previous
        case unsupported
    }

    private enum Creation {
        case no
        case unchecked
        case guarded
        case exclusive
    }

    private struct OpenRequest {
        var access: UInt32
        var denies: UInt32
        var owner: [UInt8]
        var creation: Creation
        var claim: Claim
    }

    mutating func open(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let request = try openRequest(&reader)
        guard let client = compound.client else { throw .notInSession }
        if case .none = compound.current { throw .noFileHandle }
        let folder = try? object(compound.current)
        let target: NFSTarget
        switch request.claim {
        case .previous: throw .noGrace
        case .unsupported: throw .notSupported
        case .current: target = try file(compound.current)
        case .name(let name):
            do throws(NFSStatus) {
                let found = try found(name, compound)
                if request.creation == .guarded || request.creation == .exclusive { throw .exists }
                target = try file(found)
            } catch {
                throw error == .notFound && request.creation != .no ? .readOnly : error
            }
        }
        guard request.access & Share.write == 0 else { throw .readOnly }
        let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
        guard target.subject.mayFetch(node.status) else { throw denied(target, compound.caller) }
        let id = try opened(target, request, by: client, compound)
        compound.current = .node(target)
        compound.currentStateID = id
        reply.xdr.stateID(id)
        // change_info4: a folder that did not change.
        let change = folder?.status.changed.totalNanoseconds ?? 0
        reply.xdr.bool(true)
        reply.xdr.uint64(change)
        reply.xdr.uint64(change)
        // OPEN4_RESULT_LOCKTYPE_POSIX; no attributes were set; nothing is delegated.
        reply.xdr.uint32(4)
        reply.xdr.bitmap(NFS4Bitmap())
        reply.xdr.uint32(0)
    }

    private func openRequest(_ reader: inout XDRReader) throws(NFSStatus) -> OpenRequest {
        _ = try reader.word()
        let (access, denies) = (try reader.word(), try reader.word())
        // Its client is the session's (RFC 8881 §18.16.3).
        _ = try reader.long()
        let owner = try reader.text(limit: 1024)
        let creation = try readCreation(&reader)
        let claim: Claim
        switch try reader.word() {
        case 0: claim = .name(try reader.text(limit: 1 << 16))
        case 1:
            _ = try reader.word()
            claim = .previous
        case 2:
            _ = (try reader.stateID(), try reader.text(limit: 1 << 16))
            claim = .unsupported
        case 3:
            _ = try reader.text(limit: 1 << 16)
            claim = .unsupported
        case 4: claim = .current
        case 5:
            _ = try reader.stateID()
            claim = .unsupported
        case 6: claim = .unsupported
        default: throw .badXDR
        }
        let share = access & ~Share.wants
        guard (1...3).contains(share), denies <= 3 else { throw .invalid }
        return OpenRequest(access: share, denies: denies, owner: owner, creation: creation, claim: claim)
    }

    private func readCreation(_ reader: inout XDRReader) throws(NFSStatus) -> Creation {
        switch try reader.word() {
        case 0: return .no
        case 1: break
        default: throw .badXDR
        }
        let mode = try reader.word()
        guard mode <= 3 else { throw .badXDR }
        if mode >= 2 { _ = try reader.long() }
        if mode != 2 { _ = (try reader.bitmap(), try reader.text(limit: 1 << 16)) }
        return mode == 0 ? .unchecked : mode == 1 ? .guarded : .exclusive
    }

    /// A regular file.
    func file(_ current: NFS4Current) throws(NFSStatus) -> NFSTarget {
        guard case .node(let target) = current else { throw .isAFolder }
        let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
        switch node.status.kind {
        case .file: return target
        case .folder: throw .isAFolder
        case .link: throw .isALink
        case .blockDevice, .characterDevice, .socket, .fifo: throw .wrongType
        }
    }

    /// The state of an open file; the same owner's further opens of the same file share one.
    private mutating func opened(
        _ target: NFSTarget, _ request: OpenRequest, by client: UInt64, _ compound: NFS4Compound
    ) throws(NFSStatus) -> NFS4StateID {
        let handle = FileHandle(export: target.export.id, node: target.node)
        let key = OpenKey(client: client, owner: request.owner, handle: handle)
        if let known = states.openByKey[key], var open = states.opens[known] {
            open.id.sequence = next(open.id.sequence)
            open.access |= request.access
            open.denies |= request.denies
            states.opens[known] = open
            return open.id
        }
        guard states[client: client]?.opens.count ?? 0 < NFS4States.maximumOpensPerClient else {
            notice(
                .atBound(client: compound.caller.address, .opens(limit: NFS4States.maximumOpensPerClient)))
            throw .delay
        }
        let id = newStateID()
        states.add(
            NFS4Open(
                id: id, client: client, owner: request.owner, handle: handle, access: request.access,
                denies: request.denies))
        return id
    }

    mutating func newStateID() -> NFS4StateID {
        var other = XDRWriter(capacity: 12)
        other.uint32(states.boot.number)
        other.uint64(states.nextNumber())
        return NFS4StateID(sequence: 1, other: other.bytes)
    }

    /// Sequence numbers of states go round without 0.
    func next(_ sequence: UInt32) -> UInt32 { sequence == .max ? 1 : sequence + 1 }

    mutating func openDowngrade(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let asked = try reader.stateID()
        _ = try reader.word()
        let (access, denies) = (try reader.word() & ~Share.wants, try reader.word())
        var open = try openState(asked, compound)
        guard (1...3).contains(access), access & ~open.access == 0, denies & ~open.denies == 0 else {
            throw .invalid
        }
        open.access = access
        open.denies = denies
        open.id.sequence = next(open.id.sequence)
        states.opens[open.id.other] = open
        compound.currentStateID = open.id
        reply.xdr.stateID(open.id)
    }

    mutating func close(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        _ = try reader.word()
        let open = try openState(try reader.stateID(), compound)
        states.remove(open)
        compound.currentStateID = nil
        reply.xdr.stateID(.invalid)
    }

    /// Whether a state allows reading a file.
    func checkReading(
        _ asked: NFS4StateID, _ compound: NFS4Compound, _ handle: FileHandle
    ) throws(NFSStatus) {
        if asked.isAnonymous || asked.isReadBypass { return }
        let id = try resolved(asked, compound)
        let open: NFS4Open?
        if let found = states.opens[id.other] {
            try check(id, against: found.id)
            open = found
        } else if let lock = states.locks[id.other] {
            try check(id, against: lock.id)
            open = states.opens[lock.open]
        } else {
            throw .badStateID
        }
        guard let open, open.client == compound.client, open.handle.node.identity == handle.node.identity
        else {
            throw .badStateID
        }
    }

    func resolved(_ asked: NFS4StateID, _ compound: NFS4Compound) throws(NFSStatus) -> NFS4StateID {
        guard asked.isCurrent else { return asked }
        guard let current = compound.currentStateID else { throw .badStateID }
        return current
    }

    func check(_ asked: NFS4StateID, against known: NFS4StateID) throws(NFSStatus) {
        // 0 stands for the newest.
        guard asked.sequence != 0, asked.sequence != known.sequence else { return }
        throw Int32(bitPattern: known.sequence &- asked.sequence) > 0 ? .oldStateID : .badStateID
    }

    func openState(_ asked: NFS4StateID, _ compound: NFS4Compound) throws(NFSStatus) -> NFS4Open {
        if case .none = compound.current { throw .noFileHandle }
        let id = try resolved(asked, compound)
        guard let open = states.opens[id.other], open.client == compound.client else { throw .badStateID }
        try check(id, against: open.id)
        guard case .node(let target) = compound.current,
            open.handle.node.identity == target.node.identity
        else { throw .badStateID }
        return open
    }
}

/// What two opens must have in common to share a state.
struct OpenKey: Hashable {
    var client: UInt64
    var owner: [UInt8]
    var handle: FileHandle
}
