import Testing

@testable import Kexec

@Suite("HTTP: addresses, headers and chunks")
struct HTTPParsingTests {
    @Test(
        "A URL is taken apart and put together again",
        arguments: [
            ("http://10.0.0.1", "10.0.0.1", 80, "/", "http://10.0.0.1/"),
            ("HTTP://Boot.lab:8080/a/b?c=d#e", "Boot.lab", 8080, "/a/b?c=d", "http://Boot.lab:8080/a/b?c=d"),
            ("http://[fd00::1]:81/x", "fd00::1", 81, "/x", "http://[fd00::1]:81/x"),
            ("http://[fe80::1%25eth0]/x", "fe80::1%eth0", 80, "/x", "http://[fe80::1%eth0]/x"),
            ("http://a?b", "a", 80, "/?b", "http://a/?b"),
            ("http://a:/é", "a", 80, "/%C3%A9", "http://a/%C3%A9"),
        ])
    func urls(text: String, host: String, port: UInt16, target: String, again: String) throws {
        let url = try HTTPURL(text)
        #expect(url.host == host && url.port == port && url.target == target)
        #expect("\(url)" == again)
    }

    @Test(
        "What cannot be fetched from is refused with the reason",
        arguments: [
            ("https://a/b", HTTPURLError.scheme("https", "https://a/b")),
            ("tftp://a/b", .scheme("tftp", "tftp://a/b")), ("/a/b", .noScheme("/a/b")), ("", .noScheme("")),
            ("http://u:p@a/", .credentials), ("http:///x", .badHost("http:///x")),
            ("http://[::1/x", .badHost("http://[::1/x")),
            ("http://[10.0.0.1]/", .badHost("http://[10.0.0.1]/")),
            ("http://a b/", .badCharacter("http://a b/")),
            ("http://a/\r\nX: y", .badCharacter("http://a/??X: y")),
            ("http://a:0/", .badPort("0")), ("http://a:65536/", .badPort("65536")),
            ("http://a:+1/", .badPort("+1")),
        ])
    func badURLs(text: String, error: HTTPURLError) {
        #expect(throws: error) { try HTTPURL(text) }
    }

    @Test(
        "A redirect's reference is resolved",
        arguments: [
            ("http://b/c", "http://b/c"), ("//b:81/c", "http://b:81/c"), ("/c", "http://[fd00::1]:8080/c"),
            ("c", "http://[fd00::1]:8080/x/c"), ("../c?d", "http://[fd00::1]:8080/c?d"),
            ("./", "http://[fd00::1]:8080/x/"), ("?d", "http://[fd00::1]:8080/x/y?d"),
            ("../../../c", "http://[fd00::1]:8080/c"),
        ])
    func references(reference: String, expected: String) throws {
        let base = try HTTPURL("http://[fd00::1]:8080/x/y?z")
        #expect("\(try base.resolving(reference))" == expected)
    }

