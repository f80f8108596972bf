import BootCore
import BootFiles
import Logging
import Testing
import Wire

@testable import HTTPServer

@Suite("The script's route")
struct ScriptRouteTests {
    private let client = IPv4Address(10, 0, 0, 9)
    private static let mac = MACAddress(rawValue: 0x5254_0012_3456)
    private static let uuid = SystemUUID("12345678-9abc-def0-1122-334455667788")

    private func reply(
        _ target: String, userAgent: String? = "iPXE/1.21.1", known: Machine? = nil, unknown: Bool = false,
        port: UInt16 = 80
    ) throws -> HTTPReply {
        let profile = Profile(
            name: "debian",
            kernel: KernelEntry(
                kernel: "linux", initrds: [],
                commandLine: try Template("m={mac} s={serial} a={arch} h={hostname}")))
        let policy = BootPolicy(
            profiles: [profile], machines: [KnownMachine(uuid: Self.uuid, target: .local)],
            rules: [BootRule(selector: Selector(mac: Self.mac), target: .profile("debian"))],
            defaultTarget: .profile("debian"), ignoresUnknown: unknown)
        let location = ServerLocation(address: IPv4Address(10, 0, 0, 1), httpPort: port)
        let routes = HTTPRoutes(
            settings: HTTPSettings(location: location, policy: policy),
            tree: try BootTree(folder: "/usr/share", packageFolders: []),
            digests: FileDigests(logger: Logger(label: "test")), journal: BootJournal())
        return routes.reply(
            to: HTTPRequest(target: Array(target.utf8), client: client, userAgent: userAgent), from: known,
            at: 0)
    }

