import BootCore
import Testing
import Wire

@Suite("What a machine boots")
struct BootPolicyTests {
    private func policy(
        machines: [KnownMachine] = [], rules: [BootRule] = [], target: BootTarget = .profile("default"),
        ignoresUnknown: Bool = false
    ) throws -> BootPolicy {
        BootPolicy(
            profiles: [try .kernel("default"), try .kernel("a"), try .kernel("b")], machines: machines,
            rules: rules,
            defaultTarget: target, ignoresUnknown: ignoresUnknown)
    }

    @Test("A machine's own entry goes before every rule, and a rule before the default")
    func precedence() throws {
        let policy = try policy(
            machines: [KnownMachine(mac: mac(1), target: .local), KnownMachine(mac: mac(2))],
            rules: [
                BootRule(selector: Selector(mac: mac(1)), target: .menu),
                BootRule(selector: Selector(mac: mac(2)), target: .menu),
            ])
        let expected: [(BootTarget, PolicySource)] = [
            (.local, .machine), (.menu, .rule(index: 1)), (.profile("default"), .defaultTarget),
        ]
        for (number, (target, source)) in zip(1..., expected) {
            let found = policy.target(for: Machine(mac: mac(UInt8(number))))
            #expect(found?.target == target)
            #expect(found?.source == source)
        }
    }

    private static let uuid = SystemUUID("12345678-9abc-def0-1122-334455667788")

    /// From the most specific to the least; each must win over all that follow.
    private static let selectors = [
        Selector(mac: mac(1)),
        Selector(uuid: uuid),
        Selector(hostname: "node1"),
        Selector(hostname: "node*"),
        Selector(hostname: "n*"),
        Selector(subnet: IPv4Network("10.0.0.0/28")),
        Selector(subnet: IPv4Network("10.0.0.0/24")),
        Selector(platform: .bios),
        Selector(),
    ]

    @Test("The most specific rule wins, wherever it stands", arguments: 0..<8)
    func specificity(winner: Int) throws {
        let machine = Machine(
            mac: mac(1), uuid: Self.uuid, platform: .bios, hostname: "node1",
            address: IPv4Address(10, 0, 0, 9))
        let rest = Self.selectors[winner...].reversed().map { BootRule(selector: $0, target: .menu) }
        let backwards = try policy(rules: Array(rest)).target(for: machine)
        #expect(backwards?.source == .rule(index: rest.count - 1))
        let forwards = try policy(rules: rest.reversed()).target(for: machine)
        #expect(forwards?.source == .rule(index: 0))
    }

    @Test("Of two equally specific rules the earlier wins")
    func tie() throws {
        let rules = [
            BootRule(selector: Selector(platform: .uefiX64), target: .menu),
            BootRule(selector: Selector(platform: .bios), target: .profile("a")),
            BootRule(selector: Selector(platform: .bios), target: .profile("b")),
        ]
        let target = try policy(rules: rules).target(for: Machine(mac: mac(1), platform: .bios))
        #expect(target?.target == .profile("a"))
        #expect(target?.source == .rule(index: 1))
    }

    @Test("Everything that a selector names must match")
    func selectors() {
        let machine = Machine(
            mac: mac(1), platform: .bios, hostname: "Node1", address: IPv4Address(10, 0, 0, 9))
        #expect(Selector(mac: mac(1), hostname: "node1", platform: .bios).matches(machine))
        #expect(!Selector(mac: mac(1), platform: .uefiX64).matches(machine))
        #expect(!Selector(uuid: Self.uuid).matches(machine))
        #expect(!Selector(hostname: "node").matches(machine))
        #expect(Selector(hostname: "NODE*").matches(machine))
        #expect(!Selector(hostname: "*").matches(Machine(mac: mac(1))))
        #expect(!Selector(subnet: IPv4Network("10.0.0.0/24")).matches(Machine(mac: mac(1))))
        #expect(!Selector(subnet: IPv4Network("10.0.1.0/24")).matches(machine))
    }

    @Test("A UUID names its machine in either byte order, in entries and in rules")
    func uuid() throws {
        let uuid = try #require(Self.uuid)
        let byEntry = try policy(machines: [KnownMachine(uuid: uuid, target: .local)])
        let byRule = try policy(rules: [BootRule(selector: Selector(uuid: uuid), target: .local)])
        for spelling in [uuid, uuid.swapped] {
            #expect(byEntry.target(for: Machine(uuid: spelling))?.source == .machine)
            #expect(byRule.target(for: Machine(uuid: spelling))?.source == .rule(index: 0))
        }
    }

    @Test("A UUID of zeros or ones names nobody")
    func meaninglessUUID() throws {
        let zeros = try #require(SystemUUID(bytes: Array(repeating: 0, count: 16)))
        let policy = try policy(machines: [KnownMachine(uuid: zeros, target: .local)])
        #expect(policy.target(for: Machine(mac: mac(1), uuid: zeros))?.source == .defaultTarget)
    }