    @Test("Names beneath a server's base are found with and without a slash at its end")
    func appending() throws {
        for base in ["http://a", "http://a/"] {
            #expect(
                "\(try HTTPURL(base).appending("api/v1/join", query: "x=1"))" == "http://a/api/v1/join?x=1")
        }
        #expect("\(try HTTPURL("http://a/b/boot.ipxe?x=/y").folder)" == "http://a/b/")
        #expect(try HTTPURL("http://a/b/linux?x").fileName == "linux")
        #expect(try HTTPURL(server: "10.0.0.1:8080").authority == "10.0.0.1:8080")
        #expect(try HTTPURL("http://[fe80::1%25eth0]:81/").authority == "[fe80::1]:81")
    }

    private func head(_ text: String) throws -> HTTPResponseHead { try HTTPResponseHead(Array(text.utf8)) }

    @Test("A header is read, with LF alone, folded lines and odd case")
    func heads() throws {
        let head = try head(
            "HTTP/1.1 206 Partial Content\r\nContent-LENGTH:  5 \r\nETag: \"a:b\"\nContent-Range: bytes 5-9/10\r\n"
                + "X-Folded: a\r\n  b\r\nConnection: Keep-Alive\r\n\r\n")
        #expect(head.status == 206 && head.minorVersion == 1 && head.keepsConnection)
        #expect(try head.framing() == .length(5))
        #expect(head.strongETag == "\"a:b\"" && head.value(of: "x-folded") == "a b")
        #expect(head.contentRange?.start == 5 && head.contentRange?.total == 10)
        #expect(try self.head("HTTP/1.0 200\r\n\r\n").keepsConnection == false)
        #expect(try self.head("HTTP/1.1 200 OK\r\nETag: W/\"a\"\r\n\r\n").strongETag == nil)
    }

    @Test("Where a body ends follows RFC 9112, and what contradicts itself is refused")
    func framing() throws {
        #expect(try head("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n").framing() == .length(0))
        #expect(
            try head("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n").framing()
                == .chunked)
        #expect(try head("HTTP/1.1 200 OK\r\n\r\n").framing() == .untilClose)
        #expect(try head("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n").framing() == .length(5))
        for length in ["-1", "+5", "5, 6", "a", "99999999999999999999", "1152921504606846977"] {
            #expect(throws: HTTPMalformation.contentLength(length)) {
                try head("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n").framing()
            }
        }
        #expect(throws: HTTPMalformation.transferEncoding("gzip, chunked")) {
            try head("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n").framing()
        }
        for line in ["SSH-2.0-OpenSSH", "HTTP/2 200", "HTTP/1.1 20", "HTTP/1.1 999 x", "HTTP/1.1 -20 x"] {
            #expect(throws: HTTPMalformation.notHTTP(line)) { try head(line + "\r\n\r\n") }
        }
        #expect(throws: HTTPMalformation.badField("no colon")) {
            try head("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")
        }
    }

    @Test("The end of a header is found in whatever parts it comes")
    func headEnds() {
        let bytes = Array("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody".utf8)
        for searched in 0...24 {
            #expect(HTTPResponseHead.length(in: bytes, searchedBefore: searched) == 25)
            #expect(HTTPResponseHead.length(in: Array(bytes.prefix(searched))) == nil)
        }
        #expect(HTTPResponseHead.length(in: Array("a\n\nb".utf8)) == 3)
    }

    private func decode(_ bytes: [UInt8], partBytes: Int) throws -> (body: [UInt8], isFinished: Bool) {
        var decoder = ChunkDecoder()
        var body: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var part = Array(rest.prefix(partBytes))
            rest = rest.dropFirst(partBytes)
            let result: Result<Int, HTTPMalformation> = unsafe part.withUnsafeMutableBytes { buffer in
                do throws(HTTPMalformation) { return .success(unsafe try decoder.decode(buffer)) } catch {
                    return .failure(error)
                }
            }
            body += part.prefix(try result.get())
        }
        return (body, decoder.isFinished)
    }

    private static let chunked = Array(
        "4;x=y\r\nWiki\r\n5\npedia\n0A\r\n in chunks\r\n0\r\nT: r\r\n\r\n".utf8)

    @Test("Chunks are joined in whatever parts they come, with extensions and trailers", arguments: 1...60)
    func chunks(partBytes: Int) throws {
        let (body, isFinished) = try decode(Self.chunked, partBytes: partBytes)
        #expect(String(decoding: body, as: UTF8.self) == "Wikipedia in chunks")
        #expect(isFinished)
    }

    @Test("No prefix of a chunked body is taken for a whole one, and no mutation traps")
    func chunkFuzz() throws {
        for length in 0..<Self.chunked.count {
            #expect(try decode(Array(Self.chunked.prefix(length)), partBytes: 7).isFinished == false)
        }
        for index in Self.chunked.indices {
            for value: UInt8 in [0, 0x0a, 0x30, 0x46, 0xff] {
                var mutated = Self.chunked
                mutated[index] = value
                _ = try? decode(mutated, partBytes: 5)
            }
        }
        #expect(throws: HTTPMalformation.chunk) {
            try decode(Array("ffffffffffffffff\r\n".utf8), partBytes: 64)
        }
        #expect(throws: HTTPMalformation.chunk) { try decode(Array("\r\n".utf8), partBytes: 64) }
    }

    @Test("No mutation of a header traps")
    func headFuzz() {
        let text =
            "HTTP/1.1 206 X\r\nContent-Length: 5\r\nETag: \"\"\r\nContent-Range: bytes 5-9/10\r\nConnection: a, b\r\n\r\n"
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            for value: UInt8 in [0, 0x0a, 0x0d, 0x20, 0x22, 0x3a, 0xc3, 0xff] {
                var mutated = bytes
                mutated[index] = value
                for candidate in [mutated, Array(mutated[..<index])] {
                    guard let head = try? HTTPResponseHead(candidate) else { continue }
                    _ = (try? head.framing(), head.contentRange, head.strongETag, head.keepsConnection)
                }
            }
        }
    }
}
