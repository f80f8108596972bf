import SystemIO
import Testing
import Wire

@testable import Kexec

@Suite("Netlink")
struct NetlinkTests {
    private func only(_ bytes: [UInt8]) throws -> NetlinkMessage {
        let messages = try NetlinkMessage.messages(in: bytes)
        #expect(messages.count == 1)
        return try #require(messages.first)
    }

    @Test("Requests are the bytes that a C program with the kernel's headers sends")
    func requests() throws {
        #expect(
            hexadecimal(NetlinkRequest.route(to: ip("10.0.2.2")))
                == "240000001a0001000100000000000000022000000000000000000000080001000a000202")
        #expect(
            hexadecimal(NetlinkRequest.route(to: ip("2001:db8::9")))
                == "300000001a00010001000000000000000a80000000000000000000001400010020010db8000000000000000000000009"
        )
        #expect(
            hexadecimal(NetlinkRequest.links)
                == "280000001200010301000000000000000000000000000000000000000000000008001d0008000000")
        #expect(hexadecimal(NetlinkRequest.addresses) == "180000001600010301000000000000000000000000000000")
        #expect(
            hexadecimal(NetlinkRequest.neighbours(family: 7))
                == "1c0000001e0001030100000000000000070000000000000000000000")
    }

    @Test("A card, a port of a bond, the bond and the VLAN on it are read")
    func links() throws {
        let mac: [UInt8] = [0x52, 0x54, 0, 0, 0, 0x0a]
        let own: [UInt8] = [0x52, 0x54, 0, 0, 0, 0x0b]
        #expect(
            try NetworkLink(only(NetlinkCapture.card))
                == NetworkLink(index: 2, name: "eth0", address: mac, permanentAddress: mac))
        #expect(
            try NetworkLink(only(NetlinkCapture.bondPort))
                == NetworkLink(index: 3, name: "eth1", address: mac, permanentAddress: own, masterIndex: 4))
        #expect(
            try NetworkLink(only(NetlinkCapture.bond))
                == NetworkLink(index: 4, name: "bond0", address: mac, kind: "bond"))
        #expect(
            try NetworkLink(only(NetlinkCapture.vlan))
                == NetworkLink(
                    index: 6, name: "bond0.42", address: mac, kind: "vlan", vlanID: 42, lowerIndex: 4))
        #expect(try NetworkLink(only(NetlinkCapture.routeOnLink)) == nil)
    }

    @Test("Addresses say for how long they are")
    func addresses() throws {
        let leased = try #require(try LinkAddress(only(NetlinkCapture.leasedAddress)))
        #expect(
            leased
                == LinkAddress(
                    linkIndex: 2, address: ip("10.0.2.15"), prefixLength: 24, flags: 0,
                    validSeconds: 86_400))
        #expect(leased.isTemporary)
        let fixed = try #require(try LinkAddress(only(NetlinkCapture.staticAddress)))
        #expect(fixed == LinkAddress(linkIndex: 6, address: ip("192.168.42.10"), prefixLength: 24))
        #expect(!fixed.isTemporary)
        let local = try #require(try LinkAddress(only(NetlinkCapture.linkLocalAddress)))
        #expect(local.scope == 253 && local.prefixLength == 64)
        #expect(local.address == ip("fe80::5054:ff:fe00:a"))
    }

    @Test("Routes have an interface, and a gateway unless the destination is on the link or is this host")
    func routes() throws {
        let remote = try #require(try KernelRoute(only(NetlinkCapture.routeByGateway)))
        #expect(remote.linkIndex == 2 && !remote.isLocal)
        #expect(remote.gateway == ip("10.0.2.2"))
        #expect(remote.source == ip("10.0.2.15"))
        let near = try #require(try KernelRoute(only(NetlinkCapture.routeOnLink)))
        #expect(near.linkIndex == 6 && near.gateway == nil && !near.isLocal)
        #expect(try KernelRoute(only(NetlinkCapture.routeToSelf))?.isLocal == true)
        #expect(try KernelRoute(only(NetlinkCapture.routeIPv6))?.gateway == ip("fe80::1"))
        #expect(try KernelRoute(only(NetlinkCapture.noRoute)) == nil)
    }

    @Test("Forwarding and neighbour tables tell who is where")
    func neighbours() throws {
        let learned = try #require(try LinkNeighbour(only(NetlinkCapture.forwarding)))
        #expect(
            learned
                == LinkNeighbour(linkIndex: 8, mac: MACAddress(rawValue: 0x0200_0000_0099), masterIndex: 7))
        let neighbour = try #require(try LinkNeighbour(only(NetlinkCapture.neighbour)))
        #expect(neighbour.address == ip("224.0.0.22"))
    }

    @Test("No prefix and no altered byte of any message makes the parsers trap")
    func robustness() {
        let all = [
            NetlinkCapture.card, NetlinkCapture.bond, NetlinkCapture.vlan, NetlinkCapture.leasedAddress,
            NetlinkCapture.routeByGateway, NetlinkCapture.routeIPv6, NetlinkCapture.forwarding,
        ]
        for bytes in all {
            for count in 0..<bytes.count { #expect(count == 0 || !parses(Array(bytes.prefix(count)))) }
            for index in bytes.indices {
                for value: UInt8 in [0, 1, 0x7f, 0xff] {
                    var altered = bytes
                    altered[index] = value
                    _ = parses(altered)
                    // The body alone, cut where the message does not end.
                    _ = parses(NetlinkMessage(type: 16, flags: 0, body: Array(altered[16...].prefix(index))))
                }
            }
        }
    }

    private func parses(_ bytes: [UInt8]) -> Bool {
        guard let messages = try? NetlinkMessage.messages(in: bytes) else { return false }
        return messages.allSatisfy { parses($0) }
    }

    private func parses(_ message: NetlinkMessage) -> Bool {
        var message = message
        for type: UInt16 in [16, 20, 24, 28] {
            message.type = type
            do {
                _ = try NetworkLink(message)
                _ = try LinkAddress(message)
                _ = try KernelRoute(message)
                _ = try LinkNeighbour(message)
            } catch {
                continue
            }
        }
        return true
    }

    @Test("This very host answers, and knows itself")
    func live() throws {
        let network = HostNetwork.live()
        #expect(network.failure == nil)
        #expect(network.link(named: "lo")?.hardwareType == 772)
        let route = try #require(try network.route(to: ip("127.0.0.1")))
        #expect(route.isLocal && route.interface == "lo")
    }
}

