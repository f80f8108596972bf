import SystemIO
import Testing
import Wire

@testable import NFSServer

@Suite("MOUNT")
struct MountTests {
    private let tree = MemoryTree()
    private let export: Export
    private let server: TestEngine

    init() throws {
        export = try Export("/srv/export", tree)
        server = try TestEngine([export])
    }

    private func failure(_ path: String, on server: TestEngine? = nil) throws -> MountProtocol.Status? {
        guard case .failure(let status) = try (server ?? self.server).mount(path) else { return nil }
        return MountProtocol.Status(rawValue: status.rawValue)
    }

    @Test(
        "An export is mounted by its path, however its slashes are written",
        arguments: ["/srv/export", "/srv/export/", "//srv///export", "/srv/./export", "srv/export"])
    func spellings(path: String) throws {
        #expect(try server.mount(path).get() == server.handle(export, tree, 1))
        #expect(
            server.takeNotices() == [
                .mounted(client: server.caller.address, path: "/srv/export", version: .v3)
            ])
    }

    @Test("A folder below an export is mounted, too")
    func below() throws {
        let folder = tree.addFolder("deep", to: tree.addFolder("folder"))
        #expect(try server.mount("/srv/export/folder/deep").get() == server.handle(export, tree, folder))
    }

    @Test(
        "What is not exported, not there, no folder or out of the export is refused, with the reason in a notice"
    )
    func refused() throws {
        tree.add("file")
        let client = server.caller.address
        let refusals: [(String, MountProtocol.Status, NFSRefusal)] = [
            ("/srv", .notFound, .noSuchExport(exports: ["/srv/export"])),
            ("/srv/export2", .notFound, .noSuchExport(exports: ["/srv/export"])),
            ("", .notFound, .noSuchExport(exports: ["/srv/export"])),
            ("/srv/export/missing", .notFound, .noSuchFolder),
            ("/srv/export/file", .notAFolder, .notAFolder),
            ("/srv/export/..", .notFound, .noSuchFolder),
            ("/srv/export/../../etc", .notFound, .noSuchFolder),
        ]
        for (path, status, refusal) in refusals {
            #expect(try failure(path) == status, "\(path)")
            #expect(server.takeNotices() == [.refused(client: client, path: path, refusal)])
        }
    }

    @Test("A path longer than 1024 bytes cannot be decoded")
    func longPath() throws {
        let answer = try server.call(MountProtocol.program, 3, 1) {
            $0.string("/" + String(repeating: "x", count: 1024))
        }
        #expect(answer == .accepted(4, []))
    }

    @Test("A client that no grant means is refused, and the notice says who may")
    func otherClient() throws {
        let export = try Export("/e", tree, clients: try ExportClients(parsing: "10.9.0.0/16"))
        let server = try TestEngine([export])
        #expect(try failure("/e", on: server) == .accessDenied)
        #expect(
            server.takeNotices() == [
                .refused(
                    client: server.caller.address, path: "/e", .clientNotAllowed(clients: ["10.9.0.0/16"]))
            ])
    }

    @Test("A folder that the caller may not enter keeps him from what is beneath it")
    func closedFolder() throws {
        let closed = tree.addFolder("closed", permissions: 0o700)
        _ = tree.addFolder("inner", to: closed)
        server.credentials = .user(5, 5)
        #expect(try failure("/srv/export/closed/inner") == .accessDenied)
        server.credentials = .user(0, 0)
        #expect(try failure("/srv/export/closed/inner") == nil)
    }

    @Test("An export inside another has its own rules, on whatever way it is reached")
    func junctions() throws {
        let folder = tree.addFolder("inner")
        let inner = try Export(
            "/srv/export/inner", Subtree(tree, at: folder), clients: try ExportClients(parsing: "10.9.0.1"))
        let server = try TestEngine([export, inner])
        #expect(try failure("/srv/export/inner", on: server) == .accessDenied)
        var results = try server.nfs3(.lookUp) {
            $0.opaque(server.handle(export, tree, 1))
            $0.string("inner")
        }
        #expect(try results.status() == .accessDenied)
        // And READDIRPLUS of the outer one hands no handle of it out.
        results = try server.nfs3(.readFolderPlus) {
            $0.opaque(server.handle(export, tree, 1))
            for word in [UInt32(0), 0, 0, 0, 4096, 4096] { $0.uint32(word) }
        }
        #expect(try results.status() == .ok)
        _ = try results.postOperation3()
        _ = try results.long()
        while try results.flag() {
            _ = try results.long()
            let (name, _) = (try results.string(), try results.long())
            let attributes = try results.postOperation3()
            let handle = try results.flag() ? try results.opaque() : nil
            #expect((attributes == nil && handle == nil) == (name == "inner"))
        }
    }

    @Test("DUMP tells who has mounted what, and UMNT takes it away, however it is spelled")
    func dump() throws {
        _ = try server.mount("/srv/export/")
        _ = try server.mount("/srv/export")
        var results = try server.results(MountProtocol.program, 3, 2)
        #expect(try results.flag())
        #expect(try results.string() == "10.0.0.7")
        #expect(try results.string() == "/srv/export")
        #expect(try !results.flag() && results.isAtEnd)
        _ = server.takeNotices()
        results = try server.results(MountProtocol.program, 3, 3) { $0.string("//srv/export") }
        #expect(results.isAtEnd)
        #expect(
            server.takeNotices().first
                == .unmounted(client: server.caller.address, path: "/srv/export", version: .v3))
        results = try server.results(MountProtocol.program, 3, 2)
        #expect(try !results.flag() && results.isAtEnd)
    }

    @Test("UMNTALL takes away what one client has, and nobody else's")
    func unmountAll() throws {
        _ = tree.addFolder("a")
        _ = try server.mount("/srv/export")
        _ = try server.mount("/srv/export/a")
        server.caller.address = try #require(IPAddress("10.0.0.8"))
        _ = try server.mount("/srv/export")
        #expect(try server.results(MountProtocol.program, 3, 4).isAtEnd)
        #expect(
            server.engine.mounts.entries.map { "\($0.client) \($0.path)" } == [
                "10.0.0.7 /srv/export", "10.0.0.7 /srv/export/a",
            ])
    }

    @Test("One client's mounts do not push out everybody else's")
    func bounds() throws {
        _ = try server.mount("/srv/export")
        server.caller.address = try #require(IPAddress("10.0.0.8"))
        for index in 0..<MountTable.maximumEntriesPerClient + 10 {
            _ = tree.addFolder("\(index)")
            _ = try server.mount("/srv/export/\(index)")
        }
        let entries = server.engine.mounts.entries
        #expect(entries.count == 1 + MountTable.maximumEntriesPerClient)
        #expect(entries.contains { "\($0.client)" == "10.0.0.7" })
    }

    @Test("A client that leaves before it used anything is given the hint about nolock, another is not")
    func leftAtOnce() throws {
        let client = server.caller.address
        for uses in [false, true] {
            let handle = try server.mount("/srv/export").get()
            if uses { _ = try server.nfs3(.getAttributes) { $0.opaque(handle) } }
            _ = server.takeNotices()
            _ = try server.results(MountProtocol.program, 3, 3) { $0.string("/srv/export") }
            let hints = server.takeNotices().filter { if case .hint = $0 { true } else { false } }
            #expect(hints == (uses ? [] : [.hint(client: client, .leftAtOnce(path: "/srv/export"))]))
        }
    }

    @Test("EXPORT lists every path with its clients; everyone is an empty list")
    func exports() throws {
        let other = try Export("/other", tree, clients: try ExportClients(parsing: "10.0.0.0/24"))
        let server = try TestEngine([export, other])
        var results = try server.results(MountProtocol.program, 3, 5)
        #expect(try results.flag())
        #expect(try results.string() == "/srv/export")
        #expect(try !results.flag())
        #expect(try results.flag())
        #expect(try results.string() == "/other")
        #expect(try results.flag())
        #expect(try results.string() == "10.0.0.0/24")
        #expect(try results.words(2) == [0, 0] && results.isAtEnd)
    }

    @Test("In a datagram the lists end before they grow too long for one")
    func datagrams() throws {
        let exports = try (0..<200).map { index in
            try Export("/\(String(repeating: "p", count: 800))-\(index)", MemoryTree(volume: UInt64(index)))
        }
        let server = try TestEngine(exports)
        server.caller.transport = .udp
        for procedure in [UInt32(2), 5] {
            for index in 0..<100 { _ = try server.mount(exports[index].path) }
            guard case .success(let bytes) = try server.call(MountProtocol.program, 3, procedure) else {
                return #expect(Bool(false))
            }
            #expect(bytes.count <= 8192 && bytes.count > 4096)
            #expect(Array(bytes.suffix(4)) == [0, 0, 0, 0])
        }
    }
}

