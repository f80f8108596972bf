import BootCore
import Configuration
import Testing
import Wire

@Suite("Machines, rules and the targets they name")
struct MachineTests {
    /// The errors of lines that follow `base`, whose first is line 10.
    private func errorsAfterBase(_ lines: String) -> [String] {
        errors(in: base + lines + "\n").map { String($0.trimmingPrefix("netbootd.yaml:")) }
    }

    @Test("Everything that must be one machine's alone is told with the first place")
    func duplicates() {
        let lines = """
            machines:
              - {mac: 525400000001, hostname: a, address: 10.0.0.1}
              - {mac: 52-54-00-00-00-01, hostname: A, address: 10.0.0.1}
              - {uuid: 12345678-9abc-def0-1234-56789abcdef0}
              - {uuid: 78563412-bc9a-f0de-1234-56789abcdef0}
            """
        #expect(
            errorsAfterBase(lines) == [
                "12:11: machines[1].mac: 52:54:00:00:00:01 is there already, at line 11, column 11",
                "12:40: machines[1].hostname: A is there already, at line 11, column 35",
                "12:52: machines[1].address: 10.0.0.1 is there already, at line 11, column 47",
                "14:12: machines[3].uuid: 78563412-bc9a-f0de-1234-56789abcdef0 is there already, at line 13,"
                    + " column 12",
            ])
    }

    @Test(
        "What a machine may not say",
        arguments: [
            ("{hostname: a}", "5: machines[0]: a machine needs 'mac' or 'uuid' to be known by"),
            ("node1", "5: machines[0]: found 'node1'; expected a mapping of keys and values"),
            (
                "{mac: 52:54:00:12:34}",
                "11: machines[0].mac: found '52:54:00:12:34'; expected a machine's MAC address, such as"
                    + " 52:54:00:12:34:56"
            ),
            (
                "{mac: 01:00:5e:00:00:01}",
                "11: machines[0].mac: found '01:00:5e:00:00:01'; expected a machine's MAC address, such as"
                    + " 52:54:00:12:34:56"
            ),
            (
                "{uuid: ffffffff-ffff-ffff-ffff-ffffffffffff}",
                "12: machines[0].uuid: found 'ffffffff-ffff-ffff-ffff-ffffffffffff'; expected a UUID, such as"
                    + " 12345678-9abc-def0-1234-56789abcdef0, not all zeros or ones"
            ),
            (
                "{mac: 525400123456, hostname: no_de}",
                "35: machines[0].hostname: found 'no_de'; expected a host name of letters, digits, hyphens"
                    + " and dots"
            ),
            (
                "{mac: 525400123456, address: 10.0.1.5}",
                "34: machines[0].address: 10.0.1.5 is in none of the subnets: 10.0.0.0/24"
            ),
            (
                "{mac: 525400123456, address: 10.0.0.255}",
                "34: machines[0].address: 10.0.0.255 is the broadcast address of 10.0.0.0/24"
            ),
            (
                "{mac: 525400123456, address: 10.0.0.254}",
                "34: machines[0].address: 10.0.0.254 is the router's"
            ),
            (
                "{mac: 525400123456, profile: life}",
                "34: machines[0].profile: there is no profile 'life'; did you mean 'live'?"
            ),
            (
                "{mac: 525400123456, profile: windows}",
                "34: machines[0].profile: there is no profile 'windows'; there are: live, menu, local"
            ),
            (
                "{mac: 525400123456, local-boot: sanbot}",
                "37: machines[0].local-boot: found 'sanbot'; did you mean 'sanboot'? (one of exit, sanboot,"
                    + " no-boot-file)"
            ),
            ("{mac: 525400123456, ip: 10.0.0.5}", nil),
        ] as [(String, String?)])
    func wrongMachines(machine: String, words: String?) {
        let expected =
            words
            ?? "25: machines[0].ip: unknown key; known here: mac, uuid, hostname, address, profile, vars,"
            + " options, local-boot"
        #expect(errorsAfterBase("machines:\n  - \(machine)") == ["11:" + expected])
    }

    @Test(
        "What a rule may not say",
        arguments: [
            ("{profile: live}", "5: rules[0]: the key 'match' is missing"),
            ("{match: {arch: bios}}", "5: rules[0]: the key 'profile' is missing"),
            (
                "{match: {}, profile: live}",
                "13: rules[0].match: a rule must match something; for all machines use 'default'"
            ),
            (
                "{match: {arch: uefi-x86}, profile: live}",
                "20: rules[0].match.arch: found 'uefi-x86'; did you mean 'uefi-x64'? (one of bios, uefi-ia32,"
                    + " uefi-x64, uefi-arm32, uefi-arm64, uefi-riscv32, uefi-riscv64, uefi-loong64,"
                    + " uboot-arm32, uboot-arm64, raspberry-pi)"
            ),
            (
                "{match: {hostname: '*web'}, profile: live}",
                "24: rules[0].match.hostname: found the text \"*web\"; expected a host name, or the beginning"
                    + " of one and a *"
            ),
            (
                "{match: {subnet: 10.0.0.1}, profile: live}",
                "22: rules[0].match.subnet: found '10.0.0.1'; expected a subnet, such as 10.0.0.0/24, with no"
                    + " bits set behind its prefix"
            ),
            (
                "{match: {mac: 525400123456}, profile: [live]}",
                "43: rules[0].profile: found a list; expected a profile's name, menu or local"
            ),
            (
                "{match: {serial: x}, profile: live}",
                "14: rules[0].match.serial: unknown key; known here: mac, uuid, arch, subnet, hostname"
            ),
        ])
    func wrongRules(rule: String, words: String) {
        #expect(errorsAfterBase("rules:\n  - \(rule)") == ["11:" + words])
    }

    @Test("All of a machine's and a rule's values arrive")
    func values() throws {
        let lines = """
            machines:
              - mac: 52:54:00:12:34:56
                uuid: 12345678-9abc-def0-1234-56789abcdef0
                hostname: node1
                address: 10.0.0.11
                profile: menu
                local-boot: no-boot-file
                vars: {disk: /dev/vda}
                options: {path-prefix: {text: /tftp/}}
            rules:
              - match: {mac: 525400123457, arch: uefi-arm64, subnet: 10.0.0.0/24, hostname: db*}
                profile: local
            """
        let configuration = try #require(parse(base + lines + "\n").configuration)
        let machine = KnownMachine(
            mac: MACAddress(rawValue: 0x5254_0012_3456),
            uuid: SystemUUID("12345678-9abc-def0-1234-56789abcdef0"), hostname: "node1",
            address: IPv4Address(10, 0, 0, 11), target: .menu, localBoot: .noBootFile,
            vars: ["disk": "/dev/vda"],
            dhcpOptions: [ExtraDHCPOption(code: 210, bytes: Array("/tftp/".utf8))])
        #expect(configuration.machines == [machine])
        let selector = Selector(
            mac: MACAddress(rawValue: 0x5254_0012_3457), hostname: "db*",
            subnet: IPv4Network("10.0.0.0/24"), platform: .uefiARM64)
        #expect(configuration.rules == [BootRule(selector: selector, target: .local)])
    }

    @Test("Nothing is said of reservations when their subnet could not be read")
    func consequences() {
        let text = """
            interface: e
            dhcp:
              subnets:
                - subnet: 10.0.0.0/24
                  range: 10.0.0.1-10.0.0.9
                - subnet: 10.1.0.0
            machines:
              - {mac: 525400123456, address: 10.1.0.5}
            """
        #expect(errors(in: text).count == 1)
    }
}
