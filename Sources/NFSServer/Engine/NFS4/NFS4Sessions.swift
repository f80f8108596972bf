import Wire

/// Who a client is, and its sessions: RFC 8881 §18.34 to §18.37, §18.46, §18.50 and §18.51.
extension NFSEngine {
    private static let maximumOwnerBytes = 1024
    private static let serverName = "netbootd"

    private enum ExchangeFlags {
        static let supportsMovedReferrals: UInt32 = 0x1
        static let nonPNFS: UInt32 = 0x1_0000
        static let update: UInt32 = 0x4000_0000
        static let confirmed: UInt32 = 0x8000_0000
        /// What a client may say.
        static let known: UInt32 = 0x4007_0107
    }

    mutating func exchangeID(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let verifier = try reader.long()
        let owner = try reader.text(limit: Self.maximumOwnerBytes)
        let flags = try reader.word()
        switch try reader.word() {
        case 0: break
        // It takes RPCSEC_GSS to protect state by the machine's credentials.
        case 1: throw .invalid
        case 2: throw .algorithmNotSupported
        default: throw .badXDR
        }
        for _ in 0..<(try reader.number(of: 1)) {
            _ = try reader.text(limit: 4096)
            _ = try reader.text(limit: 4096)
            _ = try reader.long()
            _ = try reader.word()
        }
        guard flags & ~ExchangeFlags.known == 0 else { throw .invalid }
        let client = try exchanged(
            owner, verifier, isUpdate: flags & ExchangeFlags.update != 0, compound)
        reply.xdr.uint64(client.id)
        reply.xdr.uint32(client.createSequence &+ 1)
        reply.xdr.uint32(ExchangeFlags.nonPNFS | (client.isConfirmed ? ExchangeFlags.confirmed : 0))
        reply.xdr.uint32(0)
        // Two servers of the same name would look like two ways to one.
        let scope = "\(Self.serverName) \(hexadecimal(identity))"
        reply.xdr.uint64(UInt64(states.boot.thread))
        reply.xdr.string(scope)
        reply.xdr.string(scope)
        reply.xdr.uint32(1)
        reply.xdr.string("netbootd")
        reply.xdr.string(Self.serverName)
        reply.xdr.uint64(0)
        reply.xdr.uint32(0)
    }

    /// What makes this server another than all others: it goes with the key of its handles.
    private var identity: [UInt8] {
        let code = sipHash128(Array("server identity".utf8), count: 15, key)
        return (0..<8).map { UInt8(truncatingIfNeeded: code.low >> UInt64(8 * $0)) }
    }

    /// The nine cases of RFC 8881 §18.35.4.
    private mutating func exchanged(
        _ owner: [UInt8], _ verifier: UInt64, isUpdate: Bool, _ compound: NFS4Compound
    ) throws(NFSStatus) -> NFS4Client {
        let principal = compound.call.credentials
        if let known = states.confirmedClient(owner) {
            let isSame = known.isMade(by: principal)
            if isUpdate {
                guard isSame else { throw .notPermitted }
                guard known.verifier == verifier else { throw .notSame }
                return known
            }
            let hasLease = now - known.renewedAt <= NFS4States.lease
            if !isSame {
                guard known.sessions.isEmpty || !hasLease else { throw .clientIDInUse }
            } else if known.verifier == verifier {
                known.renewedAt = now
                return known
            }
        } else if isUpdate {
            throw .notFound
        }
        guard
            let client = states.add(
                owner, verifier: verifier, principal: principal, address: compound.caller.address, now: now)
        else {
            notice(.atBound(client: compound.caller.address, .clients(limit: NFS4States.maximumClients)))
            throw .delay
        }
        return client
    }

    mutating func createSession(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let (id, sequence, flags) = (try reader.long(), try reader.word(), try reader.word())
        let fore = try NFS4ChannelLimits(&reader)
        let back = try NFS4ChannelLimits(&reader)
        _ = try reader.word()
        try skipCallbackSecurity(&reader)
        guard let client = states[client: id] else { throw .staleClientID }
        if sequence == client.createSequence, let cached = client.createReply {
            return reply.xdr.append(cached)
        }
        guard sequence == client.createSequence &+ 1 else { throw .misordered }
        guard flags & ~7 == 0 else { throw .invalid }
        guard client.isConfirmed || client.isMade(by: compound.call.credentials) else { throw .clientIDInUse }
        let limits = try fore.granted()
        guard client.sessions.count < NFS4States.maximumSessionsPerClient else {
            notice(
                .atBound(
                    client: compound.caller.address, .sessions(limit: NFS4States.maximumSessionsPerClient)))
            throw .delay
        }
        if let old = states.confirm(id) { forgotten(old) }
        let session = newSession(of: id, limits)
        let start = reply.xdr.count
        reply.xdr.fixedOpaque(session)
        reply.xdr.uint32(sequence)
        // Nothing outlasts a restart, and nobody is called back.
        reply.xdr.uint32(0)
        reply.xdr.channelLimits(limits)
        reply.xdr.channelLimits(back)
        client.createSequence = sequence
        client.createReply = Array(reply.xdr.bytes[start...])
        client.renewedAt = now
    }

