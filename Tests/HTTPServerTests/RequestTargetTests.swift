import BootFiles
import Testing

@testable import HTTPServer

@Suite("Request targets")
struct RequestTargetTests {
    private func path(_ target: String) throws -> BootPath {
        try BootPath(requested: RequestTarget(parsing: Array(target.utf8)).path)
    }

    @Test(
        "A target names a path in the tree",
        arguments: [
            ("/a/b", "a/b"), ("//a///b", "a/b"), ("/", ""), ("/./a/.", "a"), ("/a%20b", "a b"),
            ("/a+b", "a+b"),
            ("/%61", "a"), ("/a%2Fb", "a/b"), ("/a%2fb", "a/b"), ("/a%5cb", "a/b"), ("/a\\b", "a/b"),
            ("/a?b=c", "a"), ("/a?", "a"), ("/a%3Fb", "a?b"), ("/a#b", "a#b"), ("/%C3%BC", "ü"), ("/ü", "ü"),
            ("/a..b/...", "a..b/..."), ("/%252e%252e/a", "%2e%2e/a"), ("/%2525", "%25"),
            ("http://host:80/a/b?c", "a/b"), ("HTTP://host/a", "a"), ("/http://host/a", "http:/host/a"),
            ("/a%ff", "a"),
        ])
    func paths(target: String, expected: String) throws { #expect(try path(target).text == expected) }

    @Test(
        "No spelling climbs out of the tree",
        arguments: [
            "/..", "/../etc/passwd", "/a/../../b", "/a/..", "/%2e%2e/b", "/.%2E/b", "/%2E./b", "/..%2fb",
            "/a%2f..%2fb",
            "/..\\b", "/..%5cb", "/a\\..\\b", "http://host/../a",
        ])
    func climbs(target: String) { #expect(throws: BootPath.Refusal.climbs) { try path(target) } }

    @Test(
        "Control bytes are refused, however they are written",
        arguments: [
            ("/a%00", UInt8(0), 2), ("/%00a", 0, 1), ("/a%0d%0ab", 13, 2), ("/a%7f", 127, 2), ("/a\tb", 9, 2),
        ])
    func controls(target: String, byte: UInt8, offset: Int) {
        #expect(throws: BootPath.Refusal.controlByte(byte, offset: offset)) { try path(target) }
    }

    @Test("What is not UTF-8 after decoding is refused")
    func notUTF8() { #expect(throws: BootPath.Refusal.notUTF8) { try path("/a%ffb") } }

    @Test(
        "A percent sign wants two digits",
        arguments: [("/%", 1), ("/a%2", 2), ("/a%zz", 2), ("/%c3%b", 2), ("/%+1", 1)])
    func badPercent(target: String, offset: Int) {
        #expect(throws: RequestTarget.Refusal.badPercentEncoding(offset: offset)) { try path(target) }
    }

    @Test(
        "Anything but a path is refused",
        arguments: ["", "*", "a", "host:80", "?a=b", "http://host", "ftp://host/a"])
    func notPaths(target: String) { #expect(throws: RequestTarget.Refusal.notAPath) { try path(target) } }

    @Test("A query is decoded once, name by name")
    func query() throws {
        let target = try RequestTarget(
            parsing: Array("/b?mac=52%3a54&s=a%26b%3Dc&e=&n&&s=2&x=%zz&p=a+b=c%2525?".utf8))
        let items = [
            ("mac", "52:54"), ("s", "a&b=c"), ("e", ""), ("n", ""), ("s", "2"), ("x", "%zz"),
            ("p", "a+b=c%25?"),
        ]
        #expect(target.query == items.map { RequestTarget.QueryItem(name: $0.0, value: $0.1) })
        #expect(target.value(of: "s") == "a&b=c")
        #expect(target.value(of: "none") == nil)
    }
}
