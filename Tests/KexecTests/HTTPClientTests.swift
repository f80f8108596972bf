import SystemIO
import Testing

@testable import Kexec

@Suite("The HTTP client and servers that misbehave")
struct HTTPClientTests {
    private func fetch(_ server: LoopbackServer, _ target: String = "/file", limit: Int = 1000) throws
        -> HTTPDocument
    {
        try HTTPClient(limits: .short).fetch(HTTPRequest(.get, try HTTPURL(server.url(target))), limit: limit)
    }

    @Test("What is on the wire is a plain request")
    func request() throws {
        let server = try LoopbackServer(.init(body: [1, 2, 3]))
        #expect(try fetch(server, "/a?b=c").body == [1, 2, 3])
        #expect(
            server.requests == [
                "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nUser-Agent: kexec-join\r\nAccept: */*\r\n"
                    + "Accept-Encoding: identity"
            ])
    }

    @Test("One connection serves several requests, as long as the server keeps it")
    func keepAlive() throws {
        let server = try LoopbackServer(
            .init(body: [1]),
            .init(text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\u{2}\r\n0\r\n\r\n"),
            .init(200, ["Connection: close"], body: [3]), .init(body: [4]))
        let client = HTTPClient(limits: .short)
        let request = HTTPRequest(.get, try HTTPURL(server.url()))
        for value: UInt8 in 1...4 { #expect(try client.fetch(request, limit: 10).body == [value]) }
        #expect(server.requests.count == 4 && server.connections == 2)
    }

    @Test("A kept connection that the server has closed meanwhile is replaced")
    func closedMeanwhile() throws {
        let server = try LoopbackServer { _, _ in
            .init(text: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", closes: true)
        }
        let client = HTTPClient(limits: .short)
        let request = HTTPRequest(.get, try HTTPURL(server.url()))
        for _ in 1...3 { #expect(try client.fetch(request, limit: 10).body == Array("x".utf8)) }
        #expect(server.connections == 3)
    }

    @Test("A body without a length ends with the connection (HTTP/1.0)")
    func untilClose() throws {
        let server = try LoopbackServer(.init(text: "HTTP/1.0 200 OK\r\n\r\nabc", closes: true))
        #expect(try fetch(server).text == "abc")
    }

    @Test("Interim answers are passed over")
    func interim() throws {
        let server = try LoopbackServer(
            .init(text: "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"))
        #expect(try fetch(server).text == "x")
    }

    @Test("Five redirects are followed, a sixth is not")
    func redirects() throws {
        let server = try LoopbackServer { request, _ in
            let number = Int(request.dropFirst(6).prefix { $0.isNumber }) ?? 0
            return number == 0 ? .init(body: [7]) : .init(302, ["Location: r\(number - 1)"])
        }
        #expect(try fetch(server, "/r5").body == [7])
        #expect(throws: HTTPError.self) { try fetch(server, "/r6") }
    }

    @Test("A redirect to https says what this program can do")
    func redirectToTLS() throws {
        let server = try LoopbackServer(.init(301, ["Location: https://a/b"]))
        let url = try HTTPURL(server.url())
        #expect(throws: HTTPError.redirect(from: url, .scheme("https", "https://a/b"))) { try fetch(server) }
    }

    @Test(
        "What a server does wrong is told as what it is",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", HTTPError.bodyCut(missing: 6)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .bodyCut(missing: nil)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", .malformed(.chunk)),
            (
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
                .contentEncoding("gzip")
            ),
            ("HTTP/1.1 200 OK\r\nContent-Le", .noAnswer), ("", .noAnswer),
            ("220 ftp\r\n\r\n", .malformed(.notHTTP("220 ftp"))),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2000),
                .tooLong(limit: 1000)
            ),
            ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 100_000), .malformed(.headTooLong)),
        ])
    func misbehaviour(answer: String, error: HTTPError) throws {
        let server = try LoopbackServer(.init(text: answer, closes: true))
        #expect(throws: error) { try fetch(server) }
    }

    @Test("Silence ends: before the header, within it, within the body, and past a deadline")
    func silence() throws {
        for text in ["", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"] {
            let server = try LoopbackServer(.init(text: text))
            #expect(throws: HTTPError.silence(seconds: 1)) { try fetch(server) }
        }
        let server = try LoopbackServer(.init(text: ""))
        let request = HTTPRequest(.get, try HTTPURL(server.url()), deadline: .now + .milliseconds(50))
        #expect(throws: HTTPError.deadline) { try HTTPClient().fetch(request, limit: 10) }
    }

    @Test("Nobody at the port is told with the address")
    func refused() throws {
        var server: LoopbackServer? = try LoopbackServer(.init(body: []))
        let url = try HTTPURL(try #require(server).url())
        server = nil
        do {
            _ = try HTTPClient(limits: .short).open(HTTPRequest(.get, url))
            Issue.record("connected to nobody")
        } catch {
            #expect("\(error)".contains("connect to 127.0.0.1 port \(url.port): Connection refused"))
        }
    }
}

extension HTTPClient.Limits {
    static var short: Self {
        var limits = Self()
        limits.head = .seconds(1)
        limits.idle = .seconds(1)
        return limits
    }
}
