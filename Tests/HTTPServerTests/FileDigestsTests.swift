import BootFiles
import Logging
import Synchronization
import SystemIO
import Testing

@testable import HTTPServer

@Suite("Digests of files")
struct FileDigestsTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func digests(_ onWork: @escaping @Sendable () -> Void = {}) -> FileDigests {
        FileDigests(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onWork: onWork)
    }

    @Test("Known contents have known digests, whatever their size")
    func vectors() throws {
        let million = Array(repeating: UInt8(ascii: "a"), count: 1_000_000)
        let folder = try TestServer.makeFolder([
            "empty": [], "abc": Array("abc".utf8), "million": million,
            "chunk": Array(repeating: 0, count: 1 << 20),
        ])
        defer { TestServer.remove(folder) }
        let tree = try BootTree(folder: folder, packageFolders: [])
        let digests = digests()
        let expected = [
            "empty": Self.empty,
            "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "million": "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            "chunk": "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58",
        ]
        let paths = try expected.keys.map { try BootPath($0) }
        digests.prepare(paths.map { .boot($0) }, in: tree)
        while digests.performNext() {}
        for path in paths {
            #expect(digests.sha256(of: try tree.open(path), as: .boot(path)) == expected[path.text])
        }
        #expect(!digests.performNext())
    }

    @Test("What somebody waits for goes first, and is not done twice")
    func order() throws {
        let folder = try TestServer.makeFolder(["a": [1], "b": [2], "c": [3]])
        defer { TestServer.remove(folder) }
        let tree = try BootTree(folder: folder, packageFolders: [])
        let woken = Mutex(0)
        let digests = digests { woken.withLock { $0 += 1 } }
        let paths = try ["a", "b", "c"].map { try BootPath($0) }
        digests.prepare(paths.map { .boot($0) }, in: tree)
        let wanted = try tree.open(paths[2])
        for _ in 0..<3 { #expect(digests.sha256(of: wanted, as: .boot(paths[2])) == nil) }
        #expect(digests.performNext())
        #expect(digests.sha256(of: wanted, as: .boot(paths[2])) != nil)
        #expect(digests.performNext() && digests.performNext() && !digests.performNext())
        #expect(woken.withLock { $0 } == 4)
    }

    @Test("A file that is gone is passed over, and a stopped one does nothing more")
    func goneAndStopped() throws {
        let folder = try TestServer.makeFolder(["a": [1]])
        defer { TestServer.remove(folder) }
        let tree = try BootTree(folder: folder, packageFolders: [])
        let digests = digests()
        digests.prepare([.boot(try BootPath("gone")), .executable("/none/x"), .executable("x")], in: tree)
        #expect(digests.performNext() && digests.performNext() && digests.performNext())
        digests.prepare([.boot(try BootPath("a"))], in: tree)
        digests.stop()
        #expect(!digests.performNext() && digests.isStopping)
    }

    @Test("The compressed form is the file again when it is unpacked")
    func compressed() throws {
        let content = (0..<2_500_000).map { UInt8(truncatingIfNeeded: ($0 &* $0) >> 7) }
        for count in [0, 1, 1 << 20, content.count] {
            let folder = try TestServer.makeFolder(["f": Array(content.prefix(count))])
            defer { TestServer.remove(folder) }
            let file = try JoinExecutable.open(folder + "/f")
            let packed = try #require(try FileHash.compressed(file) { false })
            let bytes = try packed.bytes(at: 0, count: Int(packed.byteCount))
            try TestServer.write(bytes, to: folder + "/f.gz")
            #expect(shell("gzip -dc \(folder)/f.gz | cmp - \(folder)/f && echo same") == "same\n")
        }
    }
}
