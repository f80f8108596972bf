import BootCore
import FoundationEssentials
import Kexec
import Testing
import Wire

@testable import JoinCommands

@Suite("The plan of a join")
struct OutlineTests {
    private func outline(jump: Result<JumpMethod?, any Error> = .success(.systemd)) throws -> JoinOutline {
        var identity = HostIdentity(architecture: "x86_64", platform: "efi")
        identity.macs = [try #require(MACAddress("52:54:00:12:34:56"))]
        let entry = JoinEntry(
            name: "debian", title: "Debian 12",
            kernel: JoinArtifact(url: "http://10.0.0.1/linux", byteCount: 5 << 20, sha256: "ab"),
            initrds: [JoinArtifact(url: "http://10.0.0.9/i\u{1b}")])
        return JoinOutline(
            server: "http://10.0.0.1/", identity: identity, uplink: "eth0", entry: entry,
            commandLine: KernelCommandLine("a=\"b c\" quiet"), method: .auto, jump: jump,
            delay: .milliseconds(6500), isTrusted: true)
    }

    @Test("As text")
    func text() throws {
        #expect(
            try outline().text == """
                  server        http://10.0.0.1/ (its signature is good)
                  this host     52:54:00:12:34:56
                  uplink        eth0
                  entry         debian (Debian 12)
                  kernel        http://10.0.0.1/linux  5.0 MiB
                                SHA-256 ab
                  initrd        http://10.0.0.9/i?  size unknown
                                its SHA-256 is not known: it is not verified
                  command line  a="b c" quiet
                  loaded by     kexec_file_load, or kexec_load where that is needed
                  then          systemctl kexec: stop all services, then start the new kernel, after 6.5 s
                """)
    }

    @Test("What cannot be done is said where the jump would be")
    func impossible() throws {
        let text = try outline(jump: .failure(CommandFailure("no way"))).text
        #expect(text.hasSuffix("then          not possible: no way"))
        #expect(
            try outline(jump: .success(nil)).text.hasSuffix("then          stay; the kernel is only loaded"))
    }

    private struct Plan: Decodable, Equatable {
        struct Artifact: Decodable, Equatable {
            var url: String
            var size: Int64?
            var sha256: String?
        }
        struct Preflight: Decodable, Equatable { var verdict: String }

        var server: String?
        var signed: Bool
        var mac: String?
        var entry: String
        var kernel: Artifact
        var initrds: [Artifact]
        var cmdline: String
        var method: String
        var jump: String?
        var problem: String?
        var delay: Double
        var preflight: Preflight
    }

    @Test("As JSON that others can read")
    func json() throws {
        let preflight = PreflightReport(lines: []).json
        let text = try outline().json(preflight: preflight)
        let plan = try JSONDecoder().decode(Plan.self, from: Data(text.utf8))
        #expect(
            plan
                == Plan(
                    server: "http://10.0.0.1/", signed: true, mac: "52:54:00:12:34:56", entry: "debian",
                    kernel: .init(url: "http://10.0.0.1/linux", size: 5 << 20, sha256: "ab"),
                    initrds: [.init(url: "http://10.0.0.9/i\u{1b}")], cmdline: "a=\"b c\" quiet",
                    method: "auto",
                    jump: "systemd", delay: 6.5, preflight: .init(verdict: "pass")))
        #expect(!text.contains("\n"))
        let refused = try outline(jump: .failure(CommandFailure("no \"way\""))).json(preflight: preflight)
        let second = try JSONDecoder().decode(Plan.self, from: Data(refused.utf8))
        #expect(second.jump == nil)
        #expect(second.problem == "no \"way\"")
    }
}
