import ArgumentParser
import BootCore
import Kexec
import TestSupport
import Testing
import Wire

@testable import JoinCommands

/// What the words come to, as `kexec-join` reads them.
func request(_ words: String..., file: [JoinSettingsFile.Key: String] = [:]) throws -> JoinRequest {
    let command = try #require(try JoinCommand.parseAsRoot(words) as? JoinCommand)
    return try JoinRequest(
        command.server, command.artifacts, command.line, command.jump, command.checks,
        isForService: command.forService, file: JoinSettingsFile(values: file))
}

/// Why they come to nothing.
func complaint(_ words: String..., file: [JoinSettingsFile.Key: String] = [:]) -> String {
    do {
        let command = try #require(try JoinCommand.parseAsRoot(words) as? JoinCommand)
        _ = try JoinRequest(
            command.server, command.artifacts, command.line, command.jump, command.checks,
            isForService: command.forService, file: JoinSettingsFile(values: file))
        return "nothing"
    } catch let failure as CommandFailure {
        return failure.reason
    } catch { return JoinCommand.message(for: error) }
}

@Suite("Options of kexec-join")
struct OptionTests {
    private static let key = String(repeating: "ab", count: 32)

    @Test("What an option says goes before join.yaml; words to append are both's")
    func order() throws {
        let file: [JoinSettingsFile.Key: String] = [
            .server: "http://10.0.0.1", .entry: "rescue", .interface: "eth1", .append: "quiet", .ip: "static",
            .reuseCommandLine: "all", .trustKey: Self.key,
        ]
        let plain = try request(file: file)
        #expect(plain.server == "http://10.0.0.1")
        #expect(plain.entry == "rescue")
        #expect(plain.interface == "eth1")
        #expect(plain.append == ["quiet"])
        #expect(plain.ip == .static)
        #expect(plain.reuse == .all)
        #expect(plain.trustedKey == [UInt8](repeating: 0xab, count: 32))
        let told = try request(
            "--server", "http://10.0.0.2", "--entry=debian", "--append=debug", "--ip", "dhcp",
            "--reuse-cmdline", "--interface", "eth2", file: file)
        #expect(told.server == "http://10.0.0.2")
        #expect(told.entry == "debian")
        #expect(told.interface == "eth2")
        #expect(told.append == ["quiet", "debug"])
        #expect(told.ip == .dhcp)
        #expect(told.reuse == .allowlist)
        // Whom nobody asks for an entry is not told how it went.
        #expect(
            try request("--kernel", "http://10.0.0.3/linux", file: [.server: "http://10.0.0.1"]).server == nil
        )
    }

    @Test(
        "--reuse-cmdline takes a value wherever it stands",
        arguments: [
            (["--reuse-cmdline=all", "--dry-run"], CommandLineReuse.all), (["--reuse-cmdline=all"], .all),
            (["--reuse-cmdline", "all", "--yes"], .all), (["--reuse-cmdline", "--dry-run"], .allowlist),
            (["--dry-run", "--reuse-cmdline"], .allowlist), (["--dry-run"], .none),
        ])
    func reuse(words: [String], reuse: CommandLineReuse) throws {
        let command = try #require(try JoinCommand.parseAsRoot(words) as? JoinCommand)
        #expect(CommandLineReuse(rawValue: command.line.reuseCommandLine ?? "none") == reuse)
    }

    @Test("What makes no sense is refused in words")
    func complaints() {
        #expect(
            complaint("--reuse-cmdline=some", "--dry-run")
                == "--reuse-cmdline: found 'some'; expected nothing, or all")
        #expect(complaint("--method", "x") == "--method: found 'x'; expected auto, file or segments")
        #expect(complaint("--json") == "--json goes with --dry-run")
        #expect(complaint("--now", "--load-only").contains("--load-only and --now do not go together."))
        #expect(complaint("--unload", "--execute").contains("--unload and --execute do not go together."))
        #expect(complaint("--install-service", "upstart").contains("'upstart' is invalid"))
        #expect(complaint("--delay", "3h").contains("'3h' is invalid"))
        #expect(complaint("--trust-key", "/nonexistent/key").contains("/nonexistent/key"))
        #expect(complaint("--ip", "") != "nothing")
        #expect(
            complaint("--kernel", "http://x/l", "--entry", "e")
                == "--entry is about a server's entry, and --kernel or --netboot is in place of one")
    }

    @Test("A trusted key is hexadecimal, or in a file; the private one is refused")
    func keys() throws {
        let folder = try TemporaryFolder()
        let bytes = [UInt8](repeating: 0xab, count: 32)
        let publicKey = try #require(SigningKeyFile(.publicKey, bytes: bytes))
        let privateKey = try #require(SigningKeyFile(.privateKey, bytes: bytes))
        try folder.write("key.pub", publicKey.text)
        try folder.write("key", privateKey.text)
        #expect(try request("--trust-key", folder.path + "/key.pub").trustedKey == bytes)
        #expect(try request("--trust-key", Self.key).trustedKey == bytes)
        #expect(complaint("--trust-key", folder.path + "/key").contains("this is the private key"))
    }

    @Test(
        "Delays have a unit, or are seconds, and end within a day",
        arguments: [
            ("6s", .seconds(6)), ("6", .seconds(6)), ("500ms", .milliseconds(500)), ("2m", .seconds(120)),
            ("0", .zero), ("86400", .seconds(86_400)), ("86401", nil), ("1441m", nil), ("-1", nil),
            ("s", nil),
            ("1h", nil), ("99999999999999999999", nil), ("", nil),
        ] as [(String, Duration?)])
    func delays(text: String, duration: Duration?) {
        #expect(DelayArgument(argument: text)?.duration == duration)
    }

    @Test("Services are told all that this join was told")
    func serviceOptions() throws {
        let words = [
            "--install-service", "systemd", "--server", "http://10.0.0.1", "--append=a b",
            "--reuse-cmdline=all",
            "--kernel", "http://x/l", "--initrd", "http://x/1", "--initrd", "http://x/2", "--cmdline",
            "quiet",
            "--initramfs", "dracut",
        ]
        let command = try #require(try JoinCommand.parseAsRoot(words) as? JoinCommand)
        #expect(
            command.serviceOptions == [
                "--server=http://10.0.0.1", "--append=a b", "--reuse-cmdline=all", "--kernel=http://x/l",
                "--cmdline=quiet", "--initramfs=dracut", "--initrd=http://x/1", "--initrd=http://x/2",
            ])
        let again = try #require(
            try JoinCommand.parseAsRoot(command.serviceOptions + ["--for-service"]) as? JoinCommand)
        #expect(again.artifacts.initrd == ["http://x/1", "http://x/2"])
        #expect(again.forService)
    }
}

