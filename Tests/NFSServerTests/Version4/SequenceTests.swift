import Testing
import Wire

@testable import NFSServer

@Suite("NFSv4: SEQUENCE")
struct SequenceTests {
    private let tree = MemoryTree()
    private let server: TestEngine

    init() throws {
        server = try TestEngine([try Export("/export", tree)])
        tree.add("file", content: [UInt8](repeating: 1, count: 5000))
    }

    @Test("SEQUENCE answers with its own numbers and the highest slot")
    func golden() throws {
        let session = try TestSession(server)
        session.sequence = 1
        var reply = try session.again { _ in }
        #expect(try reply.next(.sequence) == .ok)
        #expect(try reply.results.fixed(16) == session.id)
        #expect(try reply.results.words(5) == [1, 0, 63, 63, 0])
        #expect(reply.results.isAtEnd)
    }

    @Test("A retry gets the reply that was kept, and nothing is done twice")
    func replay() throws {
        let session = try TestSession(server)
        session.isCached = true
        session.sequence = 1
        let open = { (operations: inout Operations) in
            operations.add(.putRootHandle)
            operations.lookUp("export")
            operations.open("file")
        }
        let first = try session.again(open)
        #expect(first.status == .ok)
        let second = try session.again(open)
        #expect(second.status == .ok && second.count == first.count)
        #expect(second.results.rest == first.results.rest)
        #expect(server.engine.states.opens.values.map(\.id.sequence) == [1])
    }

    @Test("A retry with other operations is a false one")
    func falseRetry() throws {
        let session = try TestSession(server)
        session.isCached = true
        session.sequence = 1
        _ = try session.again { $0.add(.putRootHandle) }
        #expect(try session.again { $0.add(.putPublicHandle) }.status == .falseRetry)
    }

    @Test("A reply that was not to be kept cannot be had again")
    func uncached() throws {
        let session = try TestSession(server)
        _ = try session.compound { $0.add(.putRootHandle) }
        #expect(try session.again { $0.add(.putRootHandle) }.status == .retryOfUncachedReply)
    }

    @Test("A lone SEQUENCE is kept without being asked")
    func lone() throws {
        let session = try TestSession(server)
        session.sequence = 1
        let first = try session.again { _ in }
        #expect(try session.again { _ in }.results.rest == first.results.rest)
    }

