import BootCore
import Testing
import Wire

@testable import HTTPServer

@Suite("Reports and the journal")
struct ReportRouteTests {
    @Test("A report is written down, and the journal gives it back as JSON")
    func report() throws {
        let host = try LiveHostRoutes()
        let uuid = "12345678-9abc-def0-1122-334455667788"
        let reply = host.ask(
            "/api/v1/join/report?mac=52-54-00-12-34-56&uuid=\(uuid)&stage=jumping&entry=debian&detail=a%20%22b%22%0A",
            method: .post)
        #expect(reply.status == 204 && reply.body.byteCount == 0)
        host.journal.noticed(mac: nil, address: host.client, by: .http, at: 1_795_252_070_500)
        let event =
            #"{"time":"2026-11-21T09:07:49.000Z","mac":"52:54:00:12:34:56","uuid":"\#(uuid)","#
            + #""ip":"10.0.0.9","event":"jumping","entry":"debian","detail":"a \"b\"?"}"#
        #expect(host.ask("/api/v1/journal").text.hasPrefix(#"{"events":["# + event + ",\n"))
        #expect(
            host.ask("/api/v1/journal?mac=525400123456").text.hasSuffix(
                #""event":"returned","by":"http","entry":"debian","seconds":1}]}"# + "\n"))
        #expect(host.ask("/api/v1/journal?mac=525400000001").text == "{\"events\":[]}\n")
        #expect(host.ask("/api/v1/journal?mac=x").status == 400)
    }

    @Test(
        "What is no report is refused and not written down",
        arguments: [
            ("", 400), ("mac=52:54:00:12:34:56", 400), ("stage=joined", 400), ("mac=zz&stage=joined", 400),
            ("mac=ff:ff:ff:ff:ff:ff&stage=joined", 400), ("mac=52:54:00:12:34:56&stage=Joined", 400),
            ("mac=52:54:00:12:34:56&stage=returned", 400), ("mac=52:54:00:12:34:56&stage=missing", 400),
        ])
    func bad(query: String, status: Int) throws {
        let host = try LiveHostRoutes()
        #expect(host.ask("/api/v1/join/report?" + query, method: .post).status == status)
        #expect(host.journal.events() == [])
    }

    @Test("Only POST reports, and POST does nothing else")
    func methods() throws {
        let host = try LiveHostRoutes()
        let query = "?mac=52:54:00:12:34:56&stage=joined"
        for method in [HTTPRequest.Method.get, .head, .other] {
            let reply = host.ask("/api/v1/join/report" + query, method: method)
            #expect(reply.status == 405 && reply.value(of: "Allow") == "POST")
        }
        for path in ["/api/v1/join", "/api/v1/journal", "/linux", "/join", "/kexec-join", "/boot.ipxe"] {
            let reply = host.ask(path + query, method: .post)
            #expect(reply.status == 405 && reply.value(of: "Allow") == "GET, HEAD")
        }
        #expect(host.ask("/api/v1/join/report" + query, method: .post, hasBody: true).status == 413)
        #expect(host.journal.events() == [])
    }

    @Test(
        "On the wire: a report is one log line, a body ends the connection unread, a boot file ends the wait")
    func wire() async throws {
        let server = try TestServer(files: ["f": [1]])
        let target = "/api/v1/join/report?mac=52:54:00:12:34:56&stage=jumping&entry=x"
        let answer = try server.ask("POST \(target)&detail=%1b%0Aforged HTTP/1.1\nHost: x\n\n")
        #expect(answer.hasPrefix("HTTP/1.1 204 ") && !answer.contains("Content-Length"))
        let line = try #require(try await server.log.lines("join report").first)
        #expect(
            line.metadata.filter { $0.key != "ms" } == [
                "mac": "52:54:00:12:34:56", "ip": "127.0.0.1", "stage": "jumping", "entry": "x",
                "detail": "??forged", "status": "204", "bytes": "0",
            ])
        for length in ["Content-Length: 1000000000", "Transfer-Encoding: chunked"] {
            let connection = try server.connect()
            try connection.send("POST \(target) HTTP/1.1\r\nHost: x\r\n\(length)\r\n\r\n")
            #expect(try connection.receiveAll().hasPrefix("HTTP/1.1 413 "))
        }
        // Neither another report nor a look at the journal is the new system's doing.
        _ = try server.ask("GET /api/v1/journal HTTP/1.0\n\n")
        #expect(server.journal.events().map(\.what) == [.reported(.jumping)])
        _ = try server.ask("GET /f HTTP/1.0\n\n")
        #expect(server.journal.events().last?.what == .returned(by: .http))
    }
}
