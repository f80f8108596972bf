import Testing
import Wire

@testable import Kexec

@Suite("Addresses of now")
struct LiveAddressTests {
    private func read(
        _ host: FakeHost, _ addresses: [LinkAddress], source: String? = nil
    ) throws -> LiveAddress {
        let network = host.network(addresses: addresses)
        let route = ServerRoute(interface: "eth0", source: source.map(ip))
        let uplink = try Uplink.find(to: nil, route: route, in: network, files: host.files)
        return LiveAddress.read(of: uplink, in: network, files: host.files)
    }

    private func host() throws -> FakeHost {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a")
        try host.write("/proc/net/route", RouteTableTests.ipv4)
        try host.write("/proc/net/ipv6_route", RouteTableTests.ipv6)
        try host.write("/etc/resolv.conf", "search lab.example\nnameserver 10.0.2.3\nnameserver 2001:db8::53")
        try host.write("/proc/sys/kernel/hostname", "node1")
        return host
    }

    private let fixed = LinkAddress(linkIndex: 2, address: ip("10.0.2.15"), prefixLength: 24)

    @Test("A static address comes with gateway, name servers, name and MTU")
    func staticAddress() throws {
        let ipv6 = LinkAddress(linkIndex: 2, address: ip("2001:db8::15"), prefixLength: 64)
        #expect(
            try read(host(), [fixed, ipv6])
                == LiveAddress(
                    ipv4: .init(address: ip("10.0.2.15"), prefixLength: 24, gateway: ip("10.0.2.2")),
                    ipv6: .init(address: ip("2001:db8::15"), prefixLength: 64, gateway: ip("fe80::1")),
                    nameservers: [ip("10.0.2.3"), ip("2001:db8::53")], hostname: "node1"))
    }

    @Test("The address that the server sees is taken")
    func source() throws {
        let other = LinkAddress(linkIndex: 2, address: ip("10.0.3.15"), prefixLength: 16, flags: 0x81)
        #expect(try read(host(), [fixed, other], source: "10.0.3.15").ipv4?.prefixLength == 16)
    }

    @Test("An address with a lifetime came by DHCP, or from a router")
    func leases() throws {
        let leased = LinkAddress(
            linkIndex: 2, address: ip("10.0.2.15"), prefixLength: 24, flags: 0, validSeconds: 3600)
        #expect(try read(host(), [leased]).ipv4?.lease == .seconds(3600))
        for (length, kind) in [(64, LiveAddress.IPv6Autoconfiguration.routerAdvertisement), (128, .dhcpv6)] {
            let given = LinkAddress(
                linkIndex: 2, address: ip("2001:db8::15"), prefixLength: length, flags: 0x100,
                validSeconds: 600)
            let live = try read(host(), [given])
            #expect(live.ipv6 == nil && live.ipv6Autoconfiguration == kind)
        }
    }

    @Test(
        "Files tell of DHCP where the kernel says \"for ever\"",
        arguments: [
            ("/run/systemd/netif/leases/2", "# x\nADDRESS=10.0.2.15\nNETMASK=255.255.255.0"),
            ("/proc/cmdline", "root=/dev/nfs ip=dhcp"), ("/proc/cmdline", "ip=:::::eth0:dhcp"),
            ("/proc/net/pnp", "#PROTO: DHCP\nnameserver 10.0.2.3"),
            ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp"), ("/run/udhcpc.eth0.pid", "312"),
            (
                "/var/lib/dhcp/dhclient.leases",
                "lease {\n  interface \"eth0\";\n  fixed-address 10.0.2.15;\n}"
            ),
            ("/var/lib/NetworkManager/internal-0123-eth0.lease", "ADDRESS=10.0.2.15"),
            ("/var/lib/dhcpcd/eth0.lease", "0123456789abcdef\n\u{0}\u{2}\u{f}"),
        ])
    func evidence(path: String, text: String) throws {
        let host = try host()
        try host.write(path, text)
        #expect(try read(host, [fixed]).ipv4?.lease == .file(path))
    }

    @Test("Files about other addresses and interfaces tell nothing")
    func noEvidence() throws {
        let host = try host()
        try host.write("/run/systemd/netif/leases/2", "ADDRESS=10.0.2.1")
        try host.write("/proc/cmdline", "ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none")
        try host.write("/etc/network/interfaces", "iface eth1 inet dhcp\niface eth0 inet static")
        try host.write("/var/lib/dhcp/dhclient.leases", "fixed-address 10.0.2.150;")
        #expect(try read(host, [fixed]).ipv4?.lease == nil)
    }

    @Test("Behind a resolver on this host the real name servers are found")
    func resolvers() throws {
        let host = try host()
        try host.write("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0")
        try host.write("/run/systemd/resolve/resolv.conf", "nameserver 10.9.9.9")
        #expect(LiveAddress.nameservers(host.files) == [ip("10.9.9.9")])
    }

    @Test(
        "Only a name that fits a field of ip= is a name",
        arguments: ["localhost", "(none)", "a b", "a:b", ""])
    func names(name: String) throws {
        let host = try host()
        try host.write("/proc/sys/kernel/hostname", name)
        #expect(LiveAddress.hostname(host.files) == nil)
    }

    @Test(
        "A gateway outside the network is noticed",
        arguments: [("10.0.0.1", 32, true), ("10.0.0.1", 24, false)])
    func offLink(gateway: String, length: Int, isOff: Bool) {
        let assigned = LiveAddress.Assigned(
            address: ip("10.0.0.9"), prefixLength: length, gateway: ip(gateway))
        #expect(assigned.hasOffLinkGateway == isOff)
    }
}
