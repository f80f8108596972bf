import BootCore
import BootFiles
import HTTPServer
import Logging
import SystemIO
import Testing
import Wire

@Suite("The HTTP service")
struct ServiceTests {
    private let mac = MACAddress(rawValue: 0x5254_0012_3456)

    @Test("The script is made from the query, and tells the directory who is there")
    func script() async throws {
        let server = try TestServer(policy: BootPolicy(defaultTarget: .local))
        let answer = try server.ask(
            "GET /boot.ipxe?mac=${net0/mac}&mac=x HTTP/1.0\nUser-Agent: iPXE/1.0.0+git\n\n")
        #expect(answer.contains("\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n"))
        _ = try server.ask("GET /boot.ipxe?mac=52:54:00:12:34:56&serial=S1&uuid=1 HTTP/1.0\n\n")
        #expect(server.directory.machine(at: IPv4Address(127, 0, 0, 1))?.mac == mac)
        let line = try #require(try await server.log.lines("http script", atLeast: 2).last)
        #expect(line.level == .info)
        #expect(line.metadata["mac"] == "52:54:00:12:34:56" && line.metadata["serial"] == "S1")
        #expect(line.metadata["boots"] == "local (exit)" && line.metadata["ignored"] == "uuid=1")
    }

    @Test("Each request leaves one line, which names machine, file and what came of it")
    func logLines() async throws {
        let server = try TestServer(files: ["f": Array("0123456789".utf8)])
        server.directory.note(Machine(mac: mac, address: IPv4Address(127, 0, 0, 1)))
        _ = try server.ask("GET /f HTTP/1.0\nRange: bytes=2-3\nUser-Agent: GRUB\u{1b}[2J 2.06\n\n")
        let sent = try #require(try await server.log.lines("http sent").first)
        #expect(sent.level == .info)
        #expect(
            sent.metadata.filter { $0.key != "ms" } == [
                "file": "f", "status": "206", "bytes": "2", "range": "bytes=2-3", "ip": "127.0.0.1",
                "mac": "52:54:00:12:34:56", "agent": "GRUB?[2J 2.06",
            ])
        #expect(sent.metadata["ms"].flatMap { Int($0) } != nil)
        _ = try server.ask("HEAD /f HTTP/1.0\n\n")
        #expect(try await server.log.lines("http sent", atLeast: 2).last?.metadata["bytes"] == "0")
        _ = try server.ask("GET /dir/none HTTP/1.0\n\n")
        let missing = try #require(try await server.log.lines("http not found").first)
        #expect(missing.level == .warning)
        #expect(missing.metadata["file"] == "dir/none" && missing.metadata["mac"] == "52:54:00:12:34:56")
        _ = try server.ask("GET /pxelinux.cfg/0A HTTP/1.0\n\n")
        #expect(try await server.log.lines("http not found", atLeast: 2).last?.level == .info)
        _ = try server.ask("GET /../x HTTP/1.0\n\n")
        let refused = try #require(try await server.log.lines("http refused").first)
        #expect(refused.metadata["target"] == "/../x" && refused.metadata["status"] == "403")
        _ = try server.ask("GET /netbootd-boots-the-local-disk HTTP/1.0\n\n")
        #expect(try await server.log.lines("http refused", atLeast: 2).last?.level == .info)
        _ = try server.ask("GET /healthz HTTP/1.0\n\n")
        #expect(try await server.log.lines("http health").first?.level == .debug)
    }

    @Test("New settings and a new tree hold for the next request, on open connections too")
    func apply() throws {
        let server = try TestServer(files: ["f": Array("old".utf8)])
        let connection = try server.connect()
        try connection.send("GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.receiveReply().body == Array("old".utf8))
        let folder = try TestServer.makeFolder(["f": Array("new".utf8)])
        defer { TestServer.remove(folder) }
        var settings = server.settings
        settings.policy = BootPolicy(ignoresUnknown: true)
        server.service.apply(settings: settings, tree: try BootTree(folder: folder, packageFolders: []))
        try connection.send("GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.receiveReply().body == Array("new".utf8))
        try connection.send("GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.receiveReply().header.hasPrefix("HTTP/1.1 404 "))
    }

    @Test("A port that is taken is told at once")
    func portInUse() throws {
        let server = try TestServer()
        let location = ServerLocation(address: IPv4Address(127, 0, 0, 1), httpPort: server.port)
        let settings = HTTPSettings(location: location, policy: BootPolicy())
        let tree = try BootTree(folder: server.folder, packageFolders: [])
        do throws(SystemError) {
            _ = try HTTPService(
                settings: settings, tree: tree, directory: server.directory, logger: Logger(label: "test"))
            Issue.record("two servers on one port")
        } catch {
            #expect(error.isAddressInUse)
        }
    }

    @Test("A service that was never started, or is stopped twice, ends quietly")
    func neverStarted() throws {
        let server = try TestServer()
        server.service.stop()
        server.service.stop()
        let settings = HTTPSettings(
            location: ServerLocation(address: IPv4Address(127, 0, 0, 1), httpPort: 0), policy: BootPolicy())
        let service = try HTTPService(
            settings: settings, tree: try BootTree(folder: server.folder, packageFolders: []),
            directory: server.directory,
            logger: Logger(label: "test"))
        #expect(service.port != 0)
        service.stop()
    }
}
