import BootCore
import SystemIO
import TestSupport
import Testing
import Wire

@testable import TFTPServer

@Suite("The server over loopback")
struct ServiceTests {
    static let windows = [
        [], [TFTPOption("blksize", "1428")], [TFTPOption("windowsize", "4")],
        [TFTPOption("blksize", "1428"), TFTPOption("windowsize", "64")],
        [TFTPOption("blksize", "65464"), TFTPOption("windowsize", "2")],
        [TFTPOption("blksize", "8"), TFTPOption("windowsize", "64")],
    ]

    @Test("Files of every awkward size arrive byte for byte, with every kind of window", arguments: windows)
    func wholeFiles(options: [TFTPOption]) throws {
        for singlePort in [false, true] {
            try withServer(singlePort: singlePort, mtu: 65536) { server in
                let client = try TestClient()
                for size in [0, 1, 511, 512, 513, 1427, 1428, 1429, 100_000] {
                    try server.folder.write("f/\(size)", pattern(size))
                    let content = try client.read("f/\(size)", options, from: server.endpoint)
                    #expect(content == pattern(size), "\(size) bytes")
                    #expect((client.sender == server.endpoint) == singlePort)
                }
            }
        }
    }

    @Test("Whoever jumped into another system and asks for a file is back")
    func journal() throws {
        try withServer { server in
            let mac = MACAddress(rawValue: 0x5254_0012_3456)
            server.journal.note(
                JoinReport(mac: mac, stage: .jumping, address: IPv4Address(10, 0, 0, 9)), at: 0)
            try server.folder.write("f", pattern(1))
            _ = try TestClient().read("f", [], from: server.endpoint)
            #expect(server.journal.events().map(\.what) == [.reported(.jumping), .returned(by: .tftp)])
        }
    }

    @Test("A file of more than 65535 blocks arrives byte for byte, in windows that are sent by segments")
    func rollover() throws {
        try withServer { server in
            let content = pattern(70_000 * 64 + 5)
            try server.folder.write("large", content)
            let options = [TFTPOption("blksize", "64"), TFTPOption("windowsize", "32")]
            #expect(try TestClient().read("large", options, from: server.endpoint) == content)
            let line = server.log.line(beginning: "info tftp sent")
            let expected =
                "info tftp sent blksize=64 bytes=4480005 file=large ip=127.0.0.1 mac=52:54:00:12:34:56 ms="
            #expect(line?.hasPrefix(expected) == true)
            #expect(line?.hasSuffix(" retransmissions=0 window=32") == true)
        }
    }

    @Test("Text is translated, block after block")
    func netascii() throws {
        try withServer { server in
            try server.folder.write("text", Array(String(repeating: "line\n", count: 1000).utf8))
            let content = try TestClient().read("text", mode: .netascii, from: server.endpoint)
            #expect(content == Array(String(repeating: "line\r\n", count: 1000).utf8))
            #expect(server.log.line(beginning: "info tftp sent blksize=512 bytes=6000 file=text") != nil)
        }
    }

    @Test("A stranger's packet on a transfer's port gets error 5, and the transfer goes on")
    func wrongPort() throws {
        try withServer { server in
            try server.folder.write("f", pattern(600))
            let (client, stranger) = (try TestClient(), try TestClient())
            try client.send(.readRequest(TFTPRequest(file: [0x66], mode: .octet)), to: server.endpoint)
            #expect(try client.receive() == .data(block: 1, content: Array(pattern(600)[..<512])))
            let transferPort = client.sender
            try stranger.send(.acknowledgment(block: 1), to: transferPort)
            #expect(try stranger.receive() == .error(.unknownTransferID, "no such transfer"))
            try stranger.send(.error(.notDefined, "no"), to: transferPort)
            #expect(try stranger.receive(within: .milliseconds(100)) == nil)
            try client.send(.acknowledgment(block: 1), to: transferPort)
            #expect(try client.receive() == .data(block: 2, content: Array(pattern(600)[512...])))
            try client.send(.acknowledgment(block: 2), to: transferPort)
            #expect(server.log.line(beginning: "info tftp sent") != nil)
        }
    }

