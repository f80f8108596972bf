import BootFiles
import SystemIO
import Wire

/// Read locks, which conflict with nothing that there can be here (RFC 8881 §18.10 to §18.12, §18.38, §18.48).
extension NFSEngine {
    private static let writeLocks: Set<UInt32> = [2, 4]

    mutating func lock(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let kind = try reader.word()
        let isReclaim = try reader.flag()
        try checkRange(try reader.long(), try reader.long())
        guard (1...4).contains(kind) else { throw .badXDR }
        let id: NFS4StateID
        if try reader.flag() {
            _ = try reader.word()
            let asked = try reader.stateID()
            _ = (try reader.word(), try reader.long())
            let owner = try reader.text(limit: 1024)
            let open = try openState(asked, compound)
            if isReclaim { throw .noGrace }
            guard !Self.writeLocks.contains(kind) else { throw .wrongOpenMode }
            id = try locked(open, owner, compound)
        } else {
            var lock = try lockState(try reader.stateID(), compound)
            _ = try reader.word()
            if isReclaim { throw .noGrace }
            guard !Self.writeLocks.contains(kind) else { throw .wrongOpenMode }
            lock.id.sequence = next(lock.id.sequence)
            states.locks[lock.id.other] = lock
            id = lock.id
        }
        compound.currentStateID = id
        reply.xdr.stateID(id)
    }

    private mutating func locked(
        _ open: NFS4Open, _ owner: [UInt8], _ compound: NFS4Compound
    ) throws(NFSStatus) -> NFS4StateID {
        let known = states[client: open.client]?.locks.compactMap { states.locks[$0] }
            .first { $0.owner == owner && $0.open == open.id.other }
        if var known {
            known.id.sequence = next(known.id.sequence)
            states.locks[known.id.other] = known
            return known.id
        }
        guard states[client: open.client]?.locks.count ?? 0 < NFS4States.maximumLocksPerClient else {
            notice(
                .atBound(client: compound.caller.address, .locks(limit: NFS4States.maximumLocksPerClient)))
            throw .delay
        }
        let id = newStateID()
        states.locks[id.other] = NFS4Lock(id: id, client: open.client, owner: owner, open: open.id.other)
        states[client: open.client]?.locks.insert(id.other)
        return id
    }

    /// Read locks conflict with nothing that there can be here.
    func lockTest(_ compound: NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let kind = try reader.word()
        try checkRange(try reader.long(), try reader.long())
        _ = (try reader.long(), try reader.text(limit: 1024))
        guard (1...4).contains(kind) else { throw .badXDR }
        if case .none = compound.current { throw .noFileHandle }
        _ = try file(compound.current)
    }

    mutating func unlock(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        _ = (try reader.word(), try reader.word())
        var lock = try lockState(try reader.stateID(), compound)
        try checkRange(try reader.long(), try reader.long())
        lock.id.sequence = next(lock.id.sequence)
        states.locks[lock.id.other] = lock
        compound.currentStateID = lock.id
        reply.xdr.stateID(lock.id)
    }

    private func lockState(_ asked: NFS4StateID, _ compound: NFS4Compound) throws(NFSStatus) -> NFS4Lock {
        if case .none = compound.current { throw .noFileHandle }
        let id = try resolved(asked, compound)
        guard let lock = states.locks[id.other], lock.client == compound.client else { throw .badStateID }
        try check(id, against: lock.id)
        return lock
    }

    /// All bits set stand for the file's end.
    private func checkRange(_ offset: UInt64, _ length: UInt64) throws(NFSStatus) {
        guard length != 0, length == .max || !offset.addingReportingOverflow(length).overflow else {
            throw .invalid
        }
    }

    func testStateID(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let count = try reader.number(of: 1024, elementBytes: 16)
        reply.xdr.uint32(UInt32(count))
        for _ in 0..<count {
            let asked = try reader.stateID()
            reply.xdr.uint32(status(of: asked, compound).rawValue)
        }
    }

    private func status(of asked: NFS4StateID, _ compound: NFS4Compound) -> NFSStatus {
        let open = states.opens[asked.other].map { ($0.id, $0.client) }
        guard let (id, client) = open ?? states.locks[asked.other].map({ ($0.id, $0.client) }),
            client == compound.client
        else { return .badStateID }
        do throws(NFSStatus) {
            try check(asked, against: id)
            return .ok
        } catch {
            return error
        }
    }

    mutating func freeStateID(_ compound: NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let asked = try reader.stateID()
        let id = try resolved(asked, compound)
        let status = status(of: id, compound)
        guard status == .ok else { throw status }
        guard states.locks[id.other] != nil else { throw .locksHeld }
        states.locks[id.other] = nil
        if let client = compound.client { states[client: client]?.locks.remove(id.other) }
    }
}