@Suite("Portmapper")
struct PortmapperTests {
    private let server: TestEngine

    init() throws { server = try TestEngine([try Export("/export", MemoryTree())]) }

    private func port(_ program: UInt32, _ version: UInt32, _ number: UInt32) throws -> UInt32 {
        var results = try server.results(100_000, 2, 3, door: .portmapper) {
            for word in [program, version, number, 0] { $0.uint32(word) }
        }
        return try results.word()
    }

    @Test("GETPORT tells the ports of TCP (6) and UDP (17), and 0 of what is not there")
    func getPort() throws {
        #expect(try port(100_003, 3, 6) == 2049)
        #expect(try port(100_003, 4, 6) == 2049)
        #expect(try port(100_005, 3, 17) == 2049)
        #expect(try port(100_000, 2, 17) == 111)
        #expect(try port(100_021, 4, 6) == 0)
        #expect(try port(100_003, 3, 132) == 0)
    }

    @Test("An old version gets the port all the same, so that the program can say which it has")
    func oldVersion() throws {
        #expect(try port(100_003, 2, 6) == 2049)
        #expect(
            server.takeNotices() == [
                .hint(client: server.caller.address, .oldVersion(program: 100_003, version: 2))
            ])
    }

    @Test("GETADDR answers in universal addresses, of the address that was called")
    func getAddress() throws {
        for (network, address) in [("tcp", "10.0.0.1.8.1"), ("tcp6", "::.8.1"), ("local", "")] {
            for version in [UInt32(3), 4] {
                var results = try server.results(100_000, version, 3, door: .portmapper) {
                    $0.uint32(100_003)
                    $0.uint32(3)
                    for text in [network, "", ""] { $0.string(text) }
                }
                #expect(try results.string() == address && results.isAtEnd)
            }
        }
        server.caller.localAddress = try #require(IPAddress("fd00::1"))
        var results = try server.results(100_000, 4, 3, door: .portmapper) {
            $0.uint32(100_005)
            $0.uint32(3)
            for text in ["tcp6", "", ""] { $0.string(text) }
        }
        #expect(try results.string() == "fd00::1.8.1")
    }

    @Test("DUMP of version 2 lists IPv4 alone, that of version 4 both")
    func dump() throws {
        var results = try server.results(100_000, 2, 4, door: .portmapper)
        var seen: [[UInt32]] = []
        while try results.flag() { seen.append(try results.words(4)) }
        #expect(results.isAtEnd)
        #expect(seen.contains([100_003, 3, 6, 2049]) && seen.contains([100_005, 3, 17, 2049]))
        // NFSv4 is not for datagrams.
        #expect(seen.contains([100_003, 4, 6, 2049]) && !seen.contains([100_003, 4, 17, 2049]))
        results = try server.results(100_000, 4, 4, door: .portmapper)
        var networks: Set<String> = []
        while try results.flag() {
            _ = try results.words(2)
            networks.insert(try results.string())
            _ = (try results.string(), try results.string())
        }
        #expect(networks == ["tcp", "udp", "tcp6", "udp6"])
    }

    @Test("Nobody registers anything here, and nobody is called for another")
    func refused() throws {
        for procedure in [UInt32(1), 2] {
            var results = try server.results(100_000, 2, procedure, door: .portmapper) {
                for word in [UInt32(400_000), 1, 6, 9] { $0.uint32(word) }
            }
            #expect(try !results.flag())
        }
        #expect(try server.call(100_000, 2, 5, door: .portmapper) == .accepted(3, []))
        #expect(try server.call(100_000, 1, 0, door: .portmapper) == .accepted(2, [2, 4]))
        #expect(try server.call(100_003, 3, 0, door: .portmapper) == .accepted(1, []))
    }
}
