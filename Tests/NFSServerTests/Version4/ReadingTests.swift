import SystemIO
import Testing
import Wire

@testable import NFSServer

@Suite("NFSv4: reading")
struct ReadingTests {
    private let tree = MemoryTree()
    private let export: Export
    private let server: TestEngine
    private let session: TestSession
    private let file: UInt64

    init() throws {
        export = try Export("/srv/lab/export", tree, fsid: 42)
        server = try TestEngine([export, try Export("/srv/other", MemoryTree(volume: 8))])
        session = try TestSession(server)
        file = tree.add("file", permissions: 0o644, user: 1000, group: 100, content: Array("content".utf8))
    }

    private func handle(_ number: UInt64) -> [UInt8] { server.handle(export, tree, number) }

    /// The values of attributes, behind their bitmap; what is asked for and not told fails.
    private func attributes(_ handle: [UInt8]?, _ numbers: UInt32...) throws -> Results {
        var reply = try session.compound {
            if let handle { $0.putHandle(handle) } else { $0.add(.putRootHandle) }
            $0.add(.getAttributes) { $0.bitmap(NFS4Bitmap(numbers)) }
        }
        _ = try reply.next(handle == nil ? .putRootHandle : .putHandle)
        guard try reply.next(.getAttributes) == .ok else { throw reply.status }
        var words: [UInt32] = []
        for number in numbers {
            while words.count <= number / 32 { words.append(0) }
            words[Int(number / 32)] |= 1 << (number % 32)
        }
        guard try reply.results.words(Int(try reply.results.word())) == words else {
            throw TestEngine.Unusable()
        }
        return Results(try reply.results.opaque())
    }

    // MARK: Names

    @Test("A path is the same in version 4 as in version 3")
    func paths() throws {
        var reply = try session.compound {
            $0.add(.putRootHandle)
            for name in ["srv", "lab", "export", "file"] { $0.lookUp(name) }
            $0.add(.getHandle)
        }
        #expect(reply.status == .ok)
        _ = try reply.next(.putRootHandle)
        for _ in 0..<4 { _ = try reply.next(.lookUp) }
        _ = try reply.next(.getHandle)
        #expect(try reply.results.opaque() == handle(file))
    }

    @Test("LOOKUPP leads from an export up to the root, and no further")
    func parents() throws {
        let folder = tree.addFolder("folder")
        #expect(try session.status(handle(folder)) { for _ in 0..<4 { $0.add(.lookUpParent) } } == .ok)
        #expect(try session.status(handle(folder)) { for _ in 0..<5 { $0.add(.lookUpParent) } } == .notFound)
        #expect(try session.status(handle(file)) { $0.add(.lookUpParent) } == .notAFolder)
    }

    private static let badNames: [(String, NFSStatus)] = [
        ("missing", .notFound), ("", .invalid), (".", .badName), ("..", .badName), ("a/b", .badCharacter),
        ("a\0", .badCharacter), (String(repeating: "n", count: 256), .nameTooLong),
    ]

