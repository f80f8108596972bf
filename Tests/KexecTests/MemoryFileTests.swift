import SystemIO
import Testing

@Suite("Files in memory")
struct MemoryFileTests {
    @Test("What was appended can be read, and nothing can be added once it is sealed")
    func sealing() throws {
        var file = try MemoryFile(name: "test")
        try file.append([1, 2, 3])
        try file.pad(to: 4)
        #expect(file.byteCount == 4)
        #expect(try file.bytes(at: 1, count: 8) == [2, 3, 0])
        try file.seal()
        do {
            try file.append([4])
            Issue.record("a sealed file took a byte")
        } catch {
            #expect(error.isPermission)
        }
    }
}
