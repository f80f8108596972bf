import BootCore
import Configuration
import DHCPServer
import Testing
import Wire

@Suite("dhcp and its subnets")
struct SubnetTests {
    /// The errors of one subnet written in flow style, which begins at line 4, column 7.
    private func subnetErrors(_ keys: String) -> [String] {
        errors(in: "interface: eth1\ndhcp:\n  subnets:\n    - {\(keys)}\n")
    }

    private func prefixed(_ words: [String]) -> [String] { words.map { "netbootd.yaml:4:" + $0 } }

    @Test(
        "What a subnet may say",
        arguments: [
            "subnet: 10.0.0.0/24", "subnet: 10.0.0.0/24, range: ~",
            "subnet: 10.0.0.0/24, range: 10.0.0.1-10.0.0.254",
            "subnet: 10.0.0.0/24, range: [10.0.0.10-10.0.0.19, 10.0.0.30 - 10.0.0.39]",
            "subnet: 10.0.0.0/24, router: 10.0.0.1, dns: 10.0.0.1, ntp: [10.0.0.1, 192.0.2.1]",
            "subnet: 10.0.0.0/24, domain: lab.example, search: [a.example, b], lease: 1d",
            "subnet: 10.0.0.0/24, search: lab.example, lease: 60s", "subnet: 10.0.0.0/24, lease: 3650d",
            "subnet: 10.0.0.0/24, routes: [{to: 10.9.0.0/16, via: 10.0.0.2}]",
            "subnet: 10.0.0.0/31, range: 10.0.0.0-10.0.0.1",
        ])
    func rightValues(keys: String) { #expect(subnetErrors(keys) == []) }

    @Test(
        "What a subnet may not say",
        arguments: [
            ("range: 10.0.0.1-10.0.0.2", ["7: dhcp.subnets[0]: the key 'subnet' is missing"]),
            (
                "subnet: 10.0.0.1/24",
                [
                    "16: dhcp.subnets[0].subnet: found '10.0.0.1/24'; expected a subnet, such as 10.0.0.0/24,"
                        + " with no bits set behind its prefix"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, range: 10.0.1.0-10.0.1.9",
                ["36: dhcp.subnets[0].range: 10.0.1.0-10.0.1.9 is not in 10.0.0.0/24"]
            ),
            (
                "subnet: 10.0.0.0/24, range: 10.0.0.9-10.0.0.1",
                [
                    "36: dhcp.subnets[0].range: found '10.0.0.9-10.0.0.1'; expected a range of addresses,"
                        + " such as 10.0.0.100-10.0.0.199, the lower one first"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, range: 10.0.0.0-10.0.0.9",
                ["36: dhcp.subnets[0].range: 10.0.0.0 is the network address of 10.0.0.0/24"]
            ),
            (
                "subnet: 10.0.0.0/24, range: [10.0.0.1-10.0.0.9, 10.0.0.250-10.0.0.255]",
                ["56: dhcp.subnets[0].range[1]: 10.0.0.255 is the broadcast address of 10.0.0.0/24"]
            ),
            (
                "subnet: 10.0.0.0/24, range: [10.0.0.1-10.0.0.9, 10.0.0.9-10.0.0.20]",
                [
                    "56: dhcp.subnets[0].range[1]: 10.0.0.9-10.0.0.20 overlaps 10.0.0.1-10.0.0.9 at line 4,"
                        + " column 37"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, range: 10.0.0.1-10.0.0.9, router: 10.0.0.9",
                [
                    "36: dhcp.subnets[0].range: the range 10.0.0.1-10.0.0.9 holds 10.0.0.9, which is the router's"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, router: 10.0.1.1",
                ["37: dhcp.subnets[0].router: 10.0.1.1 is not in 10.0.0.0/24"]
            ),
            (
                "subnet: 10.0.0.0/24, router: 10.0.0.255",
                ["37: dhcp.subnets[0].router: 10.0.0.255 is the broadcast address of 10.0.0.0/24"]
            ),
            (
                "subnet: 10.0.0.0/24, dns: [10.0.0.1, x]",
                ["45: dhcp.subnets[0].dns[1]: found 'x'; expected an IPv4 address, such as 10.0.0.1"]
            ),
            (
                "subnet: 10.0.0.0/24, domain: -lab",
                ["37: dhcp.subnets[0].domain: found '-lab'; expected a domain name, such as lab.example"]
            ),
            (
                "subnet: 10.0.0.0/24, search: [lab..example]",
                [
                    "38: dhcp.subnets[0].search[0]: found 'lab..example'; expected a domain name,"
                        + " such as lab.example"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, lease: 3600",
                [
                    "36: dhcp.subnets[0].lease: found 3600 without a unit; write 3600s for seconds,"
                        + " or use m, h or d"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, lease: 59s",
                [
                    "36: dhcp.subnets[0].lease: found '59s'; expected a time such as 90s, 30m, 1h or 1d,"
                        + " from 60s to 315360000s"
                ]
            ),
            (
                "subnet: 10.0.0.0/24, routes: [{to: 10.9.0.0/16, by: 10.0.0.2}]",
                [
                    "38: dhcp.subnets[0].routes[0]: the key 'via' is missing",
                    "56: dhcp.subnets[0].routes[0].by: unknown key; known here: to, via",
                ]
            ),
            (
                "subnet: 10.0.0.0/24, leese: 1h",
                ["29: dhcp.subnets[0].leese: unknown key; did you mean 'lease'?"]
            ),
        ] as [(String, [String])])
    func wrongValues(keys: String, words: [String]) { #expect(subnetErrors(keys) == prefixed(words)) }

    @Test("A lease too large for the clock is refused, not a crash")
    func hugeLease() {
        #expect(subnetErrors("subnet: 10.0.0.0/24, lease: 999999999999999999d").count == 1)
        #expect(subnetErrors("subnet: 10.0.0.0/24, lease: 99999999999999999999s").count == 1)
    }

    @Test("A list that does not fit its DHCP option is refused rather than cut")
    func longLists() {
        func list(_ item: String, _ count: Int) -> String {
            "[" + Array(repeating: item, count: count).joined(separator: ", ") + "]"
        }
        let words = "this takes 256 bytes; a DHCP option holds at most 255"
        for (key, item, count, start) in [
            ("dns", "10.0.0.1", 64, 34), ("ntp", "10.0.0.1", 64, 34), ("search", "lab.example", 20, 37),
            ("routes", "{to: 10.0.0.0/24, via: 10.0.0.1}", 32, 37),
        ] {
            let fitting = "subnet: 10.0.0.0/24, \(key): \(list(item, count - 1))"
            #expect(subnetErrors(fitting) == [])
            let found = subnetErrors("subnet: 10.0.0.0/24, \(key): \(list(item, count))")
            let bytes = key == "search" ? words.replacing("256", with: "260") : words
            #expect(found == prefixed(["\(start): dhcp.subnets[0].\(key): \(bytes)"]))
        }
    }

    @Test("Subnets must not overlap, whichever is the larger")
    func overlap() {
        let text = """
            interface: eth1
            dhcp:
              subnets:
                - {subnet: 10.0.0.0/24, range: 10.0.0.1-10.0.0.9}
                - {subnet: 10.0.0.128/25, range: 10.0.0.130-10.0.0.139}
                - {subnet: 10.0.0.0/16, range: 10.0.5.1-10.0.5.9}
                - {subnet: 10.1.0.0/16, range: 10.1.5.1-10.1.5.9}
            """
        #expect(
            errors(in: text) == [
                "netbootd.yaml:5:16: dhcp.subnets[1].subnet: 10.0.0.128/25 overlaps 10.0.0.0/24 at line 4,"
                    + " column 16",
                "netbootd.yaml:6:16: dhcp.subnets[2].subnet: 10.0.0.0/16 overlaps 10.0.0.0/24 at line 4,"
                    + " column 16",
            ])
    }

    @Test("Mode server needs a subnet; the other modes say that they have no use for one")
    func modes() {
        let needed = "in mode server at least one entry of 'subnets' is needed"
        #expect(errors(in: "interface: e\n") == ["netbootd.yaml:1:1: \(needed)"])
        #expect(errors(in: "interface: e\ndhcp:\n") == ["netbootd.yaml:2:6: dhcp: \(needed)"])
        #expect(
            errors(in: "interface: e\ndhcp: {mode: server, subnets: []}\n") == [
                "netbootd.yaml:2:7: dhcp: \(needed)"
            ])
        #expect(errors(in: "interface: e\ndhcp: {mode: proxy}\n") == [])
        #expect(
            errors(in: "interface: e\ndhcp: {mode: prxy}\n") == [
                "netbootd.yaml:2:14: dhcp.mode: found 'prxy'; did you mean 'proxy'? (one of server, proxy, off)"
            ])
        #expect(
            warnings(in: "interface: e\ndhcp: {mode: off, subnets: [{subnet: 10.0.0.0/24}]}\n") == [
                "netbootd.yaml:2:28: dhcp.subnets: warning: in mode off no addresses are given,"
                    + " so this has no effect"
            ])
    }

    @Test("The switches of dhcp are truth values")
    func switches() {
        let keys = "authoritative: false, answer-router-solicitations: false"
        let dhcp = parse("interface: e\ndhcp: {mode: proxy, \(keys)}\n").configuration?.dhcp
        #expect(dhcp?.authoritative == false && dhcp?.answersRouterSolicitations == false)
        #expect(
            errors(in: "interface: e\ndhcp: {mode: proxy, authoritative: \"true\"}\n") == [
                "netbootd.yaml:2:36: dhcp.authoritative: found the text \"true\"; expected true or false"
            ])
    }

    @Test("All of a subnet's values arrive")
    func values() throws {
        let text = """
            interface: eth1
            dhcp:
              subnets:
                - subnet: 10.0.0.0/24
                  range: [10.0.0.10-10.0.0.19, 10.0.0.30-10.0.0.39]
                  router: 10.0.0.1
                  dns: 10.0.0.2
                  ntp: [10.0.0.3, 10.0.0.4]
                  domain: lab.example
                  search: [lab.example, example]
                  routes: [{to: 10.9.0.0/16, via: 10.0.0.5}]
                  lease: 90m
                  options: {150: {ip: 10.0.0.6}}
            """
        let subnet = try #require(parse(text).configuration?.dhcp.subnets.first)
        #expect(subnet.ranges.map(\.description) == ["10.0.0.10-10.0.0.19", "10.0.0.30-10.0.0.39"])
        #expect(subnet.router == IPv4Address(10, 0, 0, 1) && subnet.dns == [IPv4Address(10, 0, 0, 2)])
        #expect(subnet.ntp == [IPv4Address(10, 0, 0, 3), IPv4Address(10, 0, 0, 4)])
        #expect(subnet.domain == "lab.example" && subnet.searchDomains == ["lab.example", "example"])
        #expect(subnet.routes.map(\.destination.description) == ["10.9.0.0/16"])
        #expect(subnet.routes.map(\.router) == [IPv4Address(10, 0, 0, 5)])
        #expect(subnet.lease == .seconds(5400))
        #expect(subnet.options.map(\.bytes) == [[10, 0, 0, 6]])
    }

    @Test("A subnet from which nobody can get an address is worth a warning")
    func nothingToGive() {
        let text = "interface: e\ndhcp:\n  subnets:\n    - subnet: 10.0.0.0/24\n"
        #expect(
            warnings(in: text) == [
                "netbootd.yaml:4:7: dhcp.subnets[0]: warning: 10.0.0.0/24 has neither a range nor a machine"
                    + " with an address; nobody gets one"
            ])
        #expect(warnings(in: text + "machines: [{mac: 525400123456, address: 10.0.0.9}]\n") == [])
    }
}