    @Test("A name that is not there or cannot be is refused", arguments: badNames)
    func badName(name: String, status: NFSStatus) throws {
        #expect(try session.status(handle(1)) { $0.lookUp(name) } == status)
        #expect(
            try session.status(nil) {
                $0.add(.putRootHandle)
                $0.lookUp(name)
            } == status)
    }

    @Test("LOOKUP in a link says that it is one")
    func lookUpInLink() throws {
        let link = tree.add("link", .link, content: [1])
        #expect(try session.status(handle(link)) { $0.lookUp("x") } == .isALink)
        #expect(try session.status(handle(file)) { $0.lookUp("x") } == .notAFolder)
    }

    @Test(
        "Folders above the exports have attributes and entries, of those alone that lead somewhere for the caller"
    )
    func pseudo() throws {
        var told = try attributes(nil, 1, 8, 20, 33)
        #expect(try told.word() == 2)
        #expect(try [told.long(), told.long()] == [0, 0])
        #expect(try told.long() == 1)
        #expect(try told.word() == 0o555)
        let closed = try Export(
            "/closed/inner", MemoryTree(volume: 9), clients: try ExportClients(parsing: "10.9.9.9"))
        server.engine.exports = ExportTable([export, closed])
        #expect(try names(nil).entries == ["srv"])
        #expect(
            try session.status(nil) {
                $0.add(.putRootHandle)
                for name in ["closed", "inner"] { $0.lookUp(name) }
            } == .accessDenied)
    }

    @Test("An export at / is the root itself, and others are found in it")
    func rootExport() throws {
        let inner = tree.addFolder("inner")
        tree.add("below", to: inner)
        let server = try TestEngine([
            try Export("/", tree), try Export("/inner", Subtree(tree, at: inner), fsid: 5),
        ])
        let session = try TestSession(server)
        var reply = try session.compound {
            $0.add(.putRootHandle)
            $0.lookUp("inner")
            $0.getAttributes(8, 55)
            $0.lookUp("below")
        }
        #expect(reply.status == .ok)
        _ = (try reply.next(.putRootHandle), try reply.next(.lookUp), try reply.next(.getAttributes))
        _ = try reply.results.words(3)
        _ = try reply.results.word()
        // The file system's number is the inner export's.
        #expect(try [reply.results.long(), reply.results.long()] == [1, 5])
    }

    @Test("A current filehandle must be there")
    func noHandle() throws {
        for operation in [
            NFS4Operation.getHandle, .saveHandle, .restoreHandle, .lookUpParent, .readLink, .create, .remove,
        ] {
            #expect(try session.status(nil) { $0.add(operation) } == .noFileHandle)
        }
    }

    @Test("SAVEFH and RESTOREFH keep a handle")
    func saved() throws {
        var reply = try session.compound {
            $0.putHandle(handle(file))
            $0.add(.saveHandle)
            $0.add(.putRootHandle)
            $0.add(.restoreHandle)
            $0.add(.getHandle)
        }
        for operation in [NFS4Operation.putHandle, .saveHandle, .putRootHandle, .restoreHandle, .getHandle] {
            #expect(try reply.next(operation) == .ok)
        }
        #expect(try reply.results.opaque() == handle(file))
    }

    @Test("SECINFO tells AUTH_SYS, and uses the handle up")
    func security() throws {
        var reply = try session.compound {
            $0.putHandle(handle(1))
            $0.add(.securityInformation) { $0.string("file") }
        }
        _ = (try reply.next(.putHandle), try reply.next(.securityInformation))
        #expect(try reply.results.words(2) == [1, 1] && reply.results.isAtEnd)
        for style in [UInt32(0), 1] {
            let status = try session.status(handle(1)) {
                $0.add(.securityInformationNoName) { $0.uint32(style) }
                $0.add(.getHandle)
            }
            #expect(status == .noFileHandle)
        }
    }

    // MARK: Attributes

    @Test("Every attribute that is listed has a value, in 4.1 and in 4.2")
    func allAttributes() throws {
        for minor in [UInt32(1), 2] {
            session.minor = minor
            let supported = NFS4Attribute.supported(minorVersion: minor)
            for node in [handle(file), handle(1), nil] {
                var reply = try session.compound {
                    if let node { $0.putHandle(node) } else { $0.add(.putRootHandle) }
                    $0.add(.getAttributes) { $0.bitmap(supported) }
                }
                #expect(reply.status == .ok)
                _ = try reply.next(node == nil ? .putRootHandle : .putHandle)
                _ = try reply.next(.getAttributes)
                #expect(
                    try reply.results.words(Int(try reply.results.word()))
                        == (0..<3).map { supported.words[$0] })
                #expect(try reply.results.opaque().count > 200)
                #expect(reply.results.isAtEnd)
            }
        }
    }

    @Test("A file's attributes are the file's")
    func values() throws {
        var told = try attributes(handle(file), 1, 3, 4, 8, 20, 33, 35, 36, 37, 41, 45, 47, 52, 53, 55)
        #expect(try told.word() == 1)
        // change: the time of the last change in nanoseconds.
        #expect(try told.long() == 3_000_000_000_000 + file)
        #expect(try told.long() == 7)
        #expect(try [told.long(), told.long()] == [1, 42])
        #expect(try told.long() == file)
        #expect(try told.words(2) == [0o644, 1])
        #expect(try told.string() == "1000")
        #expect(try told.string() == "100")
        #expect(try told.words(2) == [0, 0])
        #expect(try told.long() == 512)
        for (seconds, nanoseconds) in [(UInt64(1000), UInt32(1)), (3000, UInt32(file)), (2000, 2)] {
            #expect(try told.long() == seconds)
            #expect(try told.word() == nanoseconds)
        }
        #expect(try told.long() == file && told.isAtEnd)
    }

    @Test("Attributes that can only be set are not to be read")
    func writeOnly() throws {
        for number in [UInt32(48), 54] {
            #expect(try session.status(handle(file)) { $0.getAttributes(number) } == .invalid)
        }
    }

    @Test("VERIFY goes on when attributes are these, NVERIFY when they are not")
    func verify() throws {
        for (size, verify, different) in [(UInt64(7), NFSStatus.ok, NFSStatus.same), (8, .notSame, .ok)] {
            for (operation, status) in [(NFS4Operation.verify, verify), (.verifyDifferent, different)] {
                let found = try session.status(handle(file)) {
                    $0.add(operation) {
                        $0.bitmap(NFS4Bitmap([4]))
                        $0.uint32(8)
                        $0.uint64(size)
                    }
                }
                #expect(found == status)
            }
        }
        let unknown = try session.status(handle(file)) {
            $0.add(.verify) {
                $0.bitmap(NFS4Bitmap([12]))
                $0.uint32(0)
            }
        }
        #expect(unknown == .attributeNotSupported)
    }

    @Test("ACCESS tells what is known and what is granted")
    func access() throws {
        var reply = try session.compound {
            $0.putHandle(handle(file))
            $0.add(.access) { $0.uint32(0x3f) }
        }
        _ = (try reply.next(.putHandle), try reply.next(.access))
        #expect(try reply.results.words(2) == [0x3f, 1])
    }

    @Test("READLINK is for links")
    func links() throws {
        let link = tree.add("link", .link, content: Array("../x".utf8))
        var reply = try session.compound {
            $0.putHandle(handle(link))
            $0.add(.readLink)
        }
        _ = (try reply.next(.putHandle), try reply.next(.readLink))
        #expect(try reply.results.string() == "../x")
        #expect(try session.status(handle(file)) { $0.add(.readLink) } == .wrongType)
    }

    @Test(
        "What would change something is refused",
        arguments: [.create, .link, .remove, .rename, .setAttributes, .write, .commit] as [NFS4Operation])
    func changes(operation: NFS4Operation) throws {
        var reply = try session.compound {
            $0.putHandle(handle(file))
            $0.add(operation)
        }
        #expect(reply.status == .readOnly)
        _ = (try reply.next(.putHandle), try reply.next(operation))
        // SETATTR says even then which attributes were set.
        #expect(try operation != .setAttributes || reply.results.word() == 0)
        #expect(reply.results.isAtEnd)
    }

    // MARK: Folders

    private func names(
        _ handle: [UInt8]?, after cookie: UInt64 = 0, most: UInt32 = 8192, wanted: UInt32...
    ) throws -> (entries: [String], last: UInt64, isAtEnd: Bool) {
        var reply = try session.compound {
            if let handle { $0.putHandle(handle) } else { $0.add(.putRootHandle) }
            $0.add(.readFolder) {
                $0.uint64(cookie)
                $0.uint64(0)
                $0.uint32(most)
                $0.uint32(most)
                $0.bitmap(NFS4Bitmap(wanted))
            }
        }
        _ = try reply.next(handle == nil ? .putRootHandle : .putHandle)
        guard try reply.next(.readFolder) == .ok else { throw reply.status }
        guard try reply.results.long() == 0 else { throw TestEngine.Unusable() }
        var (names, last): ([String], UInt64) = ([], cookie)
        while try reply.results.flag() {
            last = try reply.results.long()
            names.append(try reply.results.string())
            _ = try reply.results.words(Int(try reply.results.word()))
            _ = try reply.results.opaque()
        }
        return (names, last, try reply.results.flag())
    }

    @Test(
        "READDIR has no dots, and gives each name once, whatever the page's size",
        arguments: [300, 512, 4096, 100_000] as [UInt32])
    func pages(most: UInt32) throws {
        var expected = ["file"]
        for index in 0..<50 {
            expected.append("entry-\(index)" + String(repeating: "x", count: index * 2))
            tree.add(expected[index + 1])
        }
        var (found, cookie, isAtEnd): ([String], UInt64, Bool) = ([], 0, false)
        while !isAtEnd {
            let page = try names(handle(1), after: cookie, most: most, wanted: 1, 20)
            found += page.entries
            (cookie, isAtEnd) = (page.last, page.isAtEnd)
        }
        #expect(found == expected)
    }

    @Test("READDIR refuses a page that holds nothing, and cookies that are never given")
    func badPages() throws {
        #expect(throws: NFSStatus.tooSmall) { try names(handle(1), most: 20) }
        #expect(throws: NFSStatus.badCookie) { try names(handle(1), after: 1) }
        #expect(throws: NFSStatus.notAFolder) { try names(handle(file)) }
    }

    @Test("A user who may not list a folder is refused")
    func closed() throws {
        let folder = tree.addFolder("closed", permissions: 0o711)
        server.credentials = .user(5, 5)
        #expect(throws: NFSStatus.accessDenied) { try names(handle(folder)) }
    }
}
