import Wire

/// What tells one run of the server from another, and one thread from the others.
struct NFS4Boot: Equatable, Sendable {
    /// Since 1970.
    var startedAtMilliseconds: Int
    var thread: UInt8 = 0

    /// In client and state identifiers: seconds, modulo 2^32.
    var number: UInt32 { UInt32(truncatingIfNeeded: startedAtMilliseconds / 1000) }
}

/// All that NFSv4.1 knows of its clients: who they are, their sessions, what they have open. Bounded everywhere.
///
/// Nothing of it outlives a restart: clients notice, and come again (RFC 8881 §8.4.2).
struct NFS4States {
    static let lease = Duration.seconds(90)
    /// Nothing here keeps others from anything, so that a client whose network was away has some more time.
    static let courtesy = Duration.seconds(300)
    static let maximumClients = 1024
    static let maximumSessionsPerClient = 16
    static let maximumSlots = 64
    static let maximumOpensPerClient = 16_384
    static let maximumLocksPerClient = 4096
    static let maximumOperations = 64
    static let maximumCachedBytes = 8192

    let boot: NFS4Boot
    private(set) var clients: [UInt64: NFS4Client] = [:]
    var sessions: [NFS4SessionID: NFS4Session] = [:]
    var opens: [[UInt8]: NFS4Open] = [:]
    private(set) var openByKey: [OpenKey: [UInt8]] = [:]
    var locks: [[UInt8]: NFS4Lock] = [:]
    /// By their owners' identifiers: confirmed ones, and those that have not made a session yet.
    private(set) var confirmed: [[UInt8]: UInt64] = [:]
    private(set) var unconfirmed: [[UInt8]: UInt64] = [:]
    private var counter: UInt64 = 0

    init(boot: NFS4Boot) { self.boot = boot }

    mutating func nextNumber() -> UInt64 {
        counter += 1
        return counter
    }

    subscript(client id: UInt64) -> NFS4Client? { clients[id] }

    func confirmedClient(_ owner: [UInt8]) -> NFS4Client? { confirmed[owner].flatMap { clients[$0] } }
    func unconfirmedClient(_ owner: [UInt8]) -> NFS4Client? { unconfirmed[owner].flatMap { clients[$0] } }

    /// Adds a client that has not made a session yet; nil when there are too many.
    mutating func add(
        _ owner: [UInt8], verifier: UInt64, principal: RPCCredentials, address: IPAddress,
        now: ContinuousClock.Instant
    ) -> NFS4Client? {
        if let old = unconfirmed[owner] { _ = remove(old) }
        guard clients.count < Self.maximumClients else { return nil }
        let id = UInt64(boot.number) << 32 | UInt64(boot.thread) << 24 | nextNumber() & 0xff_ffff
        let client = NFS4Client(
            id: id, owner: owner, verifier: verifier, principal: principal, address: address, renewedAt: now)
        clients[id] = client
        unconfirmed[owner] = id
        return client
    }

    /// The client has made its first session: what an earlier run of it left goes.
    ///
    /// - Returns: the earlier run.
    mutating func confirm(_ id: UInt64) -> NFS4Client? {
        guard let client = clients[id], !client.isConfirmed else { return nil }
        let old = confirmed[client.owner].flatMap { remove($0) }
        client.isConfirmed = true
        unconfirmed[client.owner] = nil
        confirmed[client.owner] = id
        return old
    }

    /// Forgets a client with all that it has.
    mutating func remove(_ id: UInt64) -> NFS4Client? {
        guard let client = clients.removeValue(forKey: id) else { return nil }
        if confirmed[client.owner] == id { confirmed[client.owner] = nil }
        if unconfirmed[client.owner] == id { unconfirmed[client.owner] = nil }
        for session in client.sessions { sessions[session] = nil }
        for open in client.opens.compactMap({ opens[$0] }) { remove(open) }
        for lock in client.locks { locks[lock] = nil }
        return client
    }

    mutating func add(_ open: NFS4Open) {
        opens[open.id.other] = open
        openByKey[open.key] = open.id.other
        clients[open.client]?.opens.insert(open.id.other)
    }

    /// Forgets an open file with the locks on it.
    mutating func remove(_ open: NFS4Open) {
        opens[open.id.other] = nil
        openByKey[open.key] = nil
        clients[open.client]?.opens.remove(open.id.other)
        for lock in clients[open.client]?.locks ?? [] where locks[lock]?.open == open.id.other {
            locks[lock] = nil
            clients[open.client]?.locks.remove(lock)
        }
    }

    /// Forgets clients that have not been heard of for long.
    mutating func expire(at now: ContinuousClock.Instant) -> [NFS4Client] {
        clients.values.filter { client in
            now - client.renewedAt > (client.isConfirmed ? Self.courtesy : Self.lease)
        }.compactMap { remove($0.id) }
    }
}

