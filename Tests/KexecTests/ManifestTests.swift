import BootCore
import Crypto
import FoundationEssentials
import Synchronization
import Testing
import Wire

@testable import Kexec

@Suite("The manifest")
struct ManifestTests {
    private static let digest = String(repeating: "ab", count: 32)
    private static let full = """
        {"version":1,"mac":"52:54:00:00:00:01","uuid":"12345678-9abc-def0-1234-56789abcdef0","hostname":"node1",
        "nonce":"00ff","boots":"entry","future":[{"x":null}],
        "entry":{"name":"alpine","title":"Alpine","kernel":{"url":"http://a/k","size":5,"sha256":"\(digest.uppercased())"},
        "initrds":[{"url":"http://a/i"},{"url":"http://a/j","size":7}],"cmdline":"quiet ip=dhcp",
        "unresolved":["${x}"],"initramfs":"alpine"}}
        """

    private func read(_ text: String) throws -> JoinManifest { try ManifestReader.read(Array(text.utf8)) }

    @Test("All of it is read, and what is new is not heeded")
    func full() throws {
        let entry = JoinEntry(
            name: "alpine", title: "Alpine",
            kernel: JoinArtifact(url: "http://a/k", byteCount: 5, sha256: Self.digest),
            initrds: [JoinArtifact(url: "http://a/i"), JoinArtifact(url: "http://a/j", byteCount: 7)],
            commandLine: "quiet ip=dhcp", unresolved: ["${x}"], initramfs: .alpine)
        #expect(
            try read(Self.full)
                == JoinManifest(
                    mac: MACAddress("52:54:00:00:00:01"),
                    uuid: SystemUUID("12345678-9abc-def0-1234-56789abcdef0"), hostname: "node1", nonce: "00ff",
                    boots: .entry(entry)))
    }

    @Test("A menu, the local disk, and the least that an entry may have")
    func others() throws {
        #expect(try read(#"{"version":1,"boots":"local"}"#).boots == .local)
        #expect(
            try read(#"{"version":1,"boots":"menu","menu":[{"name":"a"},{"name":"b","title":"B"}]}"#).boots
                == .menu([JoinChoice(name: "a", title: "a"), JoinChoice(name: "b", title: "B")]))
        let least = #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"http://a/k"}}}"#
        #expect(
            try read(least).boots == .entry(JoinEntry(name: "a", title: "a", kernel: JoinArtifact(url: "http://a/k"))))
    }

    @Test(
        "What is missing or odd is named",
        arguments: [
            (#"{"boots":"local"}"#, "lacks 'version'"), (#"{"version":2}"#, "has version 2"),
            (#"{"version":"1"}"#, "'version' in the server's manifest is odd"), (#"{"version":1}"#, "lacks 'boots'"),
            (#"{"version":1,"boots":"entry"}"#, "lacks 'entry'"), (#"{"version":1,"boots":"menu"}"#, "lacks 'menu'"),
            (#"{"version":1,"boots":"tape"}"#, "'tape', where entry"),
            (#"{"version":1,"boots":"entry","entry":{"name":"a"}}"#, "lacks 'entry.kernel'"),
            (#"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{}}}"#, "lacks 'entry.kernel.url'"),
            (
                #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"u"},"initrds":[{"url":"i"},{}]}}"#,
                "lacks 'entry.initrds[1].url'"
            ),
            (
                #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"u","sha256":"12"}}}"#,
                "'entry.kernel.sha256'"
            ),
            (
                #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"u","size":-1}}}"#,
                "'entry.kernel.size'"
            ),
            (
                #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"u"},"cmdline":"a\nb"}}"#,
                "'entry.cmdline'"
            ),
            (
                #"{"version":1,"boots":"entry","entry":{"name":"a","kernel":{"url":"u"},"initramfs":"x"}}"#,
                "'entry.initramfs'"
            ),
            (#"{"version":1,"boots":"local","mac":"x"}"#, "'x' is no MAC address"),
            ("<html>", "a web page (HTML)"), ("", "nothing"), ("[", "text: '['"),
        ])
    func oddities(text: String, words: String) {
        do {
            _ = try read(text)
            Issue.record("taken: \(text)")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }

    @Test("No prefix and no mutation of a manifest traps")
    func fuzz() {
        let bytes = Array(Self.full.utf8)
        for index in bytes.indices {
            #expect(throws: ManifestError.self) { try ManifestReader.read(Array(bytes.prefix(index))) }
            for value: UInt8 in [0, 0x22, 0x2c, 0x7b, 0xff] {
                var mutated = bytes
                mutated[index] = value
                _ = try? ManifestReader.read(mutated)
            }
        }
        #expect(throws: ManifestError.tooLong) {
            try ManifestReader.read([UInt8](repeating: 0x20, count: ManifestReader.limit + 1))
        }
    }
}

@Suite("Asking for the manifest")
struct ManifestClientTests {
    private static let mac = MACAddress(rawValue: 0x5254_0000_0001)
    private static let key = Curve25519.Signing.PrivateKey()
    private static let query = JoinQuery(mac: mac, serial: "A B&C", architecture: "x86_64", platform: "efi")

    /// An honest server's manifest for a request.
    private static func manifest(_ request: String, digest: Bool = true, entry: String = "alpine") -> String {
        let nonce = request.split(separator: " ")[1].split(separator: "&").first { $0.hasPrefix("nonce=") } ?? ""
        let sum = digest ? #","size":1,"sha256":"\#(String(repeating: "0", count: 64))""# : ""
        return #"{"version":1,"mac":"\#(mac)","nonce":"\#(nonce.dropFirst(6))","boots":"entry","#
            + #""entry":{"name":"\#(entry)","kernel":{"url":"http://a/k"\#(sum)}}}"#
    }

    private static func answer(_ request: String, _ text: String) -> LoopbackServer.Answer {
        guard request.hasPrefix("GET /api/v1/join.sig?") else { return .init(body: Array(text.utf8)) }
        return .init(body: Array((try? key.signature(for: Array(text.utf8))) ?? Data()))
    }

    private func ask(
        _ server: LoopbackServer, isTrusting: Bool = true, query: JoinQuery = query, say: (String) -> Void = { _ in }
    ) throws -> JoinManifest {
        let said = Mutex<[String]>([])
        defer { said.withLock { $0 }.forEach(say) }
        return try ManifestClient(
            client: HTTPClient(limits: .short), server: try HTTPURL(server.url("/")),
            trustedKey: isTrusting ? Array(Self.key.publicKey.rawRepresentation) : nil,
            sleep: { pause in said.withLock { $0.append("\(pause)") } },
            say: { words in said.withLock { $0.append(words) } }
        ).manifest(for: query)
    }

    @Test("A signed manifest is taken, and the query tells of this host")
    func signed() throws {
        let server = try LoopbackServer { request, _ in Self.answer(request, Self.manifest(request)) }
        #expect(try ask(server).nonce?.utf8.count == 32)
        #expect(
            server.requests[0].hasPrefix(
                "GET /api/v1/join?mac=52:54:00:00:00:01&serial=A%20B%26C&arch=x86_64&platform=efi&nonce="))
    }

    @Test("A missing or wrong signature is fatal where a key is trusted, and not asked for elsewhere")
    func signatures() throws {
        let altered = try LoopbackServer { request, _ in
            request.contains("join.sig")
                ? Self.answer(request, Self.manifest(request)) : .init(body: Array((Self.manifest(request) + " ").utf8))
        }
        #expect(throws: ManifestError.self) { try ask(altered) }
        #expect(altered.requests.count == 4, "a reload may have come between the two")
        let unsigned = try LoopbackServer { request, _ in
            request.contains("join.sig") ? .init(404, body: Array("no key".utf8)) : Self.answer(request, Self.manifest(request))
        }
        do {
            _ = try ask(unsigned)
            Issue.record("taken")
        } catch { #expect("\(error)".contains("signing-key:")) }
        #expect(try ask(unsigned, isTrusting: false).mac == Self.mac)
        let long = try LoopbackServer { request, _ in
            request.contains("join.sig") ? .init(body: [UInt8](repeating: 1, count: 65)) : Self.answer(request, Self.manifest(request))
        }
        #expect(throws: ManifestError.self) { try ask(long) }
    }

    @Test("A reload between manifest and signature does no harm")
    func reload() throws {
        let server = try LoopbackServer { request, number in
            Self.answer(request, Self.manifest(request, entry: number == 0 ? "old" : "new"))
        }
        guard case .entry(let entry) = try ask(server).boots else { return }
        #expect(entry.name == "new")
    }

    @Test("A manifest of another request, another machine or another entry is refused")
    func mixedUp() throws {
        let old = try LoopbackServer { request, _ in
            Self.answer(request, Self.manifest("GET /?nonce=00 HTTP/1.1"))
        }
        #expect(throws: ManifestError.otherNonce) { try ask(old) }
        #expect(throws: ManifestError.otherNonce) { try ask(old, isTrusting: false) }
        let server = try LoopbackServer { request, _ in Self.answer(request, Self.manifest(request)) }
        var query = Self.query
        query.mac = MACAddress(rawValue: 0x5254_0000_0002)
        #expect(throws: ManifestError.otherMachine("MAC 52:54:00:00:00:01")) { try ask(server, query: query) }
        query = Self.query
        query.entry = "debian"
        #expect(throws: ManifestError.otherEntry(asked: "debian", got: "alpine")) { try ask(server, query: query) }
        let bare = try LoopbackServer { request, _ in Self.answer(request, Self.manifest(request, digest: false)) }
        #expect(throws: ManifestError.unverifiable("http://a/k")) { try ask(bare) }
        #expect(try ask(bare, isTrusting: false).mac == Self.mac)
    }

    @Test("A busy server is waited for, within bounds, and people see why")
    func busy() throws {
        let server = try LoopbackServer { request, number in
            number < 3
                ? .init(503, ["Retry-After: \(number * 20)"], body: Array("computing digests\n".utf8))
                : Self.answer(request, Self.manifest(request))
        }
        var said: [String] = []
        _ = try ask(server) { said.append($0) }
        #expect(said.filter { $0 == "computing digests" }.count == 3)
        #expect(said.filter { $0.hasSuffix("seconds") } == ["1.0 seconds", "10.0 seconds", "10.0 seconds"])
        let never = try LoopbackServer(.init(503, ["Retry-After: 9999"], body: Array("still computing".utf8)))
        #expect(throws: ManifestError.stillBusy(seconds: 120, "still computing")) { try ask(never) }
        #expect(never.requests.count == 13)
    }

    @Test("What the server says when it refuses reaches the user, without control characters")
    func refusals() throws {
        let server = try LoopbackServer(.init(404, body: Array("entries:\nalpine, \u{1b}[31mdebian".utf8)))
        do {
            _ = try ask(server)
            Issue.record("taken")
        } catch { #expect("\(error)" == "the server says: entries:\nalpine, ?[31mdebian") }
    }

    @Test("A report goes out as a query, and a failure comes back as words")
    func reports() throws {
        let server = try LoopbackServer(.init(204), .init(400, body: Array("odd stage".utf8)))
        let client = ReportClient(client: HTTPClient(limits: .short), server: try HTTPURL(server.url("/")))
        #expect(client.report(.loaded, mac: Self.mac, uuid: nil, entry: "a b", detail: "x\ny") == nil)
        #expect(
            server.requests[0].hasPrefix(
                "POST /api/v1/join/report?mac=52:54:00:00:00:01&stage=loaded&entry=a%20b&detail=x%0Ay HTTP/1.1"))
        #expect(server.requests[0].contains("Content-Length: 0"))
        let failure = client.report(.failed, mac: Self.mac, uuid: nil, entry: nil)
        #expect(failure == .refused(status: 400, "odd stage"))
        #expect(failure?.description == "the server's journal did not take a report (400): odd stage")
    }
}
