import BootCore
import Testing
import Wire

@testable import HTTPServer

@Suite("The static client and the script that brings it")
struct ExecutableRouteTests {
    /// A header of x86-64 Linux, and something to compress.
    private static let program: [UInt8] =
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + Array(repeating: 0, count: 11) + [62, 0]
        + Array(repeating: 7, count: 300_000)

    @Test("It is served as it is, with ranges, and compressed without, each with its own tag")
    func forms() throws {
        let host = try LiveHostRoutes(
            files: ["x/kexec-join": Self.program], executables: ["none", "x/kexec-join"])
        let early = host.ask("/kexec-join", encoding: "gzip")
        #expect(early.status == 200 && early.value(of: "Content-Encoding") == nil)
        host.computeDigests()
        host.routes.prepareDigests()
        host.computeDigests()
        let plain = host.ask("/kexec-join")
        #expect(plain.range == 0..<Int64(Self.program.count))
        #expect(plain.value(of: "Accept-Ranges") == "bytes" && plain.value(of: "Vary") == "Accept-Encoding")
        #expect(host.ask("/kexec-join", range: "bytes=0-1").status == 206)
        let zipped = host.ask("/kexec-join", encoding: "deflate, gzip;q=0.5", range: "bytes=0-1")
        #expect(zipped.status == 200 && zipped.value(of: "Content-Encoding") == "gzip")
        #expect(zipped.value(of: "Accept-Ranges") == "none" && zipped.value(of: "Vary") == "Accept-Encoding")
        #expect(zipped.body.byteCount < 2000)
        let tags = [plain, zipped].compactMap { $0.value(of: "ETag") }
        #expect(tags.count == 2 && tags[1] == tags[0].dropLast() + "-gzip\"")
        for (tag, encoding) in zip(tags, [nil, "gzip"]) {
            let again = Conditions(ifNoneMatch: tag)
            #expect(host.ask("/kexec-join", encoding: encoding, conditions: again).status == 304)
            let other = encoding == nil ? "gzip" : nil
            #expect(host.ask("/kexec-join", encoding: other, conditions: again).status == 200)
        }
        #expect(!plain.event.isOfBoot && plain.event == .ownFile(name: "kexec-join"))
    }

    @Test(
        "gzip is sent to those alone who name it",
        arguments: [
            ("gzip", true), ("GZIP", true), ("x-gzip", true), ("br, gzip", true), ("gzip;q=1", true),
            ("gzip; q=0.001", true), ("gzip;q=0", false), ("gzip; q=0.0", false), ("deflate", false),
            ("*", false), ("", false), ("gzipped", false), (",;q=,", false),
        ])
    func encodings(header: String, accepts: Bool) {
        let request = HTTPRequest(target: [], client: .any, acceptEncoding: header)
        #expect(request.acceptsGzip == accepts)
    }

    @Test("Without an executable, both names say what to do")
    func absent() throws {
        let host = try LiveHostRoutes(executables: ["none"])
        let reply = host.ask("/kexec-join")
        #expect(reply.status == 404 && reply.text.contains("join.executable"))
        #expect(reply.text.contains("\(host.folder)/none"))
        let script = host.ask("/join")
        #expect(script.status == 200 && script.text.hasPrefix("#!/bin/sh\necho 'join: This server has no"))
        #expect(script.text.hasSuffix(" >&2\nexit 1\n"))
    }

    @Test(
        "Only a 64-bit Linux executable is offered, to hosts of its processor",
        arguments: [
            (62, ["x86_64", "amd64"]), (183, ["aarch64", "arm64"]), (3, []),
        ] as [(UInt8, [String])])
    func machines(machine: UInt8, names: [String]) {
        var header = Array(Self.program.prefix(20))
        header[18] = machine
        #expect(JoinExecutable.machines(ofELF: header) == names)
        for count in 0..<20 { #expect(JoinExecutable.machines(ofELF: Array(header[..<count])) == []) }
    }

    /// A shell and the only programs that it finds.
    private static let systems = [
        ("dash", "sh mkdir chmod rm mv uname gzip sha256sum curl"),
        ("dash", "sh mkdir chmod rm mv uname openssl wget"),
        ("busybox ash", "sh mkdir chmod rm mv uname gzip busybox"),
        ("bash", "sh mkdir chmod rm mv uname busybox"),
        ("dash", "sh mkdir chmod rm mv uname curl"),
    ]

    @Test(
        "The script runs the program with all options, whatever the host has, and leaves nothing",
        arguments: systems)
    func script(shell program: String, tools: String) async throws {
        let server = try Self.serverWithEcho()
        try await Self.waitForScript(of: server)
        let run = Self.run(program, tools: tools, on: server, arguments: "--dry-run 'a b'")
        let expected = "--server http://127.0.0.1:\(server.port) --dry-run a b\n0\n"
        let isVerified = tools.contains("sha256sum") || tools.contains("openssl") || tools.contains("busybox")
        let warning = isVerified ? "" : "join: not verified: there is neither sha256sum nor openssl here\n"
        #expect(run == warning + expected)
        #expect(shell("ls \(server.folder)/tmp") == "")
    }

    @Test("The script refuses what is not the server's program, and a host without any fetcher")
    func refusals() async throws {
        let server = try Self.serverWithEcho()
        try await Self.waitForScript(of: server)
        let tools = "sh mkdir chmod rm mv uname gzip sha256sum curl"
        let altered = Self.run("dash", tools: tools, on: server, edit: "s/^sha256='../sha256='zz/")
        #expect(altered.hasPrefix("join: what came is not what the server has (SHA-256 "))
        #expect(altered.hasSuffix(")\n1\n"))
        #expect(
            Self.run("dash", tools: "sh mkdir chmod rm uname", on: server)
                == "join: there is neither curl nor wget here\n1\n")
        #expect(
            Self.run("dash", tools: tools, on: server, edit: "s/uname -m/echo sparc/")
                == "join: the server's program is for Linux on x86_64, not for Linux on sparc\n1\n")
        #expect(
            Self.run("dash", tools: tools, on: server, edit: "\\$d") == "0\n", "cut short, it does nothing")
        #expect(shell("ls \(server.folder)/tmp") == "")
    }

    private static func serverWithEcho() throws -> TestServer {
        let server = try TestServer(files: ["tmp/x": []]) { settings in
            settings.joinExecutables = ["/bin/echo"]
        }
        _ = shell("rm \(server.folder)/tmp/x")
        return server
    }

    private static func waitForScript(of server: TestServer) async throws {
        for _ in 0..<500 {
            if try server.ask("GET /join HTTP/1.0\n\n").contains("sha256='") { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("no script")
    }

    /// What the script prints on both streams, and its status.
    private static func run(
        _ program: String, tools: String, on server: TestServer, edit: String = "", arguments: String = ""
    ) -> String {
        let url = "http://127.0.0.1:\(server.port)/join"
        return shell(
            """
            cd \(server.folder) && rm -rf bin && mkdir bin
            for tool in \(tools); do ln -s "$(command -v $tool)" bin/; done
            set -- $(echo \(program)); first=$(command -v $1); shift
            curl -fsS \(url) | sed "\(edit)" >script
            sed -i 's#^server=.*#server='"'http://127.0.0.1:\(server.port)'#" script
            env -i PATH=\(server.folder)/bin TMPDIR=\(server.folder)/tmp $first $* script \(arguments) </dev/null 2>&1
            echo $?
            """)
    }
}
