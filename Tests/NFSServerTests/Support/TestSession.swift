import Wire

@testable import NFSServer

/// Operations of a compound, one after another.
struct Operations {
    var xdr = XDRWriter()
    var count: UInt32 = 0

    mutating func add(_ operation: NFS4Operation, _ arguments: (inout XDRWriter) -> Void = { _ in }) {
        add(number: operation.rawValue, arguments)
    }

    mutating func add(number: UInt32, _ arguments: (inout XDRWriter) -> Void = { _ in }) {
        xdr.uint32(number)
        arguments(&xdr)
        count += 1
    }

    mutating func putHandle(_ handle: [UInt8]) { add(.putHandle) { $0.opaque(handle) } }
    mutating func lookUp(_ name: String) { add(.lookUp) { $0.string(name) } }
    mutating func getAttributes(_ numbers: UInt32...) {
        add(.getAttributes) { $0.bitmap(NFS4Bitmap(numbers)) }
    }

    /// OPEN for reading of a name in the current folder; of the current file itself where it is nil.
    mutating func open(_ name: String?, owner: String = "owner", access: UInt32 = 1, denies: UInt32 = 0) {
        add(.open) {
            for word in [0, access, denies] { $0.uint32(word) }
            $0.uint64(0)
            $0.string(owner)
            $0.uint32(0)
            $0.uint32(name == nil ? 4 : 0)
            if let name { $0.string(name) }
        }
    }

    mutating func close(_ state: NFS4StateID) {
        add(.close) {
            $0.uint32(0)
            $0.stateID(state)
        }
    }

    mutating func read(_ state: NFS4StateID, at offset: UInt64 = 0, count: UInt32 = 100) {
        add(.read) {
            $0.stateID(state)
            $0.uint64(offset)
            $0.uint32(count)
        }
    }
}

/// What a compound came to: its status, and each operation's number and status; results are read behind them.
struct CompoundReply {
    let status: NFSStatus
    let count: UInt32
    var results: Results

    init(_ results: Results) throws {
        var results = results
        status = try results.status()
        _ = try results.opaque()
        count = try results.word()
        self.results = results
    }

    /// The next operation's head; it must be this one.
    mutating func next(_ operation: NFS4Operation) throws -> NFSStatus {
        guard try results.word() == operation.rawValue else { throw TestEngine.Unusable() }
        return try results.status()
    }

    mutating func skipSequence() throws {
        guard try next(.sequence) == .ok else { throw TestEngine.Unusable() }
        _ = (try results.fixed(16), try results.words(5))
    }

    mutating func stateID() throws -> NFS4StateID {
        NFS4StateID(sequence: try results.word(), other: try results.fixed(12))
    }
}

extension TestEngine {
    func compound(
        minor: UInt32 = 1, tag: String = "", _ body: (inout Operations) -> Void
    ) throws -> CompoundReply {
        var operations = Operations()
        body(&operations)
        let results = try results(NFSProtocol.program, 4, 1) {
            $0.string(tag)
            $0.uint32(minor)
            $0.uint32(operations.count)
            $0.append(operations.xdr.bytes)
        }
        return try CompoundReply(results)
    }

    /// EXCHANGE_ID: the status, or the client's number, its next sequence and flags.
    func exchangeID(
        _ owner: String = "client", verifier: UInt64 = 1, flags: UInt32 = 0
    ) throws -> Result<(client: UInt64, sequence: UInt32, flags: UInt32), NFSStatus> {
        var reply = try compound {
            $0.add(.exchangeID) {
                $0.uint64(verifier)
                $0.string(owner)
                for word in [flags, 0, 0] { $0.uint32(word) }
            }
        }
        let status = try reply.next(.exchangeID)
        guard status == .ok else { return .failure(status) }
        return .success((try reply.results.long(), try reply.results.word(), try reply.results.word()))
    }

    /// What Linux asks for: request, reply and cached bytes, operations, slots.
    static let usualLimits: [UInt32] = [1_049_620, 1_049_480, 7_584, 8, 64]

    /// CREATE_SESSION: the status, or the session's name and what was granted.
    func createSession(
        _ client: UInt64, _ sequence: UInt32, limits: [UInt32] = TestEngine.usualLimits, flags: UInt32 = 3
    ) throws -> Result<(id: [UInt8], limits: [UInt32], flags: UInt32), NFSStatus> {
        var reply = try compound {
            $0.add(.createSession) {
                $0.uint64(client)
                $0.uint32(sequence)
                $0.uint32(flags)
                for _ in 0..<2 {
                    $0.uint32(0)
                    for word in limits { $0.uint32(word) }
                    $0.uint32(0)
                }
                // To be called back as nobody.
                for word in [UInt32(0x4000_0000), 1, 0] { $0.uint32(word) }
            }
        }
        let status = try reply.next(.createSession)
        guard status == .ok else { return .failure(status) }
        let (id, _, flags) = (try reply.results.fixed(16), try reply.results.word(), try reply.results.word())
        let granted = try reply.results.words(7)
        guard try reply.results.words(7).count == 7, reply.results.isAtEnd else { throw Unusable() }
        return .success((id, Array(granted[1...5]), flags))
    }
}

/// A client with a session, and slot 0 of that.
final class TestSession {
    let server: TestEngine
    let client: UInt64
    let id: [UInt8]
    var sequence: UInt32 = 0
    var slot: UInt32 = 0
    var minor: UInt32 = 1
    var isCached = false

    init(_ server: TestEngine, owner: String = "client", limits: [UInt32] = TestEngine.usualLimits) throws {
        self.server = server
        let exchanged = try server.exchangeID(owner).get()
        client = exchanged.client
        id = try server.createSession(client, exchanged.sequence, limits: limits).get().id
    }

    /// A compound behind a SEQUENCE that is taken; the reply is read from behind it.
    func compound(_ body: (inout Operations) -> Void) throws -> CompoundReply {
        sequence += 1
        var reply = try again(body)
        try reply.skipSequence()
        return reply
    }

    /// The same sequence once more, whatever comes of it.
    func again(_ body: (inout Operations) -> Void) throws -> CompoundReply {
        try server.compound(minor: minor) {
            $0.add(.sequence) {
                $0.fixedOpaque(id)
                for word in [sequence, slot, 0] { $0.uint32(word) }
                $0.bool(isCached)
            }
            body(&$0)
        }
    }

    /// Opens a file by its path's names from the root.
    func open(_ names: [String], owner: String = "owner") throws -> (state: NFS4StateID, handle: [UInt8]) {
        var reply = try compound {
            $0.add(.putRootHandle)
            for name in names.dropLast() { $0.lookUp(name) }
            $0.open(names.last, owner: owner)
            $0.add(.getHandle)
        }
        guard reply.status == .ok, try reply.next(.putRootHandle) == .ok else { throw reply.status }
        for _ in names.dropLast() { guard try reply.next(.lookUp) == .ok else { throw reply.status } }
        guard try reply.next(.open) == .ok else { throw reply.status }
        let state = try reply.stateID()
        // change_info4, the lock type, no attributes, no delegation.
        guard try reply.results.words(8).suffix(3) == [4, 0, 0] else { throw TestEngine.Unusable() }
        guard try reply.next(.getHandle) == .ok else { throw reply.status }
        return (state, try reply.results.opaque())
    }

    /// The status of one operation behind a handle.
    func status(_ handle: [UInt8]?, _ body: (inout Operations) -> Void) throws -> NFSStatus {
        try compound {
            if let handle { $0.putHandle(handle) }
            body(&$0)
        }.status
    }
}
