import Wire

/// What the operations of one COMPOUND hand on to each other (RFC 8881 §16.2.3).
struct NFS4Compound {
    let call: RPCCall
    let caller: RPCCaller
    let minorVersion: UInt32
    let operationCount: Int
    /// Of the operation that is being done.
    var index = 0
    var current: NFS4Current = .none
    var saved: NFS4Current = .none
    var currentStateID: NFS4StateID?
    var savedStateID: NFS4StateID?
    /// Where the compound's status stands in the reply.
    let start: Int
    let requestByteCount: Int
    var requestDigest: UInt64 = 0
    /// From SEQUENCE on.
    var session: NFS4Session?
    var client: UInt64?
    var slot = 0
    var isCached = false
    /// The most that the reply may have, from the RPC head on.
    var maximumReplyBytes = NFSProtocol.maximumReadBytes + 4096
    /// A reply that was given before, to be sent instead of what was done now.
    var replayed: [UInt8]?
}

/// A current filehandle.
enum NFS4Current {
    case none
    case pseudo(UInt64)
    case node(NFSTarget)
}

/// NFS versions 4.1 (RFC 8881) and 4.2 (RFC 7862), without anything that changes files.
extension NFSEngine {
    private static let maximumTagBytes = 1024

    mutating func nfs4(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) {
        switch call.procedure {
        case 0: return
        case 1: break
        default: throw .procedureUnavailable
        }
        let byteCount = reader.offset + reader.remaining
        let tag: [UInt8]
        let minorVersion: UInt32
        let count: UInt32
        do throws(XDRError) {
            tag = try reader.opaque(limit: Self.maximumTagBytes)
            minorVersion = try reader.uint32()
            count = try reader.uint32()
        } catch {
            throw .garbageArguments(error)
        }
        var compound = NFS4Compound(
            call: call, caller: caller, minorVersion: minorVersion, operationCount: Int(count),
            start: reply.xdr.count, requestByteCount: byteCount)
        reply.xdr.uint32(0)
        reply.xdr.opaque(tag)
        let countStart = reply.xdr.count
        reply.xdr.uint32(0)
        guard (1...2).contains(minorVersion) else {
            hint(.minorVersion(minorVersion), to: caller)
            return reply.xdr.overwrite(NFSStatus.minorVersionMismatch.rawValue, at: compound.start)
        }
        var status = NFSStatus.ok
        while status == .ok, compound.index < compound.operationCount, compound.replayed == nil {
            status = step(&compound, &reader, into: &reply)
            compound.index += 1
            reply.xdr.overwrite(UInt32(compound.index), at: countStart)
        }
        reply.xdr.overwrite(status.rawValue, at: compound.start)
        finish(compound, into: &reply)
    }

    /// Keeps the reply if it was asked for, or puts the one in its place that was kept.
    private func finish(_ compound: NFS4Compound, into reply: inout RPCReply) {
        if let replayed = compound.replayed {
            reply.shorten(to: compound.start)
            reply.xdr.append(replayed)
            return
        }
        guard let session = compound.session, compound.isCached || compound.operationCount == 1,
            reply.parts.isEmpty
        else { return }
        session.slots[compound.slot].reply = Array(reply.xdr.bytes[compound.start...])
        session.slots[compound.slot].requestDigest = compound.requestDigest
    }

    /// Does the next operation and writes its result.
    private mutating func step(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) -> NFSStatus {
        let start = reply.xdr.count
        var number: UInt32 = NFS4Operation.illegal
        do throws(NFSStatus) {
            number = try reader.word()
            let operation = try operation(number, compound)
            reply.xdr.uint32(number)
            reply.xdr.uint32(0)
            try perform(operation, &compound, &reader, into: &reply)
            try checkSize(compound, reply)
            return .ok
        } catch {
            reply.shorten(to: start)
            reply.xdr.uint32(error == .illegalOperation ? NFS4Operation.illegal : number)
            reply.xdr.uint32(error.rawValue)
            // It alone says even then which attributes were set: none.
            if number == NFS4Operation.setAttributes.rawValue { reply.xdr.bitmap(NFS4Bitmap()) }
            return error
        }
    }

