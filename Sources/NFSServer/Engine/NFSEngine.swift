import BootFiles
import Wire

/// Answers calls of NFS, MOUNT and the portmapper: bytes and the time come in, a reply and notices go out.
///
/// It opens no socket, reads no clock and logs nothing; what is on disk it asks of its exports' trees.
struct NFSEngine {
    /// Which programs a socket serves.
    enum Door: Equatable {
        /// Port 2049: NFS and MOUNT.
        case nfs
        /// Port 111.
        case portmapper
    }

    var exports: ExportTable {
        didSet { pseudo = NFS4PseudoFolders(exports.exports) }
    }
    let key: SipHashKey
    /// What the portmapper tells.
    let registrations: [PortRegistration]
    var mounts = MountTable()
    var states: NFS4States
    /// Above the exports, for NFSv4.
    private(set) var pseudo: NFS4PseudoFolders
    private(set) var notices: [NFSNotice] = []
    private var hints = GivenHints()
    /// Of the call that is being answered.
    private(set) var now = ContinuousClock.Instant.now

    /// - Parameters:
    ///   - key: of handles; the same after a restart.
    ///   - boot: different after each restart: NFSv4's clients notice by it.
    init(exports: ExportTable, key: SipHashKey, registrations: [PortRegistration], boot: NFS4Boot) {
        self.exports = exports
        self.key = key
        self.registrations = registrations
        states = NFS4States(boot: boot)
        pseudo = NFS4PseudoFolders(exports.exports)
    }

    /// Answers one message. A reply that stays empty is not sent.
    mutating func answer(
        _ message: Span<UInt8>, from caller: RPCCaller, at door: Door, into reply: inout RPCReply,
        now: ContinuousClock.Instant
    ) throws(RPCIgnoreReason) {
        reply.begin()
        self.now = now
        var reader = XDRReader(message)
        let call: RPCCall
        switch try RPCCall.parse(&reader) {
        case .rejected(let transactionID, let rejection):
            reply.xdr.rejection(transactionID, rejection)
            return
        case .call(let parsed): call = parsed
        }
        let start = reply.xdr.count
        do throws(RPCRejection) {
            reply.xdr.replyHead(call.transactionID)
            try dispatch(call, &reader, from: caller, at: door, into: &reply)
        } catch {
            reply.shorten(to: start)
            reply.xdr.rejection(call.transactionID, error)
            note(error, of: call, from: caller)
        }
    }

    private mutating func dispatch(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, at door: Door,
        into reply: inout RPCReply
    ) throws(RPCRejection) {
        if case .unsupported(let flavor) = call.credentials {
            hint(.credentials(flavor: flavor), to: caller)
            throw .tooWeak
        }
        switch (door, call.program) {
        case (.portmapper, Portmapper.program): try portmapper(call, &reader, from: caller, into: &reply)
        case (.nfs, MountProtocol.program): try mount(call, &reader, from: caller, into: &reply)
        case (.nfs, NFSProtocol.program): try nfs(call, &reader, from: caller, into: &reply)
        case (.nfs, _), (.portmapper, _):
            if call.program == NFSProtocol.lockManager { hint(.lockManager, to: caller) }
            throw .programUnavailable
        }
    }

    private mutating func nfs(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) {
        // NFSv4 is for streams alone (RFC 8881 §2.9.1).
        switch (call.version, caller.transport) {
        case (3, _): try nfs3(call, &reader, from: caller, into: &reply)
        case (4, .tcp): try nfs4(call, &reader, from: caller, into: &reply)
        case (_, .tcp): throw .programMismatch(low: 3, high: 4)
        case (_, .udp): throw .programMismatch(low: 3, high: 3)
        }
    }

    /// Tells whoever watches of a call that got no result.
    private mutating func note(_ rejection: RPCRejection, of call: RPCCall, from caller: RPCCaller) {
        switch rejection {
        case .programMismatch:
            if call.version < 3 {
                hint(.oldVersion(program: call.program, version: call.version), to: caller)
            }
        case .garbageArguments(let error):
            notice(
                .malformed(
                    client: caller.address, program: call.program, procedure: call.procedure, error))
        case .versionMismatch, .badCredentials, .badVerifier, .tooWeak, .programUnavailable,
            .procedureUnavailable:
            break
        }
    }
}

// MARK: - What the parts share

extension NFSEngine {
    /// So that a flood of calls does not make a flood of notices between two looks at them.
    private static let maximumNotices = 64

    mutating func notice(_ notice: NFSNotice) {
        if notices.count < Self.maximumNotices { notices.append(notice) }
    }

    mutating func hint(_ hint: NFSHint, to caller: RPCCaller) {
        if hints.admits(hint, to: caller.address) { notice(.hint(client: caller.address, hint)) }
    }

    mutating func takeNotices() -> [NFSNotice] {
        defer { if !notices.isEmpty { notices = [] } }
        return notices
    }

    /// What a caller may do in an export.
    enum Admission {
        case admitted(Subject)
        case notAllowed
        case unprivilegedPort
    }

    func admission(of caller: RPCCaller, as credentials: RPCCredentials, to export: Export) -> Admission {
        guard let grant = export.grant(for: caller) else { return .notAllowed }
        guard grant.allowsAnyPort || caller.hasPrivilegedPort else { return .unprivilegedPort }
        return .admitted(Subject(credentials, under: grant))
    }

    /// Another export's top folder, when that is what was found; then its rules hold from here on.
    func junction(from export: Export, to node: NodeReference) -> Export? {
        guard let other = exports.export(at: node.identity), other.id != export.id else { return nil }
        return other
    }

    mutating func timePassed(to now: ContinuousClock.Instant) {
        self.now = now
        for export in exports.exports { export.tree.timePassed(to: now) }
    }
}
