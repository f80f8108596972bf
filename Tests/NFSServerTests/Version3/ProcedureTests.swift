import BootFiles
import SystemIO
import Testing
import Wire

@testable import NFSServer

@Suite("NFSv3: reading")
struct ProcedureTests {
    private let tree = MemoryTree()
    private let export: Export
    private let server: TestEngine
    private let file: UInt64
    private let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }

    init() throws {
        export = try Export("/export", tree, fsid: 99)
        server = try TestEngine([export])
        file = tree.add("file", permissions: 0o640, user: 1000, group: 100, content: content)
    }

    private func handle(_ number: UInt64) -> [UInt8] { server.handle(export, tree, number) }

    @Test("GETATTR tells everything that is known of a node")
    func attributes() throws {
        let device = tree.add("disk", .blockDevice, permissions: 0o660, device: (8, 17))
        var results = try server.nfs3(.getAttributes) { $0.opaque(handle(file)) }
        #expect(try results.status() == .ok)
        #expect(
            try results.attributes3()
                == Attributes3(
                    type: 1, mode: 0o640, links: 1, user: 1000, group: 100, size: 10_000, used: 512,
                    device: [0, 0], fileSystem: 99, fileNumber: file,
                    times: [1000, 1, 2000, 2, 3000, UInt32(file)]))
        #expect(results.isAtEnd)
        results = try server.nfs3(.getAttributes) { $0.opaque(handle(device)) }
        #expect(try results.status() == .ok)
        let told = try results.attributes3()
        #expect(told.type == 3 && told.device == [8, 17])
    }

    private static let kinds: [(NodeStatus.Kind, UInt32)] = [
        (.file, 1), (.folder, 2), (.blockDevice, 3), (.characterDevice, 4), (.link, 5), (.socket, 6),
        (.fifo, 7),
    ]

    @Test("Each kind of node has its number", arguments: kinds)
    func kind(kind: NodeStatus.Kind, number: UInt32) throws {
        let node = tree.add("node", kind)
        var results = try server.nfs3(.getAttributes) { $0.opaque(handle(node)) }
        #expect(try results.words(2) == [0, number])
    }

    @Test("LOOKUP hands out a handle and both attributes")
    func lookUp() throws {
        var results = try server.nfs3(.lookUp) {
            $0.opaque(handle(1))
            $0.string("file")
        }
        #expect(try results.status() == .ok)
        #expect(try results.opaque() == handle(file))
        #expect(try results.postOperation3()?.fileNumber == file)
        #expect(try results.postOperation3()?.fileNumber == 1)
        #expect(results.isAtEnd)
    }

    /// Names that are not there or cannot be, and the status.
    private static let names: [(String, NFSStatus)] = [
        ("missing", .notFound), ("", .notFound), ("a/b", .notFound), ("a\0", .notFound),
        (String(repeating: "n", count: 256), .nameTooLong),
    ]

    @Test("LOOKUP refuses a name that is not there, with the folder's attributes", arguments: names)
    func missing(name: String, status: NFSStatus) throws {
        var results = try server.nfs3(.lookUp) {
            $0.opaque(handle(1))
            $0.string(name)
        }
        #expect(try results.status() == status)
        #expect(try results.postOperation3()?.type == 2)
        #expect(results.isAtEnd)
    }

    @Test("LOOKUP of dots stays beneath the export's top")
    func dots() throws {
        let folder = tree.addFolder("folder")
        for (start, name, end) in [(folder, ".", folder), (folder, "..", 1), (1, "..", 1), (1, ".", 1)] {
            var results = try server.nfs3(.lookUp) {
                $0.opaque(handle(start))
                $0.string(name)
            }
            #expect(try results.status() == .ok)
            #expect(try results.opaque() == handle(end))
        }
    }

    @Test("LOOKUP in what is no folder is refused as that")
    func lookUpInFile() throws {
        var results = try server.nfs3(.lookUp) {
            $0.opaque(handle(file))
            $0.string("x")
        }
        #expect(try results.status() == .notAFolder)
    }

    @Test("READLINK gives a link's text as it is, and nothing else has one")
    func readLink() throws {
        let link = tree.add("link", .link, content: Array("../../etc/passwd".utf8))
        var results = try server.nfs3(.readLink) { $0.opaque(handle(link)) }
        #expect(try results.status() == .ok)
        #expect(try results.postOperation3()?.type == 5)
        #expect(try results.string() == "../../etc/passwd")
        #expect(results.isAtEnd)
        results = try server.nfs3(.readLink) { $0.opaque(handle(file)) }
        #expect(try results.status() == .invalid)
        #expect(try results.postOperation3()?.type == 1)
    }

    /// Offset and count, and how much comes.
    private static let pieces: [(UInt64, UInt32, Int)] = [
        (0, 10_000, 10_000), (0, 1, 1), (0, 0, 0), (9_999, 1, 1), (9_999, 2, 1), (10_000, 1, 0),
        (5_000, .max, 5_000),
        (.max, .max, 0), (UInt64(Int64.max), 4096, 0), (4_096, 3, 3),
    ]

    @Test("READ gives what there is, and says whether that is the file's end", arguments: pieces)
    func read(offset: UInt64, count: UInt32, expected: Int) throws {
        var results = try server.nfs3(.read) {
            $0.opaque(handle(file))
            $0.uint64(offset)
            $0.uint32(count)
        }
        #expect(try results.status() == .ok)
        #expect(try results.postOperation3()?.size == 10_000)
        #expect(try results.word() == UInt32(expected))
        let start = Int(min(offset, 10_000))
        #expect(try results.flag() == (start + expected == 10_000))
        #expect(try results.opaque() == Array(content[start..<start + expected]))
        #expect(results.isAtEnd)
    }

    @Test("READ gives 1 MiB at most over a stream, and 32 KiB in a datagram")
    func clamp() throws {
        let large = tree.add("large", content: [UInt8](repeating: 9, count: 3 << 20))
        for (transport, limit) in [(RPCCaller.Transport.tcp, 1 << 20), (.udp, 32_768)] {
            server.caller.transport = transport
            var results = try server.nfs3(.read) {
                $0.opaque(handle(large))
                $0.uint64(0)
                $0.uint32(2 << 20)
            }
            #expect(try results.status() == .ok)
            _ = try results.postOperation3()
            #expect(try results.word() == UInt32(limit))
            #expect(try !results.flag())
            #expect(try results.opaque().count == limit)
        }
    }

    @Test("READ of what is no file is refused as what it is")
    func readOthers() throws {
        let link = tree.add("link", .link)
        for (node, status) in [(1, NFSStatus.isAFolder), (link, .invalid)] {
            var results = try server.nfs3(.read) {
                $0.opaque(handle(node))
                $0.uint64(0)
                $0.uint32(10)
            }
            #expect(try results.status() == status)
            #expect(try results.postOperation3() != nil)
            #expect(results.isAtEnd)
        }
    }

    @Test("FSSTAT, FSINFO and PATHCONF tell what clients go by")
    func fileSystem() throws {
        var results = try server.nfs3(.fileSystemStatus) { $0.opaque(handle(1)) }
        #expect(try results.status() == .ok)
        #expect(try results.postOperation3()?.type == 2)
        for value: UInt64 in [1 << 40, 1 << 30, 1 << 29, 1000, 900, 900] {
            #expect(try results.long() == value)
        }
        #expect(try results.word() == 0 && results.isAtEnd)

        results = try server.nfs3(.fileSystemInformation) { $0.opaque(handle(1)) }
        #expect(try results.status() == .ok)
        #expect(try results.postOperation3()?.type == 2)
        let most: UInt32 = 1 << 20
        #expect(try results.words(7) == [most, most, 4096, most, most, 4096, 65_536])
        #expect(try results.long() == UInt64(Int64.max))
        #expect(try results.words(3) == [0, 1, 0x0b])
        #expect(results.isAtEnd)

        results = try server.nfs3(.pathConfiguration) { $0.opaque(handle(1)) }
        #expect(try results.status() == .ok)
        #expect(try results.postOperation3()?.type == 2)
        #expect(try results.words(6) == [65_000, 255, 1, 1, 0, 1])
        #expect(results.isAtEnd)
    }

    @Test("A forged handle is bad, one of a node or an export that has gone is stale")
    func handles() throws {
        var results = try server.nfs3(.getAttributes) { $0.opaque([UInt8](repeating: 1, count: 49)) }
        #expect(try results.status() == .badHandle && results.isAtEnd)
        let old = handle(file)
        tree.replace(file)
        results = try server.nfs3(.getAttributes) { $0.opaque(old) }
        #expect(try results.status() == .stale)
        let top = handle(1)
        server.engine.exports = ExportTable()
        results = try server.nfs3(.getAttributes) { $0.opaque(top) }
        #expect(try results.status() == .stale)
    }

    @Test("A handle means the same after a restart with the exports in another order")
    func restart() throws {
        let old = handle(file)
        let other = try Export("/other", MemoryTree(volume: 8))
        let second = try TestEngine([other, export], startedAt: 1_800_000_000_000)
        var results = try second.nfs3(.getAttributes) { $0.opaque(old) }
        #expect(try results.status() == .ok)
        #expect(try results.attributes3().fileNumber == file)
    }

    /// What a tree cannot do, and what a client is told of it.
    private static let failures: [(NodeFailure, NFSStatus)] = [
        (.busy, .delay), (.stale, .stale), (.accessDenied, .accessDenied),
        (.system(SystemError("read", code: 5)), .ioError),
    ]

    @Test("What goes wrong in a tree has its status", arguments: failures)
    func failure(failure: NodeFailure, status: NFSStatus) throws {
        tree.failure = failure
        var results = try server.nfs3(.getAttributes) { $0.opaque(handle(file)) }
        #expect(try results.status() == status && results.isAtEnd)
        results = try server.nfs3(.fileSystemStatus) { $0.opaque(handle(file)) }
        #expect(try results.status() == status)
        #expect(try results.postOperation3() == nil && results.isAtEnd)
    }
}