@Suite("Artifacts by hand")
struct HandmadeEntryTests {
    private static let digest = String(repeating: "0a", count: 32)

    @Test("Options that do not go together are refused in words")
    func complaints() {
        #expect(
            complaint("--initrd", "http://x/i")
                == "--initrd, --sha256 and --sha256sums go with --kernel or --netboot")
        #expect(complaint("--kernel", "http://x/l", "--netboot", "http://x/n").contains("do not go with it"))
        #expect(complaint("--netboot", "http://x/n", "--initrd", "http://x/i").contains("do not go with it"))
        #expect(
            complaint("--kernel", "http://x/l", "--initrd", "http://x/i", "--sha256", Self.digest)
                == "there are 2 files and 1 times --sha256; each file needs its own")
        #expect(complaint("--kernel", "http://x/l", "--sha256", "12").contains("64 hexadecimal digits"))
        #expect(
            complaint("--kernel", "http://x/l", "--initramfs", "mkinitcpio").hasPrefix(
                "--initramfs: found 'mkinitcpio'; expected one of "))
        #expect(complaint("--kernel", "https://x/l").contains("http alone"))
    }

    @Test("Files are in the order of their options, each with its digest")
    func entry() throws {
        let made = try #require(
            try request(
                "--kernel", "http://x/linux", "--initrd", "http://x/1", "--cmdline", "quiet", "--initramfs",
                "alpine", "--sha256", Self.digest, "--sha256", Self.digest.uppercased()
            ).artifacts)
        let entry = try made.entry(client: HTTPClient())
        #expect(entry.name == "linux")
        #expect(entry.kernel.url == "http://x/linux")
        #expect(entry.kernel.sha256 == Self.digest)
        #expect(entry.initrds.map(\.url) == ["http://x/1"])
        #expect(entry.initrds.map(\.sha256) == [Self.digest])
        #expect(entry.commandLine == "quiet")
        #expect(entry.initramfs == .alpine)
        let alone = try #require(try request("--kernel", "http://x/memtest").artifacts)
        #expect(try alone.entry(client: HTTPClient()).initramfs == .none)
    }
}
