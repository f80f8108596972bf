import Testing
import Wire

@testable import NFSServer

@Suite("NFSv3: what would change something")
struct RefusalTests {
    private let tree = MemoryTree()
    private let export: Export
    private let server: TestEngine
    private let file: UInt64

    init() throws {
        export = try Export("/export", tree)
        server = try TestEngine([export])
        file = tree.add("file", content: [1])
    }

    /// The rest of each one's arguments behind the first handle does not matter: only RENAME and LINK have a second.
    private static let simple: [NFS3Procedure] = [
        .setAttributes, .write, .create, .makeFolder, .makeLink, .makeNode, .remove, .removeFolder, .commit,
    ]

    @Test("Each answers ROFS with wcc_data", arguments: simple)
    func one(procedure: NFS3Procedure) throws {
        var results = try server.nfs3(procedure) { $0.opaque(server.handle(export, tree, file)) }
        #expect(try results.status() == .readOnly)
        #expect(try results.weakCacheConsistency3()?.fileNumber == file)
        #expect(results.isAtEnd)
    }

    @Test("RENAME answers ROFS with wcc_data of both folders")
    func rename() throws {
        let folder = tree.addFolder("folder")
        var results = try server.nfs3(.rename) {
            $0.opaque(server.handle(export, tree, 1))
            $0.string("file")
            $0.opaque(server.handle(export, tree, folder))
            $0.string("new")
        }
        #expect(try results.status() == .readOnly)
        #expect(try results.weakCacheConsistency3()?.fileNumber == 1)
        #expect(try results.weakCacheConsistency3()?.fileNumber == folder)
        #expect(results.isAtEnd)
    }

    @Test("LINK answers ROFS with the file's attributes and the folder's wcc_data")
    func link() throws {
        var results = try server.nfs3(.link) {
            $0.opaque(server.handle(export, tree, file))
            $0.opaque(server.handle(export, tree, 1))
            $0.string("new")
        }
        #expect(try results.status() == .readOnly)
        #expect(try results.postOperation3()?.fileNumber == file)
        #expect(try results.weakCacheConsistency3()?.fileNumber == 1)
        #expect(results.isAtEnd)
    }

    @Test("A forged handle makes no difference, and tells nothing")
    func forged() throws {
        var results = try server.nfs3(.remove) { $0.opaque([1, 2, 3]) }
        #expect(try results.status() == .readOnly)
        #expect(try results.weakCacheConsistency3() == nil)
        #expect(results.isAtEnd)
    }

    @Test("Every procedure is answered, and none without its arguments", arguments: NFS3Procedure.allCases)
    func arguments(procedure: NFS3Procedure) throws {
        let answer = try server.call(NFSProtocol.program, 3, procedure.rawValue)
        #expect(answer == (procedure == .null ? .success([]) : .accepted(4, [])))
    }

    @Test("NULL asks for no credentials, and works from any port")
    func null() throws {
        server.credentials = .none
        server.caller.port = 40_000
        for (program, version) in [(NFSProtocol.program, UInt32(3)), (NFSProtocol.program, 4), (100_005, 3)] {
            #expect(try server.call(program, version, 0) == .success([]))
        }
    }
}

@Suite("NFS: answers that clients decide by")
struct FallbackTests {
    private let server: TestEngine

    init() throws { server = try TestEngine([try Export("/export", MemoryTree())]) }

    /// Program, version, procedure, and the answer.
    private static let calls: [(UInt32, UInt32, UInt32, TestEngine.Answer)] = [
        (100_003, 2, 0, .accepted(2, [3, 4])), (100_003, 5, 0, .accepted(2, [3, 4])),
        (100_005, 1, 0, .accepted(2, [3, 3])), (100_005, 2, 0, .accepted(2, [3, 3])),
        // NFSACL and NLM.
        (100_227, 3, 0, .accepted(1, [])), (100_021, 4, 0, .accepted(1, [])),
        // The portmapper is on port 111 alone.
        (100_000, 2, 0, .accepted(1, [])), (100_003, 3, 22, .accepted(3, [])),
        (100_003, 4, 2, .accepted(3, [])),
        (100_005, 3, 6, .accepted(3, [])),
    ]

    @Test("What is not here is refused as the kind that it is", arguments: calls)
    func call(program: UInt32, version: UInt32, procedure: UInt32, answer: TestEngine.Answer) throws {
        #expect(try server.call(program, version, procedure) == answer)
    }

    @Test("NFSv4 is for streams alone")
    func datagram() throws {
        server.caller.transport = .udp
        #expect(try server.call(100_003, 4, 0) == .accepted(2, [3, 3]))
        #expect(try server.call(100_003, 3, 0) == .success([]))
    }

    @Test("Credentials that are not understood are too weak, and their kind is told once")
    func flavors() throws {
        server.credentials = .unsupported(flavor: 6)
        for _ in 0..<3 { #expect(try server.call(100_003, 3, 1) == .denied([1, 5])) }
        #expect(
            server.takeNotices() == [.hint(client: server.caller.address, .credentials(flavor: 6))])
    }

    @Test("A call for version 2 is told of once for each client, and so is a search for the lock manager")
    func hints() throws {
        for _ in 0..<3 {
            _ = try server.call(100_003, 2, 0)
            _ = try server.call(100_021, 4, 0)
        }
        let first = server.caller.address
        #expect(
            server.takeNotices() == [
                .hint(client: first, .oldVersion(program: 100_003, version: 2)),
                .hint(client: first, .lockManager),
            ])
        server.caller.address = try #require(IPAddress("10.0.0.8"))
        _ = try server.call(100_003, 2, 0)
        #expect(server.takeNotices().count == 1)
    }

    @Test("Arguments that cannot be decoded are told of with their place")
    func malformed() throws {
        #expect(try server.call(100_003, 3, 1) { $0.uint32(65) } == .accepted(4, []))
        guard case .malformed(_, 100_003, 1, .tooLong(_, 65, 64))? = server.takeNotices().first else {
            return #expect(Bool(false))
        }
    }

    @Test("A flood of calls makes no flood of notices")
    func flood() throws {
        for _ in 0..<1000 { _ = try server.call(100_003, 3, 1) { $0.uint32(65) } }
        #expect(server.takeNotices().count == 64)
    }
}
