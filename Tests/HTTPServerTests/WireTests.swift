import BootCore
import Testing
import Wire

@Suite("HTTP on the wire")
struct WireTests {
    @Test("A file goes out whole, with its length and its headers in their order and letter case")
    func wholeFile() throws {
        let server = try TestServer(files: ["alpine/vmlinuz-lts": Array("kernel".utf8)])
        let answer = try server.ask("GET /alpine//vmlinuz-lts HTTP/1.1\nHost: x\nConnection: close\n\n")
        let lines = answer.components(separatedBy: "\r\n")
        print(answer)
        #expect(lines[0] == "HTTP/1.1 200 OK")
        #expect(lines.last == "kernel")
    }
}

extension String {
    func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
