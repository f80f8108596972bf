import BootCore
import Testing
import Wire

@Suite("HTTP on the wire")
struct WireTests {
    /// The header without the values that differ from run to run.
    private func masked(_ header: String) -> String {
        header.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
            ["Date: ", "Last-Modified: ", "ETag: "].first { line.hasPrefix($0) }.map { $0 + "…" }
                ?? String(line)
        }.joined(separator: "\n")
    }

    @Test(
        "A file's header, byte for byte: Title-Case names in a fixed order, the length among them (GRUB, EDK2)"
    )
    func header() throws {
        let server = try TestServer(files: ["alpine/boot.efi": Array("kernel".utf8)])
        let connection = try server.connect()
        try connection.send("GET /alpine//boot.efi HTTP/1.1\r\nHost: x\r\n\r\n")
        let reply = try connection.receiveReply()
        #expect(
            masked(reply.header) == """
                HTTP/1.1 200 OK
                Date: …
                Content-Type: application/efi
                Last-Modified: …
                ETag: …
                Accept-Ranges: bytes
                Content-Length: 6


                """)
        #expect(reply.body == Array("kernel".utf8))
    }

    @Test(
        "Every answer has a length and a text/plain body of one line",
        arguments: [
            ("GET /none HTTP/1.1", "404 Not Found", "", "There is no such file.\n"),
            ("GET /../x HTTP/1.1", "403 Forbidden", "", "The path climbs out of the tree.\n"),
            ("GET /%zz HTTP/1.1", "400 Bad Request", "", "This is no path.\n"),
            (
                "DELETE /f HTTP/1.1", "405 Method Not Allowed", "Allow: GET, HEAD\n",
                "This server answers GET and HEAD.\n"
            ),
            ("GET /healthz HTTP/1.1", "200 OK", "", "ok\n"),
        ])
    func texts(line: String, status: String, headers: String, body: String) throws {
        let server = try TestServer()
        let answer = try server.ask(line + "\nHost: x\nConnection: close\n\n")
        #expect(
            masked(answer) == """
                HTTP/1.1 \(status)
                Date: …
                Connection: close
                Content-Type: text/plain
                \(headers)Content-Length: \(body.utf8.count)

                \(body)
                """)
    }

    @Test("HEAD, then GET, then more on the same connection, after 304 and 404 too (EDK2, iPXE)")
    func keepAlive() throws {
        let server = try TestServer(files: ["f": Array("0123456789".utf8)])
        let connection = try server.connect()
        func exchange(_ line: String, _ headers: String = "", body: Bool = true) throws -> (String, [UInt8]) {
            try connection.send("\(line) HTTP/1.1\r\nHost: x\r\n\(headers)\r\n")
            let reply = try connection.receiveReply(withBody: body)
            return (reply.header, reply.body)
        }
        let head = try exchange("HEAD /f", body: false).0
        #expect(head.hasPrefix("HTTP/1.1 200 ") && head.contains("\r\nContent-Length: 10\r\n"))
        #expect(try exchange("GET /f").1 == Array("0123456789".utf8))
        let tag = try #require(head.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
        let notModified = try exchange("GET /f", "If-None-Match: \(tag)\r\n", body: false).0
        #expect(notModified.hasPrefix("HTTP/1.1 304 ") && notModified.contains("\r\nContent-Length: 10\r\n"))
        let missing = try exchange("GET /none")
        #expect(missing.0.hasPrefix("HTTP/1.1 404 ") && missing.1.count == 23)
        let part = try exchange("GET /f", "Range: bytes=3-5\r\nIf-Match: \(tag)\r\n")
        #expect(part.0.hasPrefix("HTTP/1.1 206 ") && part.0.contains("\r\nContent-Range: bytes 3-5/10\r\n"))
        #expect(part.1 == Array("345".utf8))
        #expect(try exchange("GET /f", "Range: bytes=10-\r\n").0.hasPrefix("HTTP/1.1 416 "))
    }

    @Test("Requests sent in one piece are answered in order")
    func pipelined() throws {
        let server = try TestServer(files: ["a": Array("first".utf8), "b": Array("second".utf8)])
        let answer = try server.ask(
            "GET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\nHost: x\nConnection: close\n\n")
        #expect(answer.split(separator: "\r\n\r\n").count == 3)
        #expect(answer.contains("\r\n\r\nfirstHTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nsecond"))
    }

    @Test("HTTP/1.0 is answered in 1.1 words, with a length, and closed (lpxelinux, U-Boot)")
    func oldVersion() throws {
        let server = try TestServer(files: ["f": Array("0123456789".utf8)])
        let connection = try server.connect()
        try connection.send(
            "GET /f HTTP/1.0\r\nHost: x\r\nUser-Agent: Syslinux/6.04\r\nConnection: close\r\n"
                + "Cookie: _Syslinux_BOOTIF=01-52-54-00-12-34-56\r\n\r\n")
        let reply = try connection.receiveReply()
        #expect(reply.header.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(
            reply.header.contains("\r\nConnection: close\r\n")
                && reply.header.contains("\r\nContent-Length: 10\r\n"))
        #expect(reply.body == Array("0123456789".utf8))
        #expect(connection.isClosed())
        let bare = try server.ask("GET /f HTTP/1.0\n\n")
        #expect(bare.hasSuffix("\r\n\r\n0123456789"))
    }

    @Test("A name is decoded exactly once, and never redirected")
    func decodedOnce() throws {
        let server = try TestServer(files: ["a%20b": Array("once".utf8), "a b": Array("twice".utf8)])
        #expect(try server.ask("GET /a%2520b HTTP/1.0\n\n").hasSuffix("\r\n\r\nonce"))
        #expect(try server.ask("GET ///./a%20b HTTP/1.0\n\n").hasSuffix("\r\n\r\ntwice"))
        #expect(try server.ask("GET /a+b HTTP/1.0\n\n").hasPrefix("HTTP/1.1 404 "))
    }

    @Test("A body that nobody wants ends the connection after the answer")
    func unwantedBody() throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send("POST /f HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc")
        #expect(try connection.receiveAll().hasPrefix("HTTP/1.1 405 "))
    }

    @Test("A request that is too long or no HTTP is refused by its status, and logged")
    func tooLong() async throws {
        let server = try TestServer()
        let many = String(repeating: "X-Filler: 0123456789012345678901234567890123456789\n", count: 400)
        #expect(try server.ask("GET /f HTTP/1.1\nHost: x\n\(many)\n").hasPrefix("HTTP/1.1 431 "))
        let long = String(repeating: "x", count: 20_000)
        #expect(try server.ask("GET /\(long) HTTP/1.1\nHost: x\n\n").hasPrefix("HTTP/1.1 414 "))
        #expect(try server.ask("GET /f HTTP/3.7\nHost: x\n\n").hasPrefix("HTTP/1.1 505 "))
        #expect(try server.ask("nonsense\n\n") == "")
        #expect(try await server.log.lines("http refused").first?.metadata["status"] == "431")
    }

    @Test("curl has a file whole, in parts and resumed, and believes its date")
    func curl() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let server = try TestServer(files: ["big file.bin": bytes])
        let url = "http://127.0.0.1:\(server.port)/big%20file.bin"
        let file = server.folder + "/big file.bin"
        #expect(shell("curl -sS \(url) 2>&1 | cmp - '\(file)' && echo same") == "same\n")
        #expect(
            shell(
                "(curl -sS -r -50000 \(url) | cat) 2>&1 | cmp - <(tail -c 50000 '\(file)') && echo same"
                    .inBash) == "same\n")
        let resumed = server.folder + "/resumed"
        #expect(
            shell(
                "head -c 1234 '\(file)' >\(resumed) && curl -sS -C - -o \(resumed) \(url) 2>&1 && cmp \(resumed) '\(file)' && echo same"
            ) == "same\n")
        #expect(
            shell(
                "curl -sS -R -o \(resumed) \(url) && test ! \(resumed) -nt '\(file)' && curl -sS -z \(resumed) -w '%{http_code}' \(url)"
            ) == "304")
        #expect(
            shell("curl -sS --compressed -o /dev/null -w '%{http_code} %{size_download}' \(url)")
                == "200 100000")
    }
}

extension String {
    var inBash: String { "bash -c \"" + self + "\"" }
}
