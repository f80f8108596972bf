import BootCore
import Configuration
import DHCPServer
import HTTPServer
import NFSServer
import TFTPServer
import Testing
import Wire

@Suite("A whole configuration, from text to what each server is told")
struct ExampleTests {
    static let text = """
        interface: eth1                      # the NIC on the lab subnet
        files: /srv/netboot                  # the tree that TFTP, HTTP and NFS serve
        state: /var/lib/netbootd             # leases, boot history

        dhcp:
          mode: server                       # server | proxy | off
          subnets:
            - subnet: 10.0.0.0/24
              range: 10.0.0.100-10.0.0.199
              router: 10.0.0.254
              dns: [10.0.0.254]
              domain: lab.example
              lease: 1h

        nfs:
          exports:
            - path: /depot                   # a path in the tree
              clients: [10.0.0.0/24]

        profiles:
          alpine:
            kernel: alpine/vmlinuz-lts
            initrd: [alpine/initramfs-lts]
            cmdline: ip=dhcp modloop={http}/alpine/modloop-lts apkovl={http}/apkovl/{MAC}.apkovl.tar.gz
          debian-installer:
            kernel: debian/linux
            initrd: [debian/initrd.gz]
            cmdline: priority=critical

        machines:
          - mac: 52:54:00:12:34:56
            hostname: node1
            address: 10.0.0.11
            profile: debian-installer

        default: alpine                      # a profile, `menu`, or `local`
        """

    @Test("The example of the documentation is read as it is meant")
    func example() throws {
        let report = parse(Self.text)
        #expect(report.errors == [])
        #expect(report.warnings == [])
        let configuration = try #require(report.configuration)
        var expected = DeploymentConfiguration(interface: "eth1", source: configuration.source)
        expected.dhcp.subnets = [try Self.subnet]
        let clients = ExportClients.network(try #require(IPNetwork("10.0.0.0/24")))
        expected.nfs.exports = [
            NFSExport(path: "/depot", folder: .tree("depot"), grants: [ExportGrant(clients: clients)])
        ]
        expected.profiles = try Self.profiles
        expected.machines = [
            KnownMachine(
                mac: MACAddress(rawValue: 0x5254_0012_3456), hostname: "node1",
                address: IPv4Address(10, 0, 0, 11), target: .profile("debian-installer"))
        ]
        expected.defaultTarget = .profile("alpine")
        #expect(configuration == expected)
    }

    @Test("Each server is told what concerns it")
    func settings() throws {
        let configuration = try #require(parse(Self.text).configuration)
        let address = IPv4Address(10, 0, 0, 1)
        let policy = configuration.policy()
        #expect(policy.profiles == (try Self.profiles))
        #expect(policy.loaders == BootPolicy.defaultLoaders)
        let node = Machine(mac: MACAddress(rawValue: 0x5254_0012_3456))
        #expect(policy.target(for: node)?.target == .profile("debian-installer"))

        let dhcp = configuration.dhcpSettings(address: address, policy: policy)
        #expect(dhcp.mode == .server && dhcp.authoritative && dhcp.answersRouterSolicitations)
        #expect(dhcp.subnets == [try Self.subnet])
        #expect(dhcp.location == ServerLocation(address: address, httpPort: 80))
        #expect(
            configuration.tftpSettings(address: address, mtu: 9000)
                == TFTPSettings(address: address, mtu: 9000))
        let http = configuration.httpSettings(address: address, policy: policy)
        #expect(http.location == dhcp.location && http.threads == 2 && http.maximumConnections == 2048)
    }

    private static var subnet: DHCPSubnet {
        get throws {
            DHCPSubnet(
                network: try #require(IPv4Network("10.0.0.0/24")),
                ranges: [try #require(IPv4Range("10.0.0.100-10.0.0.199"))],
                router: IPv4Address(10, 0, 0, 254), dns: [IPv4Address(10, 0, 0, 254)], domain: "lab.example",
                lease: .seconds(3600))
        }
    }

    private static var profiles: [Profile] {
        get throws {
            let line = "ip=dhcp modloop={http}/alpine/modloop-lts apkovl={http}/apkovl/{MAC}.apkovl.tar.gz"
            return [
                Profile(
                    name: "alpine",
                    kernel: KernelEntry(
                        kernel: "alpine/vmlinuz-lts", initrds: ["alpine/initramfs-lts"],
                        commandLine: try Template(line))),
                Profile(
                    name: "debian-installer",
                    kernel: KernelEntry(
                        kernel: "debian/linux", initrds: ["debian/initrd.gz"],
                        commandLine: try Template("priority=critical"))),
            ]
        }
    }
}