    @Test("Sequences go up by one in each slot, and begin with one")
    func misordered() throws {
        let session = try TestSession(server)
        for (slot, sequence, status) in [
            (UInt32(0), UInt32(0), NFSStatus.misordered), (0, 2, .misordered), (0, 1, .ok),
            (0, 3, .misordered),
            (1, 2, .misordered), (1, 1, .ok), (0, 2, .ok), (63, 1, .ok), (64, 1, .badSlot),
        ] {
            (session.slot, session.sequence) = (slot, sequence)
            #expect(
                try session.again { $0.add(.putRootHandle) }.status == status, "slot \(slot), \(sequence)")
        }
    }

    @Test("After the highest sequence comes 0")
    func wrap() throws {
        let session = try TestSession(server)
        server.engine.states.sessions[session.id]?.slots[0].sequence = .max
        session.sequence = 0
        #expect(try session.again { $0.add(.putRootHandle) }.status == .ok)
        session.sequence = 1
        #expect(try session.again { $0.add(.putRootHandle) }.status == .ok)
    }

    @Test("SEQUENCE stands at the beginning, and once")
    func position() throws {
        let session = try TestSession(server)
        let reply = try session.compound {
            $0.add(.sequence) { $0.fixedOpaque([UInt8](repeating: 0, count: 36)) }
        }
        #expect(reply.status == .sequencePosition)
    }

    @Test("A session that there is none of is bad")
    func badSession() throws {
        let session = try TestSession(server)
        server.engine.states.sessions[session.id] = nil
        session.sequence = 1
        #expect(try session.again { _ in }.status == .badSession)
    }

    @Test("More operations than the session has are too many, a longer request too big")
    func bounds() throws {
        let session = try TestSession(server, limits: [1000, 4096, 0, 4, 1])
        session.sequence = 1
        let many = { (count: Int) in
            try session.again { for _ in 0..<count { $0.add(.putRootHandle) } }.status
        }
        #expect(try many(4) == .tooManyOperations)
        #expect(try many(3) == .ok)
        session.sequence = 2
        let long = try session.again {
            $0.add(.putRootHandle)
            $0.lookUp(String(repeating: "n", count: 1000))
        }
        #expect(long.status == .requestTooBig)
    }

    @Test("A reply longer than the session allows is too big, READ gives less instead")
    func replyTooBig() throws {
        let session = try TestSession(server, limits: [4096, 1000, 200, 8, 1])
        let handle = try session.open(["export", "file"]).handle
        var reply = try session.compound {
            $0.putHandle(handle)
            $0.read(NFS4StateID(sequence: 0, other: [UInt8](repeating: 0, count: 12)), count: 4096)
        }
        #expect(reply.status == .ok)
        _ = try reply.next(.putHandle)
        _ = try reply.next(.read)
        #expect(try !reply.results.flag())
        let count = try reply.results.opaque().count
        #expect(count > 700 && count < 900)
        let many = try session.compound {
            for _ in 0..<7 { $0.add(.testStateID) { $0.uint32(0) } }
        }
        #expect(many.status == .ok)
        session.isCached = true
        let cached = try session.compound {
            $0.putHandle(handle)
            for _ in 0..<6 { $0.getAttributes(0, 19) }
        }
        #expect(cached.status == .replyTooBigToCache)
    }

    @Test("Arguments that end too soon are bad XDR, and what was done before stays in the reply")
    func badXDR() throws {
        let session = try TestSession(server)
        var reply = try session.compound {
            $0.add(.putRootHandle)
            $0.add(.lookUp) { $0.uint32(100) }
        }
        #expect(reply.status == .badXDR && reply.count == 3)
        #expect(try reply.next(.putRootHandle) == .ok)
        #expect(try reply.next(.lookUp) == .badXDR)
        #expect(reply.results.isAtEnd)
    }

    @Test("More operations than there are end with bad XDR")
    func missingOperations() throws {
        var results = try server.results(NFSProtocol.program, 4, 1) {
            $0.string("")
            $0.uint32(1)
            $0.uint32(.max)
        }
        #expect(try results.status() == .badXDR)
    }

    @Test("After a restart of the server, a client gets to its files again, as Linux does it")
    func restart() throws {
        let old = try TestSession(server)
        let (_, handle) = try old.open(["export", "file"])
        let fresh = try TestEngine(
            server.engine.exports.exports, startedAt: 1_800_000_000_000)
        var reply = try fresh.compound {
            $0.add(.sequence) {
                $0.fixedOpaque(old.id)
                for word in [UInt32(2), 0, 0, 0] { $0.uint32(word) }
            }
        }
        #expect(try reply.next(.sequence) == .badSession)
        #expect(throws: NFSStatus.staleClientID) { try fresh.createSession(old.client, 2).get() }
        let session = try TestSession(fresh)
        let previous = try session.compound {
            $0.putHandle(handle)
            $0.add(.open) {
                for word in [UInt32(0), 1, 0] { $0.uint32(word) }
                $0.uint64(0)
                $0.string("owner")
                for word in [UInt32(0), 1, 0] { $0.uint32(word) }
            }
        }
        #expect(previous.status == .noGrace)
        #expect(try session.status(nil) { $0.add(.reclaimComplete) { $0.bool(false) } } == .ok)
        reply = try session.compound {
            $0.putHandle(handle)
            $0.open(nil)
        }
        #expect(reply.status == .ok)
        _ = (try reply.next(.putHandle), try reply.next(.open))
        let state = try reply.stateID()
        #expect(try session.status(handle) { $0.read(state) } == .ok)
    }
}
