import BootFiles
import Wire

@testable import NFSServer

/// An engine with a clock and callers of its own; calls go in and replies come out as bytes.
final class TestEngine {
    static let key = SipHashKey(Array(0..<16))
    static let client = IPv4Address("10.0.0.7")
    static let server = IPv4Address("10.0.0.1")

    var engine: NFSEngine
    var now = ContinuousClock.now
    var caller: RPCCaller
    var credentials: RPCCredentials = .system(UnixCredentials(userID: 0, groupID: 0))
    private var reply = RPCReply()
    private var transactionID: UInt32 = 100

    init(
        _ exports: [Export], address: String = "10.0.0.7", port: UInt16 = 700,
        transport: RPCCaller.Transport = .tcp, key: SipHashKey? = TestEngine.key,
        startedAt: Int = 1_700_000_000_000,
        hasIPv6: Bool = true
    ) throws {
        guard let key, let peer = IPAddress(address), let local = IPAddress("10.0.0.1") else {
            throw Unusable()
        }
        engine = NFSEngine(
            exports: ExportTable(exports), key: key,
            registrations: Portmapper.registrations(
                nfsPort: 2049, portmapperPort: 111, hasPortmapper: true, hasIPv6: hasIPv6),
            boot: NFS4Boot(startedAtMilliseconds: startedAt))
        caller = RPCCaller(address: peer, port: port, localAddress: local, transport: transport)
    }

    struct Unusable: Error {}

    /// How the RPC layer answered.
    enum Answer: Equatable {
        case success([UInt8])
        case accepted(UInt32, [UInt32])
        case denied([UInt32])
        case nothing
    }

    /// Sends bytes, and gives back the message without its mark.
    func send(_ message: [UInt8], door: NFSEngine.Door = .nfs) throws -> [UInt8] {
        engine.timePassed(to: now)
        try engine.answer(message.span, from: caller, at: door, into: &reply, now: now)
        return reply.isEmpty ? [] : try reply.datagram()
    }

    func call(
        _ program: UInt32, _ version: UInt32, _ procedure: UInt32, door: NFSEngine.Door = .nfs,
        _ arguments: (inout XDRWriter) -> Void = { _ in }
    ) throws -> Answer {
        transactionID += 1
        var message = XDRWriter()
        message.call(transactionID, program, version, procedure, credentials)
        arguments(&message)
        return try Self.answer(try send(message.bytes, door: door), to: transactionID)
    }

    static func answer(_ reply: [UInt8], to transactionID: UInt32) throws -> Answer {
        guard !reply.isEmpty else { return .nothing }
        var results = Results(reply)
        guard try results.word() == transactionID, try results.word() == 1 else { throw Unusable() }
        if try results.word() == 1 {
            return .denied(try results.words(results.rest.count / 4))
        }
        guard try results.words(2) == [0, 0] else { throw Unusable() }
        let status = try results.word()
        if status != 0 { return .accepted(status, try results.words(results.rest.count / 4)) }
        return .success(results.rest)
    }

    /// A call that the RPC layer must take.
    func results(
        _ program: UInt32, _ version: UInt32, _ procedure: UInt32, door: NFSEngine.Door = .nfs,
        _ arguments: (inout XDRWriter) -> Void = { _ in }
    ) throws -> Results {
        guard case .success(let bytes) = try call(program, version, procedure, door: door, arguments) else {
            throw Unusable()
        }
        return Results(bytes)
    }

    func nfs3(
        _ procedure: NFS3Procedure, _ arguments: (inout XDRWriter) -> Void = { _ in }
    ) throws -> Results {
        try results(NFSProtocol.program, 3, procedure.rawValue, arguments)
    }

    /// MNT: the handle, or the status.
    func mount(_ path: String) throws -> Result<[UInt8], NFSStatus> {
        var results = try results(MountProtocol.program, 3, 1) { $0.string(path) }
        let status = try results.status()
        guard status == .ok else { return .failure(status) }
        let handle = try results.opaque()
        guard try results.words(2) == [1, 1], results.isAtEnd else { throw Unusable() }
        return .success(handle)
    }

    func takeNotices() -> [NFSNotice] { engine.takeNotices() }

    func handle(_ export: Export, _ tree: MemoryTree, _ number: UInt64) -> [UInt8] {
        FileHandle(export: export.id, node: tree.reference(number)).bytes(key: engine.key)
    }
}

extension XDRWriter {
    /// A call's head.
    mutating func call(
        _ transactionID: UInt32, _ program: UInt32, _ version: UInt32, _ procedure: UInt32,
        _ credentials: RPCCredentials
    ) {
        for value in [transactionID, 0, 2, program, version, procedure] { uint32(value) }
        switch credentials {
        case .none:
            uint32(0)
            uint32(0)
        case .unsupported(let flavor):
            uint32(flavor)
            opaque([1, 2, 3, 4])
        case .system(let unix):
            uint32(1)
            uint32(UInt32(4 + 4 + 4 + 4 + 4 + 4 + 4 * unix.groups.count))
            uint32(0)
            string("host")
            uint32(unix.userID)
            uint32(unix.groupID)
            uint32(UInt32(unix.groups.count))
            for group in unix.groups { uint32(group) }
        }
        uint32(0)
        uint32(0)
    }
}

extension RPCCredentials {
    static func user(_ user: UInt32, _ group: UInt32, _ groups: [UInt32] = []) -> RPCCredentials {
        .system(UnixCredentials(userID: user, groupID: group, groups: groups))
    }
}

extension Export {
    /// An export of a tree in memory, which every host may mount as whom it likes.
    init(
        _ path: String, _ tree: any NodeTree, squash: ExportGrant.Squash = .none,
        clients: ExportClients = .everyone,
        insecure: Bool = false, fsid: UInt64? = nil
    ) throws {
        try self.init(
            path, tree,
            grants: [ExportGrant(clients: clients, squash: squash, allowsAnyPort: insecure)], fsid: fsid)
    }

    init(_ path: String, _ tree: any NodeTree, grants: [ExportGrant], fsid: UInt64? = nil) throws {
        try self.init(NFSExport(path: path, folder: .tree(""), grants: grants, fsid: fsid), tree: tree)
    }
}
