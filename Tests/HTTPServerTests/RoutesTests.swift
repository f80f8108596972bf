import BootCore
import BootFiles
import Logging
import Testing
import Wire

@testable import HTTPServer

@Suite("Routes")
final class RoutesTests {
    private let folder: String
    private let client = IPv4Address(10, 0, 0, 9)

    init() throws {
        folder = try TestServer.makeFolder([
            "a/file.efi": Array("0123456789".utf8), "empty": [], "boot.ipxe": Array("mine".utf8),
        ])
    }

    deinit { TestServer.remove(folder) }

    private func routes(_ policy: BootPolicy = BootPolicy(), port: UInt16 = 80) throws -> HTTPRoutes {
        let location = ServerLocation(address: IPv4Address(10, 0, 0, 1), httpPort: port)
        return HTTPRoutes(
            settings: HTTPSettings(location: location, policy: policy),
            tree: try BootTree(folder: folder, packageFolders: []),
            digests: FileDigests(logger: Logger(label: "test")), journal: BootJournal())
    }

    private func reply(
        _ target: String, method: HTTPRequest.Method = .get, range: String? = nil,
        conditions: Conditions = Conditions(), userAgent: String? = nil, known: Machine? = nil,
        policy: BootPolicy = BootPolicy()
    ) throws -> HTTPReply {
        try routes(policy).reply(
            to: HTTPRequest(
                method: method, target: Array(target.utf8), client: client, range: range,
                conditions: conditions,
                userAgent: userAgent), from: known, at: 0)
    }

    @Test("A file has its type, its validators, and says that it can be had in parts")
    func file() throws {
        let reply = try reply("/a/file.efi?x")
        #expect(reply.status == 200)
        #expect(reply.headers.map(\.name) == ["Content-Type", "Last-Modified", "ETag", "Accept-Ranges"])
        #expect(reply.value(of: "Content-Type") == "application/efi")
        #expect(reply.range == 0..<10)
        #expect(reply.event == .file(path: "a/file.efi"))
        #expect(reply.machine == nil)
    }

    @Test("HEAD and 304 tell the length of what GET would send")
    func head() throws {
        #expect(try reply("/a/file.efi", method: .head, range: "bytes=0-1").status == 200)
        #expect(try reply("/a/file.efi", method: .head).range == 0..<10)
        let tag = try #require(try reply("/a/file.efi").value(of: "ETag"))
        let notModified = try reply(
            "/a/file.efi", range: "bytes=0-1", conditions: Conditions(ifNoneMatch: tag))
        #expect(notModified.status == 304)
        #expect(notModified.range == 0..<10)
        #expect(notModified.value(of: "ETag") == tag)
    }

    @Test("A range gets 206 with its place, or 416 with the length")
    func ranges() throws {
        let part = try reply("/a/file.efi", range: "bytes=2-4")
        #expect(part.status == 206)
        #expect(part.range == 2..<5)
        #expect(part.value(of: "Content-Range") == "bytes 2-4/10")
        let behind = try reply("/a/file.efi", range: "bytes=10-")
        #expect(behind.status == 416)
        #expect(behind.value(of: "Content-Range") == "bytes */10")
        #expect(try reply("/a/file.efi", range: "bytes=0-1,3-4").range == 0..<10)
        #expect(try reply("/empty", range: "bytes=0-").status == 416)
        #expect(try reply("/empty").range == 0..<0)
    }

    @Test("A resumed download goes on with the same file, and begins anew with another (EDK2)")
    func resumes() throws {
        let tag = try #require(try reply("/a/file.efi").value(of: "ETag"))
        #expect(
            try reply("/a/file.efi", range: "bytes=5-", conditions: Conditions(ifMatch: tag)).status == 206)
        #expect(
            try reply("/a/file.efi", range: "bytes=5-", conditions: Conditions(ifMatch: "\"x\"")).status
                == 412)
        #expect(
            try reply("/a/file.efi", range: "bytes=5-", conditions: Conditions(ifRange: tag)).status == 206)
        #expect(
            try reply("/a/file.efi", range: "bytes=5-", conditions: Conditions(ifRange: "\"x\"")).status
                == 200)
        let old = Conditions(ifUnmodifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(try reply("/a/file.efi", range: "bytes=5-", conditions: old).status == 412)
    }

    @Test(
        "What is not there, or not to be had, gets a short text",
        arguments: [
            ("/none", 404), ("/a", 404), ("/a/", 404), ("/", 404), ("/a/file.efi/x", 404),
            ("/netbootd-boots-the-local-disk", 404),
            ("/../etc/passwd", 403), ("/a%00", 400), ("/%zz", 400), ("*", 400),
            ("/" + String(repeating: "x", count: 1024), 414),
            ("/" + String(repeating: "x", count: 1000), 404), ("/healthz", 200),
        ])
    func texts(target: String, status: Int) throws {
        let reply = try reply(target)
        #expect(reply.status == status)
        #expect(reply.headers == [HTTPHeader("Content-Type", "text/plain")])
        guard case .bytes(let bytes) = reply.body else {
            Issue.record("no text")
            return
        }
        #expect((1..<80).contains(bytes.count) && bytes.last == UInt8(ascii: "\n"))
    }

    @Test("A link out of the tree is refused, one within it is followed")
    func links() throws {
        _ = shell("cd \(folder) && ln -s /etc/passwd out && ln -s a/file.efi in.efi && ln -s .. up")
        #expect(try reply("/out").status == 403)
        #expect(try reply("/up/etc/passwd").status == 403)
        #expect(try reply("/in.efi").range == 0..<10)
    }

    @Test(
        "Other methods get 405 with those that there are",
        arguments: ["POST", "PUT", "OPTIONS", "get", "DELETE"])
    func methods(name: String) throws {
        let reply = try reply("/a/file.efi", method: HTTPRequest.Method(name))
        #expect(reply.status == 405)
        #expect(reply.value(of: "Allow") == "GET, HEAD")
    }

    @Test(
        "The media type goes by the last part of the name",
        arguments: [
            ("a.efi", "application/efi"), ("A.EFI", "application/efi"), ("a.iso", "application/vnd.efi-iso"),
            ("a.img", "application/vnd.efi-img"), ("a.ipxe", "text/plain"), ("a.tar.gz", "application/gzip"),
            ("a", "application/octet-stream"), ("a.d/b", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("vmlinuz-6.1.0", "application/octet-stream"), ("a.json", "application/json"),
        ])
    func types(path: String, type: String) { #expect(ContentType.of(path) == type) }
}

extension HTTPReply {
    func value(of name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Which part of a file the body is.
    var range: Range<Int64>? {
        guard case .file(_, let range) = body else { return nil }
        return range
    }

    var text: String {
        guard case .bytes(let bytes) = body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
