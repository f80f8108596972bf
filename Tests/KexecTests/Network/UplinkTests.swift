import SystemIO
import Testing
import Wire

@testable import Kexec

@Suite("Uplink")
struct UplinkTests {
    private let server = ip("10.0.0.1")

    private func find(
        _ host: FakeHost, by interface: String?, chosen: String? = nil, gateway: String? = nil,
        neighbours: [LinkNeighbour] = []
    ) throws -> Uplink {
        let route = interface.map { ServerRoute(interface: $0, gateway: gateway.map(ip)) }
        return try Uplink.find(
            to: server, route: route, interface: chosen, in: host.network(neighbours: neighbours),
            files: host.files)
    }

    @Test("A card is its own port, with its driver")
    func plain() throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a", driver: "virtio_net")
        let uplink = try find(host, by: "eth0")
        #expect(
            uplink.layers.isEmpty && uplink.interface.name == "eth0" && uplink.port.driver == "virtio_net")
        #expect(uplink.port.bootInterfaceWord == "BOOTIF=01-52-54-00-00-00-0a")
    }

    @Test("From a VLAN on a bond the way leads to the active port and its permanent address")
    func bondAndVLAN() throws {
        let host = try FakeHost.bonded()
        let uplink = try find(host, by: "bond0.42")
        #expect(uplink.interface.name == "bond0.42" && uplink.port.name == "eno2")
        #expect(uplink.port.mac?.description == "52:54:00:00:00:0b")
        let ports = [
            UplinkPort(name: "eno1", address: [0x52, 0x54, 0, 0, 0, 0x0a], driver: "e1000e"),
            UplinkPort(name: "eno2", address: [0x52, 0x54, 0, 0, 0, 0x0b], driver: "e1000e"),
        ]
        #expect(
            uplink.layers == [
                .vlan(name: "bond0.42", id: 42),
                .bond(Bond(name: "bond0", mode: "active-backup", miimon: 100, ports: ports)),
            ])
    }

    @Test("A bond without an active port gives one that has a link")
    func bondByCarrier() throws {
        let host = try FakeHost.bonded()
        try host.write("/sys/class/net/bond0/bonding/active_slave", "")
        try host.write("/sys/class/net/eno1/carrier", "0")
        #expect(try find(host, by: "bond0").port.name == "eno2")
        #expect(try find(host, by: "bond0", chosen: "eno1").port.name == "eno1")
    }

    @Test("Netlink's permanent address goes before every other")
    func permanentAddress() throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a")
        var network = host.network()
        network.links[0].permanentAddress = [2, 0, 0, 0, 0, 1]
        let uplink = try Uplink.find(
            to: server, route: ServerRoute(interface: "eth0"), in: network, files: host.files)
        #expect(uplink.port.mac?.description == "02:00:00:00:00:01")
    }

    /// A hypervisor: a card, a guest and, if asked for, a second card in one bridge.
    private func bridged(cards: Int) throws -> FakeHost {
        let host = try FakeHost()
        let names = (1...cards).map { "eno\($0)" }
        for (index, name) in names.enumerated() {
            try host.card(name, index: 2 + index, mac: "52:54:00:00:00:0\(index + 1)")
        }
        try host.link("vnet0", index: 8)
        try host.write("/sys/class/net/vnet0/tun_flags", "0x5002")
        try host.link("br0", index: 9, lowers: names + ["vnet0"], type: "bridge")
        return host
    }

    @Test("Of a bridge's ports the one card is taken; its guests are no way out")
    func bridge() throws {
        let uplink = try find(try bridged(cards: 1), by: "br0")
        #expect(uplink.port.name == "eno1" && uplink.layers == [.bridge(name: "br0")])
        #expect(uplink.interface.name == "br0")
    }

    @Test("Of several cards in a bridge the one is taken behind which the gateway was seen")
    func bridgeWithTwoCards() throws {
        let host = try bridged(cards: 2)
        let mac = MACAddress(rawValue: 0x0200_0000_0099)
        let neighbours = [
            LinkNeighbour(linkIndex: 9, address: ip("10.0.0.254"), mac: mac),
            LinkNeighbour(linkIndex: 3, mac: mac, masterIndex: 9),
        ]
        #expect(try find(host, by: "br0", gateway: "10.0.0.254", neighbours: neighbours).port.name == "eno2")
        #expect(throws: UplinkError.severalPorts(bridge: "br0", ports: ["eno1", "eno2"])) {
            try find(host, by: "br0", gateway: "10.0.0.254")
        }
        let chosen = try find(host, by: "br0", chosen: "eno2")
        #expect(chosen.port.name == "eno2" && chosen.interface.name == "br0")
    }

    @Test(
        "Teams, macvlans and interfaces of unknown kinds lead to what they stand on",
        arguments: ["team", "macvlan", "stacked"])
    func stacked(kind: String) throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a", carrier: false)
        try host.card("eth1", index: 3, mac: "52:54:00:00:00:0b")
        try host.link(
            "top", index: 4, lowers: kind == "team" ? ["eth0", "eth1"] : ["eth1"],
            type: kind == "stacked" ? nil : kind)
        let uplink = try find(host, by: "top")
        #expect(uplink.port.name == "eth1" && uplink.layers == [.other(name: "top", kind: kind)])
    }

    @Test("Tunnels, containers' interfaces and wireless cards are refused, each with its reason")
    func refusals() throws {
        let host = try FakeHost()
        try host.link("wg0", index: 2, type: "wireguard", hardwareType: 65_534)
        try host.link("tun0", index: 3, hardwareType: 65_534)
        try host.write("/sys/class/net/tun0/tun_flags", "0x1001")
        try host.link("ppp0", index: 4, hardwareType: 512)
        try host.card("wlan0", index: 5, mac: "52:54:00:00:00:0a")
        try host.write("/sys/class/net/wlan0/phy80211/name", "phy0")
        try host.link("br0", index: 6, type: "bridge")
        let refused: [(String, UplinkError)] = [
            ("wg0", .noHardware(interface: "wg0", kind: "wireguard")),
            ("tun0", .noHardware(interface: "tun0", kind: "tun")),
            ("ppp0", .noHardware(interface: "ppp0", kind: "ppp")),
            ("wlan0", .wireless(interface: "wlan0")), ("br0", .noPorts(interface: "br0")),
        ]
        for (name, error) in refused {
            #expect(throws: error) { try find(host, by: name) }
            #expect(error.description.contains("--interface"))
        }
        var network = host.network()
        network.links.append(NetworkLink(index: 7, name: "eth9", kind: "veth"))
        let error = UplinkError.noHardware(interface: "eth9", kind: "veth")
        #expect(throws: error) {
            try Uplink.find(to: server, route: ServerRoute(interface: "eth9"), in: network, files: host.files)
        }
        #expect(error.description.contains("on the host, not in a container"))
    }

    @Test("No route, this very host as the server, and a wrong name are errors of their own")
    func noWay() throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a")
        let local = ServerRoute(interface: "lo", isLocal: true)
        #expect(throws: UplinkError.noRoute(to: server)) { try find(host, by: nil) }
        #expect(throws: UplinkError.serverIsThisHost(server)) {
            try Uplink.find(to: server, route: local, in: host.network(), files: host.files)
        }
        let chosen = try Uplink.find(
            to: server, route: local, interface: "eth0", in: host.network(), files: host.files)
        #expect(chosen.port.name == "eth0" && chosen.route == nil)
        #expect(throws: UplinkError.noSuchInterface("eth7", available: ["eth0"])) {
            try find(host, by: "eth0", chosen: "eth7")
        }
    }

    @Test("Interfaces that stand on each other do not hang the search")
    func loop() throws {
        let host = try FakeHost()
        try host.link("a", index: 2, lowers: ["b"], type: "macvlan")
        try host.link("b", index: 3, lowers: ["a"], type: "macvlan")
        #expect(throws: UplinkError.loop(["a", "b", "a"])) { try find(host, by: "a") }
        #expect(throws: UplinkError.loop(["b", "a", "b"])) { try find(host, by: "b", chosen: "a") }
    }

    @Test("Without netlink the tables of /proc tell the route")
    func tables() throws {
        let host = try FakeHost()
        try host.card("eth0", index: 2, mac: "52:54:00:00:00:0a")
        try host.write("/proc/net/route", RouteTableTests.ipv4)
        var network = host.network()
        network.failure = SystemError("open a netlink socket", code: 1)
        let route = try network.route(to: ip("10.0.2.9"), files: host.files)
        #expect(route == ServerRoute(interface: "eth0"))
        #expect(try network.route(to: nil, files: host.files)?.gateway == ip("192.168.2.1"))
        #expect(try network.route(to: ip("127.0.0.1"), files: host.files)?.isLocal == true)
    }
}