typealias NFS4SessionID = [UInt8]

/// One thread's own, as sessions are: they change with every request.
final class NFS4Client {
    let id: UInt64
    let owner: [UInt8]
    /// Another after the client has restarted.
    let verifier: UInt64
    /// Who made it: nobody else may replace it.
    let principal: RPCCredentials
    let address: IPAddress
    var renewedAt: ContinuousClock.Instant
    var isConfirmed = false
    var hasReclaimed = false
    /// Of the last CREATE_SESSION, and what it was answered.
    var createSequence: UInt32 = 0
    var createReply: [UInt8]?
    var sessions: Set<NFS4SessionID> = []
    var opens: Set<[UInt8]> = []
    var locks: Set<[UInt8]> = []
    /// Which exports it was seen to use, by what minor version.
    var exports: [UInt32: UInt32] = [:]

    init(
        id: UInt64, owner: [UInt8], verifier: UInt64, principal: RPCCredentials, address: IPAddress,
        renewedAt: ContinuousClock.Instant
    ) {
        self.id = id
        self.owner = owner
        self.verifier = verifier
        self.principal = principal
        self.address = address
        self.renewedAt = renewedAt
    }

    /// Whether the same user asks, as far as AUTH_SYS tells.
    func isMade(by other: RPCCredentials) -> Bool {
        switch (principal, other) {
        case (.system(let own), .system(let other)): own.userID == other.userID
        default: principal == other
        }
    }
}

/// The fore channel of a session (RFC 8881 §2.10).
final class NFS4Session {
    let id: NFS4SessionID
    let client: UInt64
    let limits: NFS4ChannelLimits
    var slots: [NFS4Slot]

    init(id: NFS4SessionID, client: UInt64, limits: NFS4ChannelLimits) {
        self.id = id
        self.client = client
        self.limits = limits
        slots = Array(repeating: NFS4Slot(), count: Int(limits.slots))
    }
}

struct NFS4Slot {
    var sequence: UInt32 = 0
    /// What the last request was answered, from the compound's status on, if it is kept.
    var reply: [UInt8]?
    /// Of the request that has that reply.
    var requestDigest: UInt64 = 0
}

/// channel_attrs4 (RFC 8881 §18.36).
struct NFS4ChannelLimits: Equatable {
    var requestBytes: UInt32
    var replyBytes: UInt32
    var cachedBytes: UInt32
    var operations: UInt32
    var slots: UInt32

    init(_ reader: inout XDRReader) throws(NFSStatus) {
        // Room in front of data: none is left.
        _ = try reader.word()
        requestBytes = try reader.word()
        replyBytes = try reader.word()
        cachedBytes = try reader.word()
        operations = try reader.word()
        slots = try reader.word()
        for _ in 0..<(try reader.number(of: 1)) { _ = try reader.word() }
    }

    /// What both sides can do.
    func granted() throws(NFSStatus) -> NFS4ChannelLimits {
        // Less does not hold a SEQUENCE and anything behind it, or its reply.
        guard requestBytes >= 128, replyBytes >= 128, operations >= 2 else { throw .tooSmall }
        guard slots > 0 else { throw .invalid }
        var granted = self
        granted.requestBytes = min(requestBytes, UInt32(RecordAssembler.maximumRecordBytes))
        granted.replyBytes = min(replyBytes, UInt32(NFSProtocol.maximumReadBytes + 4096))
        granted.cachedBytes = min(cachedBytes, UInt32(NFS4States.maximumCachedBytes))
        granted.operations = min(operations, UInt32(NFS4States.maximumOperations))
        granted.slots = min(slots, UInt32(NFS4States.maximumSlots))
        return granted
    }
}

extension XDRWriter {
    mutating func channelLimits(_ limits: NFS4ChannelLimits) {
        for value in [
            0, limits.requestBytes, limits.replyBytes, limits.cachedBytes, limits.operations, limits.slots, 0,
        ] {
            uint32(value)
        }
    }
}

/// A file that a client has open.
struct NFS4Open {
    var id: NFS4StateID
    let client: UInt64
    let owner: [UInt8]
    let handle: FileHandle
    /// Always READ (1): nobody may write.
    var access: UInt32
    var denies: UInt32

    var key: OpenKey { OpenKey(client: client, owner: owner, handle: handle) }
}

/// What a lock owner has locked of an open file. Read locks never conflict, and there are no others: nothing more has to
/// be known of them.
struct NFS4Lock {
    var id: NFS4StateID
    let client: UInt64
    let owner: [UInt8]
    let open: [UInt8]
}
