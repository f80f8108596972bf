import BootCore
import Testing
import Wire

@testable import Kexec

@Suite("ip= and its kin")
struct IPParametersTests {
    private static let port = UplinkPort(name: "eno1", address: [0x52, 0x54, 0, 0, 0, 0x0a])
    private let card = Uplink(
        interface: NetworkLink(index: 2, name: "eno1"), port: port,
        route: ServerRoute(interface: "eno1"), server: ip("10.0.0.1"))
    private let fixed = LiveAddress(
        ipv4: .init(address: ip("10.0.0.5"), prefixLength: 24, gateway: ip("10.0.0.254")),
        nameservers: [ip("10.0.0.53"), ip("10.0.0.54"), ip("10.0.0.55")], hostname: "node1")
    private let leased = LiveAddress(
        ipv4: .init(address: ip("10.0.0.5"), prefixLength: 24, gateway: ip("10.0.0.254"), lease: .seconds(60))
    )
    private let bootif = "BOOTIF=01-52-54-00-00-00-0a"

    private func words(
        _ choice: IPChoice, _ dialect: InitramfsDialect, _ live: LiveAddress?, uplink: Uplink? = nil,
        ports: [String] = ["eno1"], entry: String = ""
    ) throws -> IPParameters {
        try IPParameters.words(
            for: choice, dialect: dialect, uplink: uplink ?? card, live: live, ports: ports,
            entry: KernelCommandLine(entry))
    }

    private func text(_ choice: IPChoice, _ dialect: InitramfsDialect, _ live: LiveAddress?) throws -> String
    {
        try words(choice, dialect, live).words.joined(separator: " ")
    }

