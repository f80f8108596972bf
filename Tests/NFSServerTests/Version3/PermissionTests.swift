import SystemIO
import Testing
import Wire

@testable import NFSServer

@Suite("Who may read what")
struct PermissionTests {
    /// Mode, owner 1000, group 100; who asks; what ACCESS grants of READ (1), LOOKUP (2) and EXECUTE (0x20).
    private static let files: [(UInt32, RPCCredentials, UInt32)] = [
        (0o400, .user(1000, 1), 1), (0o400, .user(1, 100), 0), (0o400, .user(0, 0), 1),
        (0o040, .user(1, 100), 1), (0o040, .user(1, 1, [5, 100]), 1), (0o040, .user(1000, 100), 0),
        (0o004, .user(1, 1), 1), (0o004, .user(1, 100), 0), (0o777, .user(1, 1), 0x21),
        (0o711, .user(1, 1), 0x20), (0o600, .user(0, 0), 1), (0o700, .user(0, 0), 0x21), (0o755, .none, 0x21),
        (0o750, .none, 0),
    ]

    @Test("ACCESS goes by mode, owner and groups, as the client's own kernel would", arguments: files)
    func accessToFile(mode: UInt32, credentials: RPCCredentials, granted: UInt32) throws {
        #expect(try access(.file, mode, credentials) == granted)
    }

    private static let folders: [(UInt32, RPCCredentials, UInt32)] = [
        (0o755, .user(1, 1), 3), (0o711, .user(1, 1), 2), (0o744, .user(1, 1), 1), (0o700, .user(1, 1), 0),
        (0o000, .user(0, 0), 3),
    ]

    @Test("ACCESS to a folder tells LOOKUP instead of EXECUTE", arguments: folders)
    func accessToFolder(mode: UInt32, credentials: RPCCredentials, granted: UInt32) throws {
        #expect(try access(.folder, mode, credentials) == granted)
    }

    private func access(_ kind: NodeStatus.Kind, _ mode: UInt32, _ credentials: RPCCredentials) throws
        -> UInt32
    {
        let tree = MemoryTree()
        let export = try Export("/export", tree)
        let server = try TestEngine([export])
        let node = tree.add("node", kind, permissions: mode, user: 1000, group: 100)
        server.credentials = credentials
        var results = try server.nfs3(.access) {
            $0.opaque(server.handle(export, tree, node))
            // MODIFY, EXTEND and DELETE, too, which nobody gets.
            $0.uint32(0x3f)
        }
        guard try results.status() == .ok, try results.postOperation3() != nil else {
            throw TestEngine.Unusable()
        }
        let granted = try results.word()
        guard results.isAtEnd else { throw TestEngine.Unusable() }
        return granted
    }

    /// Squashing, who asks, and who he becomes: user, group.
    private static let squashes: [(ExportGrant.Squash, RPCCredentials, UInt32, UInt32)] = [
        (.none, .user(0, 0), 0, 0), (.none, .user(5, 6), 5, 6), (.none, .none, 1001, 1002),
        (.root, .user(0, 0), 1001, 1002), (.root, .user(5, 0), 5, 1002), (.root, .user(5, 6), 5, 6),
        (.root, .none, 1001, 1002), (.all, .user(0, 0), 1001, 1002), (.all, .user(5, 6), 1001, 1002),
        (.all, .none, 1001, 1002),
    ]

    @Test("Squashing makes users the anonymous one", arguments: squashes)
    func squash(squash: ExportGrant.Squash, credentials: RPCCredentials, user: UInt32, group: UInt32) {
        let grant = ExportGrant(
            clients: .everyone, squash: squash, anonymousUserID: 1001, anonymousGroupID: 1002)
        let subject = Subject(credentials, under: grant)
        #expect(subject.userID == user && subject.groupID == group)
    }

    @Test("Squashing root takes the root group out of the list, and squashing all takes the list")
    func squashedGroups() {
        var grant = ExportGrant(clients: .everyone, squash: .root)
        #expect(Subject(.user(5, 6, [0, 7]), under: grant).groups == [65534, 7])
        grant.squash = .all
        #expect(Subject(.user(5, 6, [0, 7]), under: grant).groups == [])
    }

    @Test("A program that may only be run is read, and so is its owner's file; ACCESS stays strict")
    func executeOnly() throws {
        let tree = MemoryTree()
        let export = try Export("/export", tree)
        let server = try TestEngine([export])
        let program = tree.add("sudo", permissions: 0o4711, content: [1, 2, 3])
        let own = tree.add("own", permissions: 0o000, user: 5, content: [4])
        let secret = tree.add("secret", permissions: 0o600, content: [5])
        server.credentials = .user(5, 5)
        for (node, status) in [(program, NFSStatus.ok), (own, .ok), (secret, .accessDenied)] {
            var results = try server.nfs3(.read) {
                $0.opaque(server.handle(export, tree, node))
                $0.uint64(0)
                $0.uint32(10)
            }
            #expect(try results.status() == status)
        }
    }