    @Test("The whole query is taken, noted, used, and asked again after a failure")
    func wholeQuery() throws {
        let reply = try reply(
            "/boot.ipxe?mac=52%3A54:00:12:34:56&uuid=12345678-9abc-def0-1122-334455667780&serial=S%201&asset=A"
                + "&platform=efi&arch=x86_64&other=x")
        #expect(reply.status == 200)
        #expect(reply.value(of: "Content-Type") == "text/plain")
        #expect(reply.event == .script(entry: "profile debian", ignored: []))
        #expect(
            reply.machine
                == Machine(
                    mac: Self.mac, uuid: SystemUUID("12345678-9abc-def0-1122-334455667780"), serial: "S 1",
                    asset: "A",
                    platform: .uefiX64, stage: .ipxe(IPXEFeatures(http: true)), address: client))
        #expect(reply.text.hasPrefix("#!ipxe\n"))
        #expect(
            reply.text.contains(
                "kernel http://10.0.0.1/linux m=52:54:00:12:34:56 s=S1 a=uefi-x64 h= || goto failed\n"))
        #expect(
            reply.text.hasSuffix(
                "chain --replace http://10.0.0.1/boot.ipxe?mac=52:54:00:12:34:56"
                    + "&uuid=12345678-9abc-def0-1122-334455667780&serial=S%201&asset=A&platform=efi&arch=x86_64"
                    + " || goto failed\n"))
    }

    @Test("Without a query the machine is the one at the client's address")
    func knownMachine() throws {
        let known = Machine(mac: Self.mac, serial: "7", platform: .bios, hostname: "n1", address: client)
        let reply = try reply("/boot.ipxe", known: known, unknown: true)
        #expect(reply.machine?.mac == Self.mac)
        #expect(reply.text.contains(" m=52:54:00:12:34:56 s=7 a=bios h=n1 "))
        #expect(reply.text.hasSuffix("chain --replace http://10.0.0.1/boot.ipxe || goto failed\n"))
    }

    @Test("What the query says goes before what is known; of another machine nothing is taken")
    func merges() throws {
        let known = Machine(mac: Self.mac, serial: "7", hostname: "n1", address: client)
        #expect(
            try reply("/boot.ipxe?serial=8", known: known).text.contains(" m=52:54:00:12:34:56 s=8 a= h=n1 "))
        #expect(
            try reply("/boot.ipxe?mac=525400000001", known: known).text.contains(
                " m=52:54:00:00:00:01 s= a= h= "))
    }

    @Test(
        "A value that is none is ignored, and the log says which",
        arguments: [
            ("mac=zz", ["mac=zz"]), ("mac=00:00:00:00:00:00", ["mac=00:00:00:00:00:00"]),
            ("mac=01:00:5e:00:00:01", ["mac=01:00:5e:00:00:01"]), ("uuid=1", ["uuid=1"]),
            ("uuid=00000000-0000-0000-0000-000000000000", ["uuid=00000000-0000-0000-0000-000000000000"]),
            ("serial=a%0Ab&asset=%1b", ["serial=a?b", "asset=?"]), ("serial=%C3%BC", ["serial=ü"]),
            ("platform=efi&arch=vax", ["platform=efi arch=vax"]), ("arch=x86_64", ["platform= arch=x86_64"]),
            ("mac=${net0/mac}&uuid=${uuid}&serial=$%7Bserial%7D&platform=${platform}&arch=${buildarch}", []),
            ("mac=&uuid=&serial=%20&asset=&arch=&platform=", []), ("", []), ("mac", []),
        ])
    func badValues(query: String, ignored: [String]) throws {
        let reply = try reply("/boot.ipxe?" + query)
        #expect(reply.event == .script(entry: "profile debian", ignored: ignored))
        #expect(reply.machine == Machine(stage: .ipxe(IPXEFeatures(http: true)), address: client))
        #expect(reply.text.hasSuffix("chain --replace http://10.0.0.1/boot.ipxe || goto failed\n"))
    }

    @Test(
        "The platform is taken in iPXE's words or in ours",
        arguments: [
            ("platform=pcbios", Platform.bios), ("arch=uefi-arm64", .uefiARM64),
            ("platform=efi&arch=i386", .uefiIA32),
        ])
    func platforms(query: String, platform: Platform) throws {
        let reply = try reply("/boot.ipxe?" + query)
        #expect(reply.machine?.platform == platform)
        #expect(reply.text.hasSuffix("/boot.ipxe?\(query) || goto failed\n"))
    }

    @Test("Nothing in a query can add a line or a word to the script, or be expanded by iPXE")
    func injection() throws {
        let reply = try reply(
            "/boot.ipxe?serial=$%7Bx%7D||exit%20;%23%26&asset=a%20%7C%7C%20shell&x=%0Ashell")
        #expect(reply.text.split(separator: "\n").count == 10)
        #expect(!reply.text.contains("${"))
        #expect(reply.text.hasSuffix("/boot.ipxe?asset=a%20%7C%7C%20shell || goto failed\n"))
    }

    @Test("gPXE is known by its name or its path, and has no way to try again")
    func gpxe() throws {
        for reply in [
            try reply("/boot.ipxe?mac=525400123456", userAgent: "gPXE/1.0.1"),
            try reply("/boot.gpxe?mac=525400123456"),
        ] {
            #expect(reply.text.hasPrefix("#!gpxe\n"))
            #expect(reply.machine?.stage == .gpxe)
        }
    }

    @Test("An unknown machine gets 404 when unknown machines are ignored, and is noted all the same")
    func unknown() throws {
        let reply = try reply("/boot.ipxe?mac=525400000001", unknown: true)
        #expect(reply.status == 404)
        #expect(reply.event == .notFound(path: "boot.ipxe", reason: "unknown machine"))
        #expect(reply.machine?.mac == MACAddress(rawValue: 0x5254_0000_0001))
        #expect(try self.reply("/boot.ipxe?mac=525400123456", unknown: true).status == 200)
    }

    @Test("A UUID finds its machine in either byte order")
    func uuid() throws {
        for spelling in [Self.uuid, Self.uuid?.swapped] {
            let reply = try reply("/boot.ipxe?uuid=\(try #require(spelling))")
            #expect(reply.event == .script(entry: "local (exit)", ignored: []))
            #expect(reply.text.hasSuffix("\nexit 1\n"))
        }
    }

    @Test("URLs name the port that is configured")
    func port() throws {
        #expect(
            try reply("/boot.ipxe", port: 8080).text.hasSuffix(
                "chain --replace http://10.0.0.1:8080/boot.ipxe || goto failed\n"))
    }
}
