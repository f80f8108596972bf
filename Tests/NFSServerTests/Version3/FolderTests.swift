import Testing
import Wire

@testable import NFSServer

@Suite("NFSv3: folders")
struct FolderTests {
    private let tree = MemoryTree()
    private let export: Export
    private let server: TestEngine
    private var names: [String] = [".", ".."]

    init() throws {
        export = try Export("/export", tree)
        server = try TestEngine([export])
        for index in 0..<60 {
            let name = String(repeating: "n", count: index * 4 + 1) + "-\(index)"
            tree.add(name)
            names.append(name)
        }
    }

    private struct Entry: Equatable {
        var number: UInt64
        var name: String
        var cookie: UInt64
        var attributes: Attributes3?
        var handle: [UInt8]?
    }

    /// One page: the status, or its entries and whether they are the last.
    private func page(
        after cookie: UInt64, isPlus: Bool, names: UInt32 = 8192, most: UInt32
    ) throws -> Result<(entries: [Entry], isAtEnd: Bool, byteCount: Int), NFSStatus> {
        var results = try server.nfs3(isPlus ? .readFolderPlus : .readFolder) {
            $0.opaque(server.handle(export, tree, 1))
            $0.uint64(cookie)
            $0.uint64(0)
            if isPlus { $0.uint32(names) }
            $0.uint32(most)
        }
        let byteCount = results.rest.count
        let status = try results.status()
        #expect(try results.postOperation3()?.type == 2)
        guard status == .ok else { return .failure(status) }
        #expect(try results.long() == 0)
        var entries: [Entry] = []
        while try results.flag() {
            var entry = Entry(
                number: try results.long(), name: try results.string(), cookie: try results.long())
            if isPlus {
                entry.attributes = try results.postOperation3()
                entry.handle = try results.flag() ? try results.opaque() : nil
            }
            entries.append(entry)
        }
        let isAtEnd = try results.flag()
        #expect(results.isAtEnd)
        return .success((entries, isAtEnd, byteCount))
    }

    private func all(isPlus: Bool, names: UInt32 = 8192, most: UInt32) throws -> [Entry] {
        var entries: [Entry] = []
        while true {
            let page = try page(after: entries.last?.cookie ?? 0, isPlus: isPlus, names: names, most: most)
                .get()
            #expect(page.byteCount <= most, "a page of more than was asked for")
            #expect(page.isAtEnd || !page.entries.isEmpty)
            entries += page.entries
            if page.isAtEnd { return entries }
        }
    }

    @Test(
        "Whatever the page's size, every name comes once, in the same order",
        arguments: [640, 700, 1000, 4096, 65_536, UInt32.max])
    func pages(most: UInt32) throws {
        for isPlus in [false, true] {
            let entries = try all(isPlus: isPlus, most: most)
            #expect(entries.map(\.name) == names)
            #expect(entries.allSatisfy { $0.cookie != 0 })
        }
    }

    @Test("READDIRPLUS tells of each entry what LOOKUP and GETATTR tell")
    func plus() throws {
        for entry in try all(isPlus: true, most: 65_536) where !entry.name.hasPrefix(".") {
            var results = try server.nfs3(.lookUp) {
                $0.opaque(server.handle(export, tree, 1))
                $0.string(entry.name)
            }
            #expect(try results.status() == .ok)
            #expect(try results.opaque() == entry.handle)
            let attributes = try results.postOperation3()
            #expect(attributes == entry.attributes)
            #expect(attributes?.fileNumber == entry.number)
        }
    }

    @Test("A page that holds no entry is too small, and says so")
    func tooSmall() throws {
        for isPlus in [false, true] {
            #expect(throws: NFSStatus.tooSmall) { try page(after: 0, isPlus: isPlus, most: 100).get() }
        }
        // Names alone are counted against dircount.
        #expect(throws: NFSStatus.tooSmall) {
            try page(after: 0, isPlus: true, names: 20, most: 65_536).get()
        }
    }

    @Test("READDIRPLUS keeps to how much of a page may be names")
    func nameBytes() throws {
        let entries = try all(isPlus: true, names: 600, most: 65_536)
        #expect(entries.map(\.name) == names)
        #expect(try page(after: 0, isPlus: true, names: 600, most: 65_536).get().entries.count < 30)
    }

    @Test("Behind the last cookie, and behind one that never was, there is nothing")
    func behind() throws {
        for cookie in [try all(isPlus: false, most: 65_536).last?.cookie ?? 0, .max] {
            let page = try page(after: cookie, isPlus: false, most: 4096).get()
            #expect(page.entries.isEmpty && page.isAtEnd)
        }
    }

    @Test("In a datagram a page has 32 KiB at most")
    func datagram() throws {
        for index in 0..<200 { tree.add(String(repeating: "m", count: 200) + "\(index)") }
        server.caller.transport = .udp
        #expect(try page(after: 0, isPlus: true, names: .max, most: .max).get().byteCount <= 32_768)
    }

    @Test("A file has no entries")
    func file() throws {
        let file = tree.add("file")
        var results = try server.nfs3(.readFolder) {
            $0.opaque(server.handle(export, tree, file))
            $0.uint64(0)
            $0.uint64(0)
            $0.uint32(4096)
        }
        #expect(try results.status() == .notAFolder)
    }
}