    private mutating func newSession(of client: UInt64, _ limits: NFS4ChannelLimits) -> NFS4SessionID {
        var id = XDRWriter(capacity: 16)
        id.uint64(client)
        id.uint64(states.nextNumber())
        states.sessions[id.bytes] = NFS4Session(id: id.bytes, client: client, limits: limits)
        states[client: client]?.sessions.insert(id.bytes)
        return id.bytes
    }

    /// callback_sec_parms4: as whom we would call back, which we never do.
    private func skipCallbackSecurity(_ reader: inout XDRReader) throws(NFSStatus) {
        for _ in 0..<(try reader.number(of: 16)) {
            switch try reader.word() {
            case 0: break
            case 1:
                _ = try reader.word()
                _ = try reader.text(limit: RPCCall.maximumMachineNameBytes)
                _ = (try reader.word(), try reader.word())
                for _ in 0..<(try reader.number(of: RPCCall.maximumGroups)) { _ = try reader.word() }
            case 6:
                _ = try reader.word()
                _ = (try reader.text(limit: 4096), try reader.text(limit: 4096))
            default: throw .badXDR
            }
        }
    }

    mutating func sequence(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let id = try reader.fixed(16)
        let (sequence, slotNumber) = (try reader.word(), try reader.word())
        _ = try reader.word()
        let isCached = try reader.flag()
        guard let session = states.sessions[id] else { throw .badSession }
        guard slotNumber < session.slots.count else { throw .badSlot }
        guard compound.requestByteCount <= session.limits.requestBytes else { throw .requestTooBig }
        guard compound.operationCount <= session.limits.operations else { throw .tooManyOperations }
        let slot = session.slots[Int(slotNumber)]
        compound.requestDigest = digest(compound, isCached: isCached, &reader)
        states[client: session.client]?.renewedAt = now
        if sequence == slot.sequence, sequence != 0 || slot.reply != nil {
            guard let kept = slot.reply else { throw .retryOfUncachedReply }
            guard slot.requestDigest == compound.requestDigest else { throw .falseRetry }
            compound.replayed = kept
            return
        }
        guard sequence == slot.sequence &+ 1 else { throw .misordered }
        session.slots[Int(slotNumber)] = NFS4Slot(sequence: sequence)
        compound.session = session
        compound.client = session.client
        compound.slot = Int(slotNumber)
        compound.isCached = isCached
        compound.maximumReplyBytes = Int(session.limits.replyBytes)
        reply.xdr.fixedOpaque(id)
        reply.xdr.uint32(sequence)
        reply.xdr.uint32(slotNumber)
        let highest = UInt32(session.slots.count - 1)
        reply.xdr.uint32(highest)
        reply.xdr.uint32(highest)
        reply.xdr.uint32(0)
    }

    /// Of what tells a retry from another request, where the reply is kept.
    private func digest(_ compound: NFS4Compound, isCached: Bool, _ reader: inout XDRReader) -> UInt64 {
        guard isCached || compound.operationCount == 1 else { return 0 }
        var copy = reader
        let rest = copy.readRest()
        return sipHash128(rest, count: rest.count, key).low ^ UInt64(compound.operationCount)
    }

    mutating func destroySession(_ compound: NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let id = try reader.fixed(16)
        guard let session = states.sessions[id] else { throw .badSession }
        if compound.session === session {
            guard compound.index == compound.operationCount - 1 else { throw .notOnlyOperation }
        }
        states.sessions[id] = nil
        states[client: session.client]?.sessions.remove(id)
    }

    mutating func destroyClientID(_ compound: NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let id = try reader.long()
        guard let client = states[client: id] else { throw .staleClientID }
        guard client.sessions.isEmpty, client.opens.isEmpty else { throw .clientIDBusy }
        if let gone = states.remove(id) { forgotten(gone) }
    }

    mutating func bindConnection(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let id = try reader.fixed(16)
        let direction = try reader.word()
        _ = try reader.flag()
        guard states.sessions[id] != nil else { throw .badSession }
        // The fore channel, the back channel alone, or what of both is there.
        guard [1, 3, 7].contains(direction) else { throw .invalid }
        reply.xdr.fixedOpaque(id)
        reply.xdr.uint32(1)
        reply.xdr.bool(false)
    }

    func backchannelControl(_ reader: inout XDRReader) throws(NFSStatus) {
        _ = try reader.word()
        try skipCallbackSecurity(&reader)
    }

    mutating func reclaimComplete(_ compound: NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let isForOneFileSystem = try reader.flag()
        guard let client = compound.client.flatMap({ states[client: $0] }) else { throw .notInSession }
        if isForOneFileSystem {
            if case .none = compound.current { throw .noFileHandle }
            return
        }
        guard !client.hasReclaimed else { throw .completeAlready }
        client.hasReclaimed = true
    }

    /// A client has gone: so have its mounts.
    mutating func forgotten(_ client: NFS4Client) {
        for (id, minor) in client.exports {
            guard let export = exports[id] else { continue }
            notice(.unmounted(client: client.address, path: export.path, version: .v4(minor: minor)))
        }
    }

    /// Forgets clients that have not been heard of for long. To be called now and then.
    mutating func expireClients(at now: ContinuousClock.Instant) {
        for client in states.expire(at: now) { forgotten(client) }
    }
}
