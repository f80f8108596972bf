import Glibc
import HTTPServer
import Logging
import Testing

@Suite("Bounds of the HTTP server", .serialized)
struct LimitTests {
    private let request = "GET /f HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test("A hundred machines at once are all served")
    func parallel() throws {
        let server = try TestServer(files: ["f": Array(repeating: 7, count: 50_000)])
        let connections = try (0..<100).map { try server.connect(from: "127.0.1.\($0 + 1)") }
        for _ in 0..<3 {
            for connection in connections { try connection.send(request) }
            for connection in connections { #expect(try connection.receiveReply().body.count == 50_000) }
        }
    }

    @Test(
        "One address has so many connections and no more; others are not concerned; a closed one counts no more"
    )
    func perAddress() async throws {
        let server = try TestServer(files: ["f": [1]]) { $0.maximumConnectionsPerClient = 3 }
        var connections = try (0..<3).map { _ in try server.connect() }
        for connection in connections {
            try connection.send(request)
            #expect(try connection.receiveReply().body == [1])
        }
        #expect(try server.connect().isClosed())
        let other = try server.connect(from: "127.0.0.2")
        try other.send(request)
        #expect(try other.receiveReply().body == [1])
        connections.removeLast()
        // The server hears of the end a moment later.
        var body: [UInt8]?
        for _ in 0..<50 where body == nil {
            try await Task.sleep(for: .milliseconds(100))
            let next = try server.connect()
            body = try? {
                try next.send(request)
                return try next.receiveReply().body
            }()
        }
        #expect(body == [1])
        #expect(try await server.log.lines("http connection refused").first?.level == .warning)
    }

    @Test("Beyond the limit of all, connections wait until one goes")
    func total() async throws {
        let server = try TestServer(files: ["f": [1]]) {
            $0.maximumConnections = 4
            $0.threads = 2
        }
        var connections: [RawConnection] = []
        for number in 1...4 {
            let connection = try server.connect(from: "127.0.0.\(number)")
            try connection.send(request)
            #expect(try connection.receiveReply().body == [1])
            connections.append(connection)
        }
        let waiting = try server.connect(from: "127.0.0.9")
        try waiting.send(request)
        connections.removeAll()
        #expect(try waiting.receiveReply().body == [1])
    }

    @Test("A client that sends half a request, or nothing, is not waited for")
    func slow() async throws {
        let server = try TestServer(files: ["f": [1]]) { $0.idleTimeout = .seconds(1) }
        let (silent, half) = (try server.connect(), try server.connect())
        try half.send("GET /f HTTP/1.1\r\nHost:")
        let start = ContinuousClock.now
        #expect(silent.isClosed() && half.isClosed())
        #expect(.now - start < .seconds(5))
        let line = try await server.log.lines("http refused").first
        #expect(line?.metadata["aborted"] == "the client stood still")
        #expect(line?.metadata["target"] == "/f")
    }

    /// Of 200 MB, of which the disk holds nothing.
    private func sparse(_ server: TestServer) { _ = shell("truncate -s 200M \(server.folder)/big") }

    private let big = "GET /big HTTP/1.1\r\nHost: x\r\nUser-Agent: iPXE/1.21.1\r\n\r\n"

    @Test("A client that goes away in the middle is logged with what it got")
    func aborted() async throws {
        let server = try TestServer()
        sparse(server)
        do {
            let connection = try server.connect()
            try connection.send(big)
            var count = 0
            while count < 3_000_000 { count += try connection.receive().count }
        }
        let line = try #require(try await server.log.lines("http sent").first)
        #expect(line.metadata["aborted"] == "the client went away")
        let bytes = try #require(line.metadata["bytes"].flatMap { Int($0) })
        #expect((2_900_000..<100_000_000).contains(bytes))
        #expect(line.metadata["status"] == "200" && line.metadata["file"] == "big")
        #expect(line.metadata["agent"] == "iPXE/1.21.1" && line.metadata["ip"] == "127.0.0.1")
    }

    @Test("A client that stops reading is given up")
    func stalled() async throws {
        let server = try TestServer { $0.idleTimeout = .seconds(1) }
        sparse(server)
        let connection = try server.connect()
        try connection.send(big)
        for _ in 0..<500 where try await server.log.lines("http sent").isEmpty {}
        let line = try #require(try await server.log.lines("http sent").first)
        #expect(line.metadata["aborted"] == "the client stood still")
        _ = try? connection.receive()
    }

    @Test("Stopping closes transfers in flight at once, and frees the port")
    func stop() async throws {
        let server = try TestServer()
        sparse(server)
        let connection = try server.connect()
        try connection.send(big)
        _ = try connection.receive()
        let start = ContinuousClock.now
        server.service.stop()
        #expect(.now - start < .seconds(2))
        let line = try #require(try await server.log.lines("http sent").first)
        #expect(line.metadata["aborted"] == "this server stopped")
        #expect(throws: (any Error).self) { try server.connect() }
        server.service.stop()
    }

    @Test("A big file goes out from the page cache, and memory does not grow with it")
    func memory() async throws {
        let server = try TestServer()
        sparse(server)
        let before = residentKilobytes()
        let fetch = "curl -sS -o /dev/null -w '%{size_download}\\n' http://127.0.0.1:\(server.port)/big 2>&1"
        #expect(shell("for i in 1 2 3 4; do \(fetch) & done | sort | uniq -c | xargs") == "4 209715200\n")
        #expect(residentKilobytes() - before < 65_536)
        let lines = try await server.log.lines("http sent", atLeast: 4)
        #expect(lines.map { $0.metadata["bytes"] } == Array(repeating: "209715200", count: 4))
        #expect(lines.allSatisfy { $0.metadata["aborted"] == nil })
    }

    private func residentKilobytes() -> Int {
        let fields = shell("cat /proc/\(getpid())/statm").split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4
    }
}
