import BootCore
import Testing
import Wire

@Suite("What a live host is told")
struct JoinAnswerTests {
    private func answer(
        for machine: Machine = Machine(mac: mac(1), address: IPv4Address(10, 0, 0, 9)),
        entry: String? = nil, _ change: (inout PolicyParts) throws -> Void = { _ in }
    ) throws -> JoinAnswer {
        var parts = PolicyParts(profiles: [try .kernel("debian", title: "Debian 12"), try .kernel("alpine")])
        parts.profiles.append(Profile(name: "pxelinux", loaders: [.bios: "lpxelinux.0"]))
        try change(&parts)
        let policy = BootPolicy(
            profiles: parts.profiles, machines: parts.machines, rules: parts.rules,
            defaultTarget: parts.target, ignoresUnknown: parts.ignoresUnknown)
        return try policy.joinAnswer(for: machine, entry: entry, nonce: "00ff", from: location)
    }

    private struct PolicyParts {
        var profiles: [Profile]
        var machines: [KnownMachine] = []
        var rules: [BootRule] = []
        var target = BootTarget.profile("debian")
        var ignoresUnknown = false
    }

    @Test("The entry is the very one that iPXE's script boots")
    func sameAsScript() throws {
        let text = "m={MAC} i={ip} h={hostname} v={disk} {http}/x {server}"
        let profile = try Profile.kernel(
            "a", initrds: ["one two", "http://o/three"], commandLine: text, vars: ["disk": "sda"])
        let known = KnownMachine(mac: mac(1), hostname: "n1", target: .profile("a"), vars: ["disk": "vda"])
        let machine = Machine(mac: mac(1), hostname: "its-own", address: IPv4Address(10, 0, 0, 9))
        let policy = BootPolicy(profiles: [profile], machines: [known], defaultTarget: .local)
        guard case .boot(let resolved) = policy.entry(for: machine, from: location),
            case .kernel(let url, let initrds, let commandLine) = resolved.start
        else {
            Issue.record("no kernel")
            return
        }
        let answer = try policy.joinAnswer(for: machine, entry: nil, nonce: nil, from: location)
        #expect(
            answer.manifest
                == JoinManifest(
                    mac: mac(1), hostname: "n1",
                    boots: .entry(
                        JoinEntry(
                            name: "a", title: "a", kernel: JoinArtifact(url: url),
                            initrds: initrds.map { JoinArtifact(url: $0) }, commandLine: commandLine))))
        #expect(answer.files == ["linux", "one two", "http://o/three"])
    }

    @Test("Machines, rules and the default choose as they do for firmware; the nonce comes back")
    func targets() throws {
        #expect(try answer().manifest.boots.name == "debian")
        #expect(try answer().manifest.nonce == "00ff")
        #expect(try answer { $0.target = .local }.manifest.boots == .local)
        let menu = try answer { $0.target = .menu }
        #expect(
            menu.manifest.boots
                == .menu([
                    JoinChoice(name: "debian", title: "Debian 12"),
                    JoinChoice(name: "alpine", title: "alpine"),
                ]))
        #expect(menu.files == [])
        let byRule = try answer {
            $0.rules = [BootRule(selector: Selector(mac: mac(1)), target: .profile("alpine"))]
        }
        #expect(byRule.manifest.boots.name == "alpine")
        let byUUID = try #require(SystemUUID("12345678-9abc-def0-1122-334455667788"))
        let swapped = try answer(for: Machine(uuid: byUUID.swapped)) {
            $0.machines = [KnownMachine(uuid: byUUID, target: .profile("alpine"))]
        }
        #expect(swapped.manifest.boots.name == "alpine")
    }

    @Test("Any profile with a kernel may be chosen by its name, even where firmware starts a loader instead")
    func choice() throws {
        #expect(try answer(entry: "alpine").manifest.boots.name == "alpine")
        #expect(try answer(entry: "alpine") { $0.target = .local }.manifest.boots.name == "alpine")
        let both = try answer(for: Machine(mac: mac(1), platform: .bios), entry: "both") {
            $0.profiles.append(try .kernel("both", loaders: [.bios: "x.0"]))
        }
        #expect(both.manifest.boots.name == "both")
    }

    @Test("What cannot be joined is refused with what there is instead")
    func refusals() throws {
        let known = ["debian", "alpine"]
        #expect(throws: JoinRefusal.unknownEntry("x", known: known)) { try answer(entry: "x") }
        #expect(throws: JoinRefusal.unknownEntry("menu", known: known)) { try answer(entry: "menu") }
        #expect(throws: JoinRefusal.onlyLoader("pxelinux", known: known)) { try answer(entry: "pxelinux") }
        #expect(throws: JoinRefusal.onlyLoader("pxelinux", known: known)) {
            try answer { $0.target = .profile("pxelinux") }
        }
        for entry in [nil, "alpine"] {
            #expect(throws: JoinRefusal.unknownMachine) {
                try answer(entry: entry) { $0.ignoresUnknown = true }
            }
        }
        #expect(
            JoinRefusal.unknownEntry("a\nb\u{1b}", known: []).words
                == "There is no entry 'a?b?'; there are: none.")
    }

    @Test(
        "iPXE's own settings are filled in as iPXE would, and what nobody knows is listed",
        arguments: [
            ("${mac} ${net0/mac} ${netX/mac:hexhyp} ${mac:hexraw}", Self.macForms, []),
            ("${uuid}|${serial}|${asset}", "12345678-9abc-def0-1122-334455667788|S1|A/7", ["${asset}"]),
            ("${ip} ${net0/ip} ${next-server}", "10.0.0.9 10.0.0.9 10.0.0.1", []),
            ("${platform}/${buildarch}/${hostname}", "efi/x86_64/n1", []),
            ("${net1/mac} ${net0/serial} ${foo} ${foo}", nil, ["${net1/mac}", "${net0/serial}", "${foo}"]),
            ("${mac:x} ${uuid:hex} ${}", nil, ["${mac:x}", "${uuid:hex}", "${}"]),
            ("a${mac", nil, []), ("${", nil, []), ("$mac {{mac}}", "$mac {mac}", []), ("", "", []),
            ("${a:${mac}}", nil, ["${a:${mac}"]),
        ] as [(String, String?, [String])])
    func settings(text: String, expected: String?, unresolved: [String]) throws {
        let machine = Machine(
            mac: mac(0xab), uuid: SystemUUID("12345678-9abc-def0-1122-334455667788"), serial: "S 1$",
            asset: unresolved == ["${asset}"] ? nil : "A", platform: .uefiX64, hostname: "n1",
            address: IPv4Address(10, 0, 0, 9))
        let answer = try answer(for: machine) { $0.profiles = [try .kernel("debian", commandLine: text)] }
        let entry = try #require(answer.manifest.boots.entry)
        let wanted = unresolved == ["${asset}"] ? expected?.replacingEnd("A/7", with: "${asset}") : expected
        #expect(entry.commandLine == wanted ?? text)
        #expect(entry.unresolved == unresolved)
    }

    private static let macForms =
        "52:54:00:00:00:ab 52:54:00:00:00:ab 52-54-00-00-00-ab 5254000000ab"

    @Test("URLs elsewhere have iPXE's settings, paths in the tree have none")
    func urls() throws {
        let answer = try answer(for: Machine(mac: mac(1), platform: .bios)) {
            $0.profiles = [
                try .kernel(
                    "debian", kernel: "http://o/${buildarch}/linux", initrds: ["a/${mac}", "ftp://x/${y}"])
            ]
        }
        let entry = try #require(answer.manifest.boots.entry)
        #expect(entry.kernel.url == "http://o/i386/linux")
        #expect(entry.initrds.map(\.url) == ["http://10.0.0.1/a/$%7Bmac%7D", "ftp://x/${y}"])
        #expect(entry.unresolved == ["${y}"])
    }

    @Test("The platforms' names are those from which iPXE's are read")
    func platformNames() throws {
        for platform in Platform.allCases {
            let machine = Machine(mac: mac(1), platform: platform)
            let answer = try answer(for: machine) {
                $0.profiles = [try .kernel("debian", commandLine: "${platform} ${buildarch}")]
            }
            let words = try #require(answer.manifest.boots.entry).commandLine.split(separator: " ").map(
                String.init)
            guard !words[0].hasPrefix("$") else { continue }
            #expect(Platform(ipxePlatform: words[0], buildArchitecture: words[1]) == platform)
        }
    }

    @Test(
        "Whose initrd it is shows in the command line",
        arguments: [
            ("quiet", true, InitramfsDialect.initramfsTools), ("", true, .initramfsTools),
            ("modloop=http://x/m", true, .alpine), ("ip=dhcp apkovl=x", true, .alpine),
            ("alpine_repo=auto", true, .alpine), ("alpine_dev=sda", true, .alpine),
            ("rd.neednet=1", true, .dracut), ("quiet inst.stage2=x", true, .dracut),
            ("root=live:http://x", true, .dracut), ("root=LABEL=live:", true, .initramfsTools),
            ("init=/nix/store/x/init rd.systemd.debug_shell", true, .nixos),
            ("modloop=x", false, InitramfsDialect.none), ("nomodloop=1 hard.d", true, .initramfsTools),
        ])
    func dialects(text: String, hasInitrd: Bool, dialect: InitramfsDialect) throws {
        #expect(InitramfsDialect.guessed(commandLine: text, hasInitrd: hasInitrd) == dialect)
        let answer = try answer {
            $0.profiles = [try .kernel("debian", initrds: hasInitrd ? ["i"] : [], commandLine: text)]
        }
        #expect(answer.manifest.boots.entry?.initramfs == dialect)
    }

    @Test("The configuration's word on the initrd goes before the guess")
    func statedDialect() throws {
        let kernel = KernelEntry(
            kernel: "k", initrds: ["i"], commandLine: try Template("modloop=x"), initramfs: .dracut)
        let answer = try answer { $0.profiles = [Profile(name: "debian", kernel: kernel)] }
        #expect(answer.manifest.boots.entry?.initramfs == .dracut)
    }

    @Test("The JSON is the same bytes for the same manifest, and leaves out what is not known")
    func json() {
        #expect(JoinManifest(boots: .local).json == #"{"version":1,"boots":"local"}"#)
        #expect(
            JoinManifest(mac: mac(1), boots: .menu([JoinChoice(name: "a", title: "A \"1\"")])).json
                == #"{"version":1,"mac":"52:54:00:00:00:01","boots":"menu","menu":[{"name":"a","title":"A \"1\""}]}"#
        )
        let entry = JoinEntry(
            name: "a", title: "A", kernel: JoinArtifact(url: "http://k", byteCount: 7, sha256: "00ff"),
            initrds: [JoinArtifact(url: "http://i")], commandLine: "x\ty\\", unresolved: ["${z}"],
            initramfs: .dracut)
        let manifest = JoinManifest(
            mac: mac(2), uuid: SystemUUID("12345678-9abc-def0-1122-334455667788"), hostname: "n1",
            nonce: "ab", boots: .entry(entry))
        #expect(
            manifest.json
                == #"{"version":1,"mac":"52:54:00:00:00:02","uuid":"12345678-9abc-def0-1122-334455667788","#
                + #""hostname":"n1","nonce":"ab","boots":"entry","entry":{"name":"a","title":"A","#
                + #""kernel":{"url":"http://k","size":7,"sha256":"00ff"},"initrds":[{"url":"http://i"}],"#
                + #""cmdline":"x\ty\\","unresolved":["${z}"],"initramfs":"dracut"}}"#)
    }
}

extension JoinManifest.Boots {
    fileprivate var entry: JoinEntry? {
        guard case .entry(let entry) = self else { return nil }
        return entry
    }

    fileprivate var name: String? { entry?.name }
}

extension String {
    fileprivate func replacingEnd(_ end: String, with other: String) -> String {
        hasSuffix(end) ? dropLast(end.count) + other : self
    }
}