    @Test("A static address is written in each dialect")
    func staticAddress() throws {
        let fields = "10.0.0.254:255.255.255.0:node1::none:10.0.0.53:10.0.0.54"
        #expect(try text(.auto, .initramfsTools, fixed) == "ip=10.0.0.5:10.0.0.1:\(fields) \(bootif)")
        #expect(try text(.auto, .none, fixed) == "ip=10.0.0.5:10.0.0.1:\(fields)")
        #expect(try text(.auto, .nixos, fixed) == "ip=10.0.0.5:10.0.0.1:\(fields)")
        #expect(try text(.auto, .alpine, fixed) == "ip=10.0.0.5::\(fields) \(bootif)")
        #expect(
            try text(.auto, .dracut, fixed)
                == "ifname=bootnet:52:54:00:00:00:0a ip=10.0.0.5::10.0.0.254:24:node1:bootnet:none "
                + "nameserver=10.0.0.53 nameserver=10.0.0.54 nameserver=10.0.0.55 rd.neednet=1 rd.bootif=0")
    }

    @Test("An address by DHCP is asked for again, where somebody would wait for it")
    func dynamicAddress() throws {
        #expect(try text(.auto, .initramfsTools, leased) == "ip=dhcp \(bootif)")
        #expect(try text(.auto, .alpine, leased) == "ip=dhcp \(bootif)")
        #expect(
            try text(.auto, .dracut, leased)
                == "ifname=bootnet:52:54:00:00:00:0a ip=bootnet:dhcp rd.neednet=1 rd.bootif=0")
        #expect(try text(.auto, .none, leased) == "")
        #expect(try text(.auto, .nixos, leased) == "")
        #expect(try text(.dhcp, .none, fixed) == "ip=dhcp")
    }

    @Test("The entry's own ip= wins with auto, and is replaced with anything else")
    func entry() throws {
        let own = try words(.auto, .initramfsTools, fixed, entry: "quiet ip=dhcp")
        #expect(own.words == [bootif] && !own.replacesEntry)
        #expect(own.warnings == [.entryAsksForDHCP(word: "ip=dhcp", address: ip("10.0.0.5"))])
        #expect(try words(.auto, .initramfsTools, leased, entry: "ip=dhcp BOOTIF=01-x") == IPParameters())
        #expect(
            try words(.auto, .dracut, fixed, entry: "ip=10.0.0.9::10.0.0.1:24::eth0:none") == IPParameters())
        let both = try words(.auto, .alpine, fixed, entry: "BOOTIF=01-52-54-00-00-00-0a")
        #expect(both.words.count == 1 && both.words[0].hasPrefix("ip=10.0.0.5:"))
        #expect(try words(.static, .alpine, leased, entry: "ip=dhcp").replacesEntry)
        #expect(try words(.none, .alpine, fixed, entry: "ip=dhcp") == IPParameters())
    }

    @Test("A literal goes through as it is; a card is named by its MAC unless it names one itself")
    func literal() throws {
        let kernel = try IPChoice("ip=10.0.0.7::10.0.0.1:255.255.255.0:h::none:10.0.0.1:10.0.0.2:10.0.0.3")
        #expect(
            try text(kernel, .initramfsTools, fixed)
                == "ip=10.0.0.7::10.0.0.1:255.255.255.0:h::none:10.0.0.1:10.0.0.2:10.0.0.3 \(bootif)")
        #expect(
            try text(try IPChoice("10.0.0.7::::h:eth0:none"), .alpine, nil) == "ip=10.0.0.7::::h:eth0:none")
        let given = try IPChoice("10.0.0.7/16,gw=10.0.0.1,dns=10.0.0.2")
        #expect(
            try text(given, .alpine, fixed)
                == "ip=10.0.0.7::10.0.0.1:255.255.0.0:node1::none:10.0.0.2 \(bootif)")
        #expect(
            try text(try IPChoice("2001:db8::7/64,gw=fe80::1"), .dracut, nil)
                == "ifname=bootnet:52:54:00:00:00:0a ip=[2001:db8::7]::[fe80::1]:64::bootnet:none "
                + "rd.neednet=1 rd.bootif=0")
    }

    @Test(
        "What is no choice is refused",
        arguments: [
            ("", IPChoiceError.notOneWord("")), ("a b", .notOneWord("a b")), ("x\"", .notOneWord("x\"")),
            ("::::::::::", .tooManyFields(11)), ("10.0.0.7/33", .noAddress("10.0.0.7/33")),
            ("10.0.0.7/8,gw=fe80::1", .unknownPart("gw=fe80::1")),
            ("10.0.0.7/8,mtu=9", .unknownPart("mtu=9")),
        ])
    func wrongChoices(text: String, error: IPChoiceError) {
        #expect(throws: error) { try IPChoice(text) }
    }

    @Test("IPv6 goes in the dialects that have words for it")
    func ipv6() throws {
        var live = LiveAddress(
            ipv6: .init(address: ip("2001:db8::5"), prefixLength: 64, gateway: ip("fe80::1")),
            nameservers: [ip("2001:db8::53")])
        #expect(
            try text(.auto, .initramfsTools, live)
                == "ipv6=addr=2001:db8::5/64,gw=fe80::1,dns=2001:db8::53 \(bootif)")
        live.ipv4 = fixed.ipv4
        #expect(
            try text(.auto, .dracut, live)
                == "ifname=bootnet:52:54:00:00:00:0a ip=10.0.0.5::10.0.0.254:24::bootnet:none "
                + "ip=[2001:db8::5]::[fe80::1]:64::bootnet:none bootdev=bootnet nameserver=[2001:db8::53] "
                + "rd.neednet=1 rd.bootif=0")
        var routed = card
        routed.server = ip("2001:db8::1")
        let automatic = LiveAddress(ipv6Autoconfiguration: .routerAdvertisement)
        #expect(
            try words(.auto, .initramfsTools, automatic, uplink: routed).words
                == ["ip=dhcp", "ipv6=accept_ra=1", bootif])
        #expect(try words(.auto, .dracut, automatic, uplink: routed).words.contains("ip=bootnet:auto6"))
        let given = LiveAddress(ipv6Autoconfiguration: .dhcpv6)
        #expect(try words(.auto, .dracut, given, uplink: routed).words.contains("ip=bootnet:dhcp6"))
        #expect(
            try words(.static, .alpine, live, uplink: routed).warnings == [
                .ipv6(ip("2001:db8::5"), "Alpine's initramfs")
            ])
    }

    /// VLAN 42 on a bond of two cards, with jumbo frames and a gateway elsewhere.
    private var stacked: (uplink: Uplink, live: LiveAddress) {
        let second = UplinkPort(name: "eno2", address: [0x52, 0x54, 0, 0, 0, 0x0b])
        var uplink = card
        uplink.layers = [
            .vlan(name: "bond0.42", id: 42),
            .bond(Bond(name: "bond0", mode: "802.3ad", miimon: 100, ports: [Self.port, second])),
        ]
        let live = LiveAddress(
            ipv4: .init(address: ip("10.0.0.5"), prefixLength: 32, gateway: ip("10.9.0.1")), mtu: 9000)
        return (uplink, live)
    }

    @Test("dracut is told of bond, VLAN, MTU and a gateway outside the network")
    func dracutLayers() throws {
        let result = try words(.auto, .dracut, stacked.live, uplink: stacked.uplink)
        #expect(
            result.words == [
                "ifname=bootnet0:52:54:00:00:00:0a", "ifname=bootnet1:52:54:00:00:00:0b",
                "bond=bootbond:bootnet0,bootnet1:mode=802.3ad,miimon=100", "vlan=bootbond.42:bootbond",
                "rd.route=10.9.0.1/32::bootbond.42", "rd.route=0.0.0.0/0:10.9.0.1:bootbond.42",
                "ip=10.0.0.5::10.9.0.1:32::bootbond.42:none:9000", "rd.neednet=1", "rd.bootif=0",
            ])
        #expect(result.warnings.isEmpty)
    }

    @Test("Others are not, and the person is told")
    func otherLayers() throws {
        let result = try words(.auto, .initramfsTools, stacked.live, uplink: stacked.uplink)
        let reader = "initramfs-tools"
        #expect(
            result.warnings == [
                .vlan(id: 42, reader), .bond(name: "bond0", mode: "802.3ad", reader), .mtu(9000, reader),
                .offLinkGateway(ip("10.9.0.1"), reader),
            ])
    }

    @Test("A bond whose switch knows nothing of it needs no warning")
    func activeBackup() throws {
        var uplink = card
        uplink.layers = [.bond(Bond(name: "bond0", mode: "active-backup", ports: [Self.port]))]
        #expect(try words(.auto, .alpine, fixed, uplink: uplink).warnings.isEmpty)
        #expect(
            try words(.auto, .dracut, fixed, uplink: uplink).words[0] == "ifname=bootnet:52:54:00:00:00:0a")
    }

    @Test("With several cards a kernel alone may take the wrong one, and NixOS needs a name")
    func severalCards() throws {
        let both = ["eno1", "eno2"]
        #expect(
            try words(.auto, .none, fixed, ports: both).warnings == [.severalPorts(both, "the kernel alone")])
        let nixos = try words(.auto, .nixos, fixed, ports: both)
        #expect(nixos.words[0].contains(":node1:eno1:none") && nixos.warnings == [.interfaceName("eno1")])
    }

    @Test("InfiniBand's BOOTIF has its own hardware type")
    func infiniBand() {
        let port = UplinkPort(name: "ib0", hardwareType: 32, address: Array(1...20))
        #expect(port.bootInterfaceWord.hasPrefix("BOOTIF=20-01-02-") && port.mac == nil)
    }

    @Test("Without any address, static is an error and auto asks by DHCP with a warning")
    func nothing() throws {
        #expect(throws: IPParametersError.noAddress(interface: "eno1")) {
            try words(.static, .alpine, LiveAddress())
        }
        #expect(try words(.auto, .alpine, nil).warnings == [.noAddressKnown])
        let blind = try IPParameters.words(for: .dhcp, dialect: .dracut, uplink: nil, live: nil)
        #expect(blind.words == ["ip=dhcp", "rd.neednet=1"])
    }
}