    @Test("An entry with a MAC is not another machine's for having the same UUID")
    func sharedUUID() throws {
        let policy = try policy(machines: [KnownMachine(mac: mac(1), uuid: Self.uuid, target: .local)])
        #expect(policy.target(for: Machine(mac: mac(2), uuid: Self.uuid))?.source == .defaultTarget)
        #expect(policy.target(for: Machine(uuid: Self.uuid))?.source == .machine)
    }

    @Test("Unknown machines get no answer when the configuration says so, and named ones do")
    func ignoresUnknown() throws {
        let policy = try policy(
            machines: [KnownMachine(mac: mac(1))],
            rules: [BootRule(selector: Selector(hostname: "lab-*"), target: .menu)], ignoresUnknown: true)
        #expect(policy.target(for: Machine(mac: mac(9))) == nil)
        #expect(policy.entry(for: Machine(mac: mac(9)), from: location) == nil)
        #expect(
            policy.nextStep(for: Machine(mac: mac(9), platform: .bios, stage: .firmware))
                == .silence(.unknownMachine))
        #expect(policy.target(for: Machine(mac: mac(1)))?.source == .defaultTarget)
        #expect(policy.target(for: Machine(mac: mac(9), hostname: "lab-1"))?.source == .rule(index: 0))
    }

    @Test("The name in the configuration goes before the machine's own, in rules too")
    func configuredName() throws {
        let policy = try policy(
            machines: [KnownMachine(mac: mac(1), hostname: "node1")],
            rules: [BootRule(selector: Selector(hostname: "node*"), target: .menu)])
        #expect(policy.target(for: Machine(mac: mac(1), hostname: "mallory"))?.target == .menu)
        #expect(policy.named(Machine(mac: mac(1), hostname: "mallory")).hostname == "node1")
    }
}

@Suite("The next step of a boot")
struct NextStepTests {
    private let ipxe = LoaderStage.ipxe(IPXEFeatures(http: true))
    private let poorIPXE = LoaderStage.ipxe(IPXEFeatures(http: false))

    private func policy(_ target: BootTarget, localBoot: LocalBootMethod = .exit) throws -> BootPolicy {
        BootPolicy(
            profiles: [
                try .kernel("linux"), Profile(name: "pxelinux", loaders: [.bios: "bios/lpxelinux.0"]),
            ],
            defaultTarget: target, localBoot: localBoot)
    }

    private func step(
        _ target: BootTarget, _ platform: Platform?, _ stage: LoaderStage, transport: BootTransport = .tftp,
        localBoot: LocalBootMethod = .exit
    ) throws -> BootStep {
        try policy(target, localBoot: localBoot).nextStep(
            for: Machine(mac: mac(1), platform: platform, transport: transport, stage: stage))
    }

    @Test("Firmware gets iPXE for its platform, and iPXE the script")
    func chain() throws {
        #expect(try step(.profile("linux"), .bios, .firmware) == .loader("undionly.kpxe", over: .tftp))
        #expect(
            try step(.profile("linux"), .uefiX64, .firmware, transport: .http)
                == .loader("snponly.efi", over: .http))
        #expect(try step(.profile("linux"), .bios, ipxe) == .script)
        #expect(try step(.menu, .bios, .gpxe) == .script)
        #expect(try step(.profile("linux"), .bios, poorIPXE) == .loader("undionly.kpxe", over: .tftp))
    }

    @Test("A profile's own loader takes iPXE's place on its platform alone")
    func ownLoader() throws {
        #expect(try step(.profile("pxelinux"), .bios, .firmware) == .loader("bios/lpxelinux.0", over: .tftp))
        #expect(try step(.profile("pxelinux"), .bios, ipxe) == .loader("bios/lpxelinux.0", over: .tftp))
        #expect(try step(.profile("pxelinux"), .uefiX64, .firmware) == .loader("snponly.efi", over: .tftp))
    }

    @Test("An operating system, or a platform without a loader, gets an address alone")
    func addressOnly() throws {
        #expect(try step(.menu, nil, .operatingSystem) == .addressOnly(.notABootClient))
        #expect(try step(.menu, nil, .firmware) == .addressOnly(.unknownPlatform))
        #expect(try step(.menu, .uefiRISCV64, .firmware) == .addressOnly(.noLoader(.uefiRISCV64)))
    }

    @Test("Local boot is told to each firmware in the way that it understands")
    func local() throws {
        #expect(try step(.local, .bios, .firmware) == .localDisk(.noBootFile))
        #expect(try step(.local, .uefiX64, .firmware) == .localDisk(.refusedBootFile))
        #expect(try step(.local, .bios, ipxe) == .script)
        #expect(try step(.local, .bios, ipxe, localBoot: .sanboot) == .script)
        #expect(try step(.local, .bios, ipxe, localBoot: .noBootFile) == .localDisk(.noBootFile))
    }
}