    @Test("A folder without x is not looked through, one without r is not listed")
    func foldersWithoutBits() throws {
        let tree = MemoryTree()
        let export = try Export("/export", tree)
        let server = try TestEngine([export])
        server.credentials = .user(5, 5)
        for (mode, lookUp, list) in [
            (UInt32(0o711), NFSStatus.ok, NFSStatus.accessDenied), (0o744, .accessDenied, .ok),
        ] {
            let folder = tree.addFolder("folder-\(mode)", permissions: mode)
            tree.add("file", to: folder)
            var results = try server.nfs3(.lookUp) {
                $0.opaque(server.handle(export, tree, folder))
                $0.string("file")
            }
            #expect(try results.status() == lookUp)
            results = try server.nfs3(.readFolder) {
                $0.opaque(server.handle(export, tree, folder))
                for word in [UInt32(0), 0, 0, 0, 4096] { $0.uint32(word) }
            }
            #expect(try results.status() == list)
        }
    }

    @Test("A root that is squashed and kept from something is told of once")
    func squashedRoot() throws {
        let tree = MemoryTree()
        let export = try Export("/export", tree, squash: .root)
        let server = try TestEngine([export])
        let secret = tree.add("secret", permissions: 0o600, content: [5])
        for _ in 0..<3 {
            _ = try server.nfs3(.read) {
                $0.opaque(server.handle(export, tree, secret))
                $0.uint64(0)
                $0.uint32(10)
            }
        }
        #expect(
            server.takeNotices() == [.hint(client: server.caller.address, .squashedRoot(path: "/export"))])
    }

    @Test("Ports from 1024 on may ask only where the export says insecure, for a handle as for a mount")
    func ports() throws {
        for isInsecure in [false, true] {
            let tree = MemoryTree()
            let export = try Export("/export", tree, insecure: isInsecure)
            let server = try TestEngine([export], port: 1024)
            let expected: NFSStatus = isInsecure ? .ok : .notPermitted
            var results = try server.nfs3(.getAttributes) { $0.opaque(server.handle(export, tree, 1)) }
            #expect(try results.status() == expected)
            if case .failure(let status) = try server.mount("/export") {
                #expect(!isInsecure && status.rawValue == MountProtocol.Status.accessDenied.rawValue)
            } else {
                #expect(isInsecure)
            }
        }
    }

    /// The caller's address and names, and which of the grants below is his; nil: none.
    private static let callers: [(String, [String], UInt32?)] = [
        ("10.0.0.7", [], 1), ("10.0.0.8", [], 2), ("10.0.1.8", [], 3), ("10.0.0.9", ["node"], 4),
        ("10.0.0.9", ["node1", "node1.lab.example"], 5), ("10.0.0.7", ["node"], 1), ("fd00::1", [], 6),
        ("192.0.2.1", [], nil),
    ]

    @Test("The grant that means the caller most exactly counts, whatever the order", arguments: callers)
    func bestGrant(address: String, names: [String], user: UInt32?) throws {
        func grant(_ clients: String, _ user: UInt32) throws -> ExportGrant {
            ExportGrant(clients: try ExportClients(parsing: clients), squash: .all, anonymousUserID: user)
        }
        let grants = [
            try grant("10.0.0.0/16", 3), try grant("10.0.0.7", 1), try grant("*.lab.example", 5),
            try grant("node", 4), try grant("10.0.0.0/24", 2), try grant("fd00::/64", 6),
        ]
        for order in [grants, grants.reversed()] {
            let export = try Export("/export", MemoryTree(), grants: order)
            var caller = try TestEngine([export], address: address).caller
            caller.names = names
            #expect(export.grant(for: caller)?.anonymousUserID == user)
        }
    }

    @Test("Everyone's grant is the last of all")
    func everyone() throws {
        let export = try Export(
            "/export", MemoryTree(),
            grants: [
                ExportGrant(clients: .everyone, anonymousUserID: 1),
                ExportGrant(clients: try ExportClients(parsing: "0.0.0.0/0"), anonymousUserID: 2),
            ])
        #expect(export.grant(for: try TestEngine([export]).caller)?.anonymousUserID == 2)
    }

    @Test("A handle is good only for those that its export allows")
    func otherClient() throws {
        let tree = MemoryTree()
        let export = try Export("/export", tree, clients: try ExportClients(parsing: "10.0.0.7"))
        let server = try TestEngine([export], address: "10.0.0.8")
        var results = try server.nfs3(.getAttributes) { $0.opaque(server.handle(export, tree, 1)) }
        #expect(try results.status() == .accessDenied)
        #expect(
            server.takeNotices() == [
                .refused(
                    client: server.caller.address, path: "/export", .clientNotAllowed(clients: ["10.0.0.7"]))
            ])
    }
}