    private func operation(_ number: UInt32, _ compound: NFS4Compound) throws(NFSStatus) -> NFS4Operation {
        guard let operation = NFS4Operation(rawValue: number) else {
            guard compound.minorVersion >= 2, NFS4Operation.minorVersion2.contains(number) else {
                throw .illegalOperation
            }
            try requireSession(compound)
            throw .notSupported
        }
        switch operation {
        case .sequence:
            guard compound.index == 0 else { throw .sequencePosition }
        case .exchangeID, .createSession, .destroySession, .destroyClientID, .bindConnection:
            guard compound.session != nil || compound.operationCount == 1 else { throw .notOnlyOperation }
        default: try requireSession(compound)
        }
        return operation
    }

    private func requireSession(_ compound: NFS4Compound) throws(NFSStatus) {
        guard compound.session != nil else { throw .notInSession }
    }

    private func checkSize(_ compound: NFS4Compound, _ reply: RPCReply) throws(NFSStatus) {
        guard let limits = compound.session?.limits else { return }
        guard reply.byteCount <= limits.replyBytes else { throw .replyTooBig }
        guard compound.isCached else { return }
        guard reply.parts.isEmpty, reply.byteCount <= limits.cachedBytes else { throw .replyTooBigToCache }
    }

    private mutating func perform(
        _ operation: NFS4Operation, _ compound: inout NFS4Compound, _ reader: inout XDRReader,
        into reply: inout RPCReply
    ) throws(NFSStatus) {
        switch operation {
        case .sequence: try sequence(&compound, &reader, into: &reply)
        case .exchangeID: try exchangeID(compound, &reader, into: &reply)
        case .createSession: try createSession(compound, &reader, into: &reply)
        case .destroySession: try destroySession(compound, &reader)
        case .destroyClientID: try destroyClientID(compound, &reader)
        case .bindConnection: try bindConnection(compound, &reader, into: &reply)
        case .backchannelControl: try backchannelControl(&reader)
        case .reclaimComplete: try reclaimComplete(compound, &reader)
        case .putHandle: try putHandle(&compound, &reader)
        case .putRootHandle, .putPublicHandle: putRootHandle(&compound)
        case .getHandle: try getHandle(compound, into: &reply)
        case .saveHandle: try saveHandle(&compound)
        case .restoreHandle: try restoreHandle(&compound)
        case .lookUp: try lookUp(&compound, &reader)
        case .lookUpParent: try lookUpParent(&compound)
        case .securityInformation: try securityInformation(&compound, &reader, into: &reply)
        case .securityInformationNoName: try securityInformationNoName(&compound, &reader, into: &reply)
        case .access: try access(compound, &reader, into: &reply)
        case .getAttributes: try getAttributes(compound, &reader, into: &reply)
        case .verify: try verify(compound, &reader, mustBeSame: true)
        case .verifyDifferent: try verify(compound, &reader, mustBeSame: false)
        case .readLink: try readLink(compound, into: &reply)
        case .readFolder: try readFolder(compound, &reader, into: &reply)
        case .read: try read(compound, &reader, into: &reply)
        case .open: try open(&compound, &reader, into: &reply)
        case .openDowngrade: try openDowngrade(&compound, &reader, into: &reply)
        case .close: try close(&compound, &reader, into: &reply)
        case .lock: try lock(&compound, &reader, into: &reply)
        case .lockTest: try lockTest(compound, &reader)
        case .unlock: try unlock(&compound, &reader, into: &reply)
        case .testStateID: try testStateID(compound, &reader, into: &reply)
        case .freeStateID: try freeStateID(compound, &reader)
        case .create, .link, .remove, .rename, .setAttributes, .write, .commit:
            guard case .none = compound.current else { throw .readOnly }
            throw .noFileHandle
        // NFSv4.0's own, and what is optional (RFC 8881 §17).
        case .openConfirm, .renew, .setClientID, .setClientIDConfirm, .releaseLockOwner, .delegationPurge,
            .delegationReturn, .openAttributes, .getFolderDelegation, .getDeviceInformation, .getDeviceList,
            .layoutCommit, .layoutGet, .layoutReturn, .setSSV, .wantDelegation:
            throw .notSupported
        }
    }
}