    @Test("Refusals come at once, and the log says why")
    func refusals() throws {
        try withServer { server in
            let client = try TestClient()
            let begun = ContinuousClock.now
            for (file, code, text) in [
                ("none", TFTPErrorCode.fileNotFound, "file not found"),
                ("undionly.kpxe", .fileNotFound, "file not found"),
                ("pxelinux.cfg/0A", .fileNotFound, "file not found"),
                ("netbootd-boots-the-local-disk", .fileNotFound, "boot from the local disk"),
                ("../x", .accessViolation, "'..' in the path"),
            ] {
                #expect(throws: TestClient.Refused(code: code, text: text)) {
                    try client.read(file, from: server.endpoint)
                }
            }
            #expect(ContinuousClock.now - begun < .seconds(1))
            let about = "ip=127.0.0.1 mac=52:54:00:12:34:56"
            // The answer goes out before its line is written.
            #expect(server.log.line(beginning: "warning tftp refused") != nil)
            let lines = server.log.lines
            #expect(lines.contains("warning tftp not found file=none \(about)"))
            #expect(
                lines.contains(
                    "warning tftp not found file=undionly.kpxe hint=Debian's package ipxe ships it \(about)"))
            #expect(lines.contains("debug tftp not found file=pxelinux.cfg/0A \(about)"))
            #expect(lines.contains { $0.hasPrefix("info tftp local boot") })
            #expect(lines.contains("warning tftp refused file=../x \(about) reason='..' in the path"))
        }
    }

    @Test("A write is refused with error 2, and nothing is written")
    func write() throws {
        try withServer { server in
            let client = try TestClient()
            try client.send(.writeRequest(TFTPRequest(file: wire("new"), mode: .octet)), to: server.endpoint)
            #expect(try client.receive() == .error(.accessViolation, "this server is read-only"))
            #expect(throws: OpenFailure.notFound) { try server.folder.read("new") }
            let line = server.log.line(beginning: "warning tftp refused file=new")
            #expect(line?.hasSuffix("reason=this server is read-only") == true)
        }
    }

    @Test("A size probe is no failure")
    func sizeProbe() throws {
        try withServer { server in
            try server.folder.write("f", pattern(1000))
            let client = try TestClient()
            let request = TFTPRequest(file: [0x66], mode: .octet, options: [TFTPOption("tsize", "0")])
            try client.send(.readRequest(request), to: server.endpoint)
            #expect(try client.receive() == .optionAcknowledgment([TFTPOption("tsize", "1000")]))
            try client.send(.error(.optionNegotiation, "User aborted the transfer"), to: client.sender)
            #expect(server.log.line(beginning: "debug tftp size probe") != nil)
            #expect(!server.log.lines.contains { $0.hasPrefix("warning") })
        }
    }

    @Test("A file that becomes shorter ends its transfer with an error")
    func shortened() throws {
        try withServer { server in
            // More than the server reads ahead.
            try server.folder.write("f", pattern(100_000))
            let client = try TestClient()
            try client.send(.readRequest(TFTPRequest(file: [0x66], mode: .octet)), to: server.endpoint)
            _ = try client.receive()
            try server.folder.write("f", [])
            var block = UInt16(1)
            var last: TFTPPacket?
            repeat {
                try client.send(.acknowledgment(block: block), to: client.sender)
                last = try client.receive()
                block += 1
            } while last.map { if case .data = $0 { true } else { false } } == true
            #expect(last == .error(.notDefined, "the file cannot be read"))
            let line = server.log.line(beginning: "warning tftp abandoned")
            #expect(line?.contains("the file has become shorter") == true)
        }
    }

    @Test("Stopping tells the clients, and takes less than a second")
    func stop() throws {
        let client = try TestClient()
        var begun = ContinuousClock.now
        try withServer { server in
            try server.folder.write("f", pattern(1000))
            try client.send(.readRequest(TFTPRequest(file: [0x66], mode: .octet)), to: server.endpoint)
            _ = try client.receive()
            begun = .now
            server.service.stop()
            // Once more does no harm.
            server.service.stop()
        }
        #expect(ContinuousClock.now - begun < .seconds(1))
        #expect(try client.receive() == .error(.notDefined, "server shutting down"))
    }

    @Test("A reload is in force for the next request")
    func reload() throws {
        try withServer { server in
            try server.folder.write("f", pattern(5000))
            var settings = server.settings
            settings.maximumWindowSize = 2
            settings.singlePort = true
            server.service.apply(settings: settings, tree: server.tree)
            let client = try TestClient()
            let content = try client.read("f", [TFTPOption("windowsize", "64")], from: server.endpoint)
            #expect(content == pattern(5000))
            #expect(client.sender == server.endpoint)
            #expect(server.log.line(beginning: "info tftp sent")?.hasSuffix("window=2") == true)
        }
    }

    @Test("A port in use is an error of the start, not of the first request")
    func portInUse() throws {
        try withServer { server in
            var settings = server.settings
            settings.port = server.service.port
            #expect(throws: SystemError.self) {
                _ = try TFTPService(
                    settings: settings, tree: server.tree, directory: server.directory, logger: server.logger)
            }
        }
    }
}
