import Testing
import Wire

@testable import NFSServer

@Suite("NFSv4: clients and sessions")
struct SessionTests {
    private let tree = MemoryTree()
    private let server: TestEngine

    init() throws { server = try TestEngine([try Export("/export", tree)]) }

    @Test(
        "Only 4.1 and 4.2 are there: another minor version is refused, and 4.0 told of",
        arguments: [0, 3, .max] as [UInt32])
    func minorVersion(minor: UInt32) throws {
        let reply = try server.compound(minor: minor, tag: "tag") { $0.add(.putRootHandle) }
        #expect(reply.status == .minorVersionMismatch && reply.count == 0 && reply.results.isAtEnd)
        #expect(server.takeNotices() == [.hint(client: server.caller.address, .minorVersion(minor))])
    }

    @Test("An empty compound is fine, and a tag comes back")
    func empty() throws {
        var results = try server.results(NFSProtocol.program, 4, 1) {
            $0.string("abc")
            $0.uint32(1)
            $0.uint32(0)
        }
        #expect(try results.status() == .ok)
        #expect(try results.string() == "abc")
        #expect(try results.word() == 0 && results.isAtEnd)
    }

    @Test("Without SEQUENCE nothing is done but what makes a session")
    func notInSession() throws {
        for operation in [NFS4Operation.putRootHandle, .getHandle, .reclaimComplete, .layoutGet] {
            #expect(try server.compound { $0.add(operation) }.status == .notInSession)
        }
        #expect(try server.compound(minor: 2) { $0.add(number: 69) }.status == .notInSession)
        let two = try server.compound {
            $0.add(.destroyClientID) { $0.uint64(1) }
            $0.add(.putRootHandle)
        }
        #expect(two.status == .notOnlyOperation)
    }

    @Test(
        "An operation that there is none of is illegal, one of 4.2 is not supported in 4.2 and illegal in 4.1"
    )
    func unknownOperations() throws {
        let session = try TestSession(server)
        for (minor, number, status) in [
            (UInt32(1), UInt32(59), NFSStatus.illegalOperation), (1, 0, .illegalOperation),
            (1, 2, .illegalOperation),
            (2, 59, .notSupported), (2, 69, .notSupported), (2, 75, .notSupported),
            (2, 76, .illegalOperation),
        ] {
            session.minor = minor
            var reply = try session.compound { $0.add(number: number) }
            #expect(reply.status == status)
            #expect(try reply.results.word() == (status == .illegalOperation ? 10044 : number))
            #expect(try reply.results.status() == status)
        }
    }

    // MARK: EXCHANGE_ID (RFC 8881 §18.35)

    @Test("A client that comes again with its verifier is the same, and confirmed once it has a session")
    func known() throws {
        let first = try server.exchangeID().get()
        #expect(first.flags == 0x1_0000 && first.sequence == 1)
        _ = try server.createSession(first.client, 1).get()
        let again = try server.exchangeID().get()
        #expect(again.client == first.client && again.flags == 0x8001_0000 && again.sequence == 2)
    }

    @Test("A client that has restarted keeps its old sessions until it has a new one")
    func restarted() throws {
        let session = try TestSession(server)
        let fresh = try server.exchangeID("client", verifier: 2).get()
        #expect(fresh.client != session.client)
        #expect(try session.compound { $0.add(.putRootHandle) }.status == .ok)
        _ = try server.createSession(fresh.client, fresh.sequence).get()
        session.sequence += 1
        #expect(try session.again { $0.add(.putRootHandle) }.status == .badSession)
        #expect(server.engine.states.clients.count == 1)
    }

    @Test("Another user does not take a client's name while its lease lasts")
    func collision() throws {
        _ = try TestSession(server)
        server.credentials = .user(1000, 1000)
        #expect(throws: NFSStatus.clientIDInUse) { try server.exchangeID("client", verifier: 9).get() }
        server.now += NFS4States.lease + .seconds(1)
        #expect(try server.exchangeID("client", verifier: 9).get().flags == 0x1_0000)
    }