@Suite("Routing tables of /proc")
struct RouteTableTests {
    static let ipv4 = """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
        eth1\t00000000\t0102A8C0\t0003\t0\t0\t50\t00000000\t0\t0\t0
        eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
        eth0\t000010AC\t00000000\t0201\t0\t0\t0\t0000F0FF\t0\t0\t0
        """
    static let ipv6 = """
        20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
        00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
        """
    let table = RouteTable(ipv4: Self.ipv4, ipv6: Self.ipv6)

    @Test(
        "The most specific route wins, then the lowest metric",
        arguments: [
            ("10.0.2.7", "eth0", nil), ("9.9.9.9", "eth1", "192.168.2.1"),
            ("172.16.0.1", "eth1", "192.168.2.1"),
            ("2001:db8::7", "eth0", nil), ("2001:db9::7", "eth0", "fe80::1"),
        ] as [(String, String, String?)])
    func best(destination: String, interface: String, gateway: String?) throws {
        let route = try #require(table.best(to: ip(destination)))
        #expect(route.interface == interface)
        #expect(route.gateway?.description == gateway)
    }

    @Test("Default routes come in the order of their metrics")
    func defaults() {
        #expect(table.defaultRoutes(ipv6: false).map(\.interface) == ["eth1", "eth0"])
        #expect(table.defaultRoutes(ipv6: true).map(\.gateway?.description) == ["fe80::1"])
    }

    @Test("Broken tables have fewer routes, and nothing worse")
    func broken() {
        for count in 0..<Self.ipv6.count {
            let part = String(Self.ipv6.prefix(count))
            #expect(RouteTable(ipv4: part, ipv6: part).routes.count <= 2)
        }
        #expect(RouteTable(ipv4: Self.ipv6, ipv6: Self.ipv4).routes.isEmpty)
    }
}
