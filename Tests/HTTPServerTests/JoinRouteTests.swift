import BootCore
import Crypto
import Testing
import Wire

@testable import HTTPServer

@Suite("The manifest's route")
struct JoinRouteTests {
    private static let query = "/api/v1/join?mac=52:54:00:12:34:56&arch=x86_64&platform=efi"

    @Test("It is 503 until the digests are there, and then has size and SHA-256 of the server's own files")
    func digests() throws {
        let host = try LiveHostRoutes()
        host.routes.prepareDigests()
        let early = host.ask(Self.query)
        #expect(early.status == 503 && early.value(of: "Retry-After") == "1")
        #expect(early.text == "Not yet: the digest of linux is not computed yet. Ask again in a second.\n")
        host.computeDigests()
        let reply = host.ask(Self.query + "&nonce=0aF")
        #expect(reply.status == 200)
        #expect(reply.headers.map(\.value) == ["application/json", "no-store"])
        #expect(reply.event == .join(boots: "profile debian", isSignature: false, ignored: []))
        let (kernel, initrd) = (Self.sha256("kernel"), Self.sha256("initrd"))
        #expect(
            reply.text
                == #"{"version":1,"mac":"52:54:00:12:34:56","nonce":"0aF","boots":"entry","entry":{"name":"debian","#
                + #""title":"debian","kernel":{"url":"http://10.0.0.1/linux","size":6,"sha256":"\#(kernel)"},"#
                + #""initrds":[{"url":"http://10.0.0.1/initrd","size":6,"sha256":"\#(initrd)"},"#
                + #"{"url":"http://other/x"}],"cmdline":"m=52:54:00:12:34:56 h= s= ${foo}","#
                + #""unresolved":["${foo}"],"initramfs":"initramfs-tools"}}"# + "\n")
    }

    private static func sha256(_ text: String) -> String {
        hexadecimal(SHA256.hash(data: Array(text.utf8)))
    }

    @Test("A file that has changed is hashed again")
    func changed() throws {
        let host = try LiveHostRoutes()
        #expect(host.ask(Self.query).status == 503)
        host.routes.prepareDigests()
        host.computeDigests()
        #expect(host.ask(Self.query).status == 200)
        try host.write("another kernel", to: "linux")
        #expect(host.ask(Self.query).status == 503)
        host.computeDigests()
        #expect(
            host.ask(Self.query).text.contains(#""size":14,"sha256":"\#(Self.sha256("another kernel"))""#))
    }

    @Test("A file that is missing is told with the entry that needs it")
    func missing() throws {
        let host = try LiveHostRoutes(files: ["linux": []])
        host.routes.prepareDigests()
        host.computeDigests()
        let reply = host.ask(Self.query)
        #expect(reply.status == 404)
        #expect(reply.text == "The entry 'debian' needs initrd, which is not there.\n")
    }

    @Test("The signature is over the very bytes of the same query, and there is none without a key")
    func signature() throws {
        let pair = SigningKey.generate()
        let host = try LiveHostRoutes(key: SigningKey(seed: pair.seed))
        host.routes.prepareDigests()
        let query = "?mac=52:54:00:12:34:56&nonce=00"
        #expect(host.ask("/api/v1/join.sig" + query).status == 503)
        host.computeDigests()
        guard case .bytes(let manifest) = host.ask("/api/v1/join" + query).body,
            case .bytes(let signature) = host.ask("/api/v1/join.sig" + query).body
        else {
            Issue.record("no bytes")
            return
        }
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: pair.publicKey)
        #expect(signature.count == 64 && key.isValidSignature(signature, for: manifest))
        #expect(!key.isValidSignature(signature, for: manifest + [0]))
        #expect(host.ask("/api/v1/join.sig" + query + "&entry=none").status == 404)
        let unsigned = try LiveHostRoutes()
        #expect(unsigned.ask("/api/v1/join.sig" + query).status == 404)
    }

    @Test("The key signs as RFC 8032 §7.1 says (test 1)")
    func knownSignature() throws {
        let seed = try #require(
            hexadecimalBytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
        #expect(
            try #require(SigningKey(seed: seed)?.signature(of: [])).map { $0 }
                == hexadecimalBytes(
                    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                        + "d25bf5f0595bbe24655141438e7a100b"))
        #expect(SigningKey(seed: Array(seed.dropLast())) == nil)
    }

    @Test("A host that names its MAC is never taken for who had its address before")
    func identity() throws {
        let host = try LiveHostRoutes(target: .menu)
        let before = Machine(
            mac: MACAddress(rawValue: 0x5254_0000_0001), serial: "old", hostname: "old", address: host.client)
        let own = host.ask("/api/v1/join?mac=52:54:00:12:34:56", known: before)
        #expect(own.machine == Machine(mac: LiveHostRoutes.mac))
        let nameless = Machine(serial: "old", hostname: "old", address: host.client)
        #expect(host.ask("/api/v1/join?mac=525400123456", known: nameless).machine?.serial == nil)
        #expect(host.ask("/api/v1/join", known: before).machine?.mac == before.mac)
        let same = Machine(mac: LiveHostRoutes.mac, serial: "S1", address: host.client)
        #expect(host.ask("/api/v1/join?mac=525400123456", known: same).machine?.serial == "S1")
        #expect(host.ask("/api/v1/join?hostname=web1", known: same).machine?.hostname == "web1")
        #expect(
            host.ask("/api/v1/join?hostname=a%20b&mac=zz&arch=vax&serial=%0A").event
                == .join(
                    boots: "menu", isSignature: false,
                    ignored: ["mac=zz", "serial=?", "hostname=a b", "platform= arch=vax"]))
    }

    @Test(
        "What cannot be is refused in one line",
        arguments: [
            ("entry=none", 404, "There is no entry 'none'; there are: debian.\n"),
            ("entry=", 404, "There is no entry ''; there are: debian.\n"),
            ("nonce=", 400, "The nonce is not 1 to 64 hexadecimal digits.\n"),
            ("nonce=0g", 400, "The nonce is not 1 to 64 hexadecimal digits.\n"),
            (
                "nonce=\(String(repeating: "0", count: 65))", 400,
                "The nonce is not 1 to 64 hexadecimal digits.\n"
            ),
        ])
    func refusals(query: String, status: Int, text: String) throws {
        let reply = try LiveHostRoutes().ask("/api/v1/join?" + query)
        #expect(reply.status == status)
        #expect(reply.text == text)
    }

    @Test("A profile without a kernel is 409, an ignored machine 404, the local disk no refusal at all")
    func others() throws {
        #expect(try LiveHostRoutes().ask("/api/v1/join?entry=grub").status == 409)
        let strict = try LiveHostRoutes(ignoresUnknown: true, target: .local)
        #expect(strict.ask("/api/v1/join?mac=525400000001&entry=debian").status == 404)
        #expect(
            strict.ask("/api/v1/join?mac=525400123456").text
                == #"{"version":1,"mac":"52:54:00:12:34:56","boots":"local"}"# + "\n")
    }
}