    @Test("An update is for a client that there is, by its user and verifier")
    func update() throws {
        let update: UInt32 = 0x4000_0000
        #expect(throws: NFSStatus.notFound) { try server.exchangeID("client", flags: update).get() }
        let session = try TestSession(server)
        #expect(try server.exchangeID("client", flags: update).get().client == session.client)
        #expect(throws: NFSStatus.notSame) {
            try server.exchangeID("client", verifier: 2, flags: update).get()
        }
        server.credentials = .user(1000, 1000)
        #expect(throws: NFSStatus.notPermitted) { try server.exchangeID("client", flags: update).get() }
    }

    @Test("Flags that a client may not set are invalid")
    func flags() throws {
        #expect(throws: NFSStatus.invalid) { try server.exchangeID(flags: 0x8000_0000).get() }
        #expect(try server.exchangeID(flags: 0x101).get().sequence == 1)
    }

    @Test("Clients are bounded, and those that never made a session go after a lease")
    func bounds() throws {
        for index in 0..<NFS4States.maximumClients { _ = try server.exchangeID("c\(index)").get() }
        #expect(throws: NFSStatus.delay) { try server.exchangeID("one more").get() }
        server.now += NFS4States.lease + .seconds(1)
        server.engine.expireClients(at: server.now)
        #expect(server.engine.states.clients.isEmpty)
        #expect(try server.exchangeID("one more").get().sequence == 1)
    }

    // MARK: CREATE_SESSION (§18.36)

    @Test("Each bound of a session is the lesser of both sides'")
    func limits() throws {
        let client = try server.exchangeID().get().client
        let session = try server.createSession(client, 1).get()
        #expect(session.limits == [65_536, 1_049_480, 7_584, 8, 64])
        // Neither PERSIST nor a back channel.
        #expect(session.flags == 0)
        let other = try server.createSession(client, 2, limits: [1000, 2000, 3000, 200, 1]).get()
        #expect(other.limits == [1000, 2000, 3000, 64, 1])
    }

    @Test("What is too little for a session is refused")
    func tooSmall() throws {
        let client = try server.exchangeID().get().client
        for limits: [UInt32] in [[100, 4096, 0, 8, 1], [4096, 100, 0, 8, 1], [4096, 4096, 0, 1, 1]] {
            #expect(throws: NFSStatus.tooSmall) { try server.createSession(client, 1, limits: limits).get() }
        }
        #expect(throws: NFSStatus.invalid) {
            try server.createSession(client, 1, limits: [4096, 4096, 0, 8, 0]).get()
        }
        #expect(try server.createSession(client, 1).get().limits.count == 5)
    }

    @Test("CREATE_SESSION again is answered with the session that it made, not with another")
    func createAgain() throws {
        let client = try server.exchangeID().get().client
        let first = try server.createSession(client, 1).get()
        #expect(try server.createSession(client, 1).get().id == first.id)
        #expect(server.engine.states.sessions.count == 1)
        #expect(throws: NFSStatus.misordered) { try server.createSession(client, 3).get() }
        #expect(throws: NFSStatus.staleClientID) { try server.createSession(client + 1, 1).get() }
    }

    @Test("One client's sessions are bounded")
    func manySessions() throws {
        let client = try server.exchangeID().get().client
        let most = UInt32(NFS4States.maximumSessionsPerClient)
        for sequence in 1...most { _ = try server.createSession(client, sequence).get() }
        #expect(throws: NFSStatus.delay) { try server.createSession(client, most + 1).get() }
    }

    @Test("DESTROY_SESSION and DESTROY_CLIENTID end what there is, in this order")
    func destroy() throws {
        let session = try TestSession(server)
        let destroyClient = {
            try server.compound { $0.add(.destroyClientID) { $0.uint64(session.client) } }.status
        }
        #expect(try destroyClient() == .clientIDBusy)
        let early = try session.compound {
            $0.add(.destroySession) { $0.fixedOpaque(session.id) }
            $0.add(.putRootHandle)
        }
        #expect(early.status == .notOnlyOperation)
        #expect(try server.compound { $0.add(.destroySession) { $0.fixedOpaque(session.id) } }.status == .ok)
        #expect(
            try server.compound { $0.add(.destroySession) { $0.fixedOpaque(session.id) } }.status
                == .badSession)
        #expect(try destroyClient() == .ok)
        #expect(try destroyClient() == .staleClientID)
        #expect(server.engine.states.clients.isEmpty)
    }

    @Test("RECLAIM_COMPLETE is said once")
    func reclaimComplete() throws {
        let session = try TestSession(server)
        #expect(try session.status(nil) { $0.add(.reclaimComplete) { $0.bool(false) } } == .ok)
        #expect(try session.status(nil) { $0.add(.reclaimComplete) { $0.bool(false) } } == .completeAlready)
        #expect(try session.status(nil) { $0.add(.reclaimComplete) { $0.bool(true) } } == .noFileHandle)
    }

    @Test("A connection is bound to a session that there is")
    func bind() throws {
        let session = try TestSession(server)
        let bind = { (id: [UInt8], direction: UInt32) in
            try server.compound {
                $0.add(.bindConnection) {
                    $0.fixedOpaque(id)
                    $0.uint32(direction)
                    $0.bool(false)
                }
            }.status
        }
        #expect(try bind(session.id, 3) == .ok)
        #expect(try bind(session.id, 2) == .invalid)
        #expect(try bind([UInt8](repeating: 0, count: 16), 3) == .badSession)
    }

    @Test(
        "A mount is told of at the first use of an export, and its end when the client goes or is not heard of"
    )
    func notices() throws {
        let client = server.caller.address
        for leaves in [true, false] {
            let session = try TestSession(server, owner: "\(leaves)")
            for _ in 0..<3 {
                _ = try session.compound {
                    $0.add(.putRootHandle)
                    $0.lookUp("export")
                }
            }
            #expect(
                server.takeNotices() == [.mounted(client: client, path: "/export", version: .v4(minor: 1))])
            if leaves {
                _ = try server.compound { $0.add(.destroySession) { $0.fixedOpaque(session.id) } }
                _ = try server.compound { $0.add(.destroyClientID) { $0.uint64(session.client) } }
            } else {
                server.now += NFS4States.courtesy
                server.engine.expireClients(at: server.now)
                #expect(server.takeNotices() == [])
                server.now += .seconds(1)
                server.engine.expireClients(at: server.now)
            }
            #expect(
                server.takeNotices() == [.unmounted(client: client, path: "/export", version: .v4(minor: 1))])
        }
    }
}
