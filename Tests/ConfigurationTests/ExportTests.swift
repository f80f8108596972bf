import BootCore
import Configuration
import Glibc
import NFSServer
import Testing
import Wire

@testable import SystemIO

@Suite("Exports of the configuration")
struct ExportTests {
    private func exports(_ lines: String) -> [NFSExport]? {
        parse(base + "nfs:\n  exports:\n" + lines).configuration?.nfs.exports
    }

    private func check(_ text: String, _ change: (inout FakeHost) -> Void = { _ in }) throws -> HostReport {
        var host = FakeHost()
        change(&host)
        return HostCheck.run(try #require(parse(text).configuration), facts: host, ports: .areOurs)
    }

    @Test("Clients and options are read as exports(5) has them")
    func reading() throws {
        let found = exports(
            """
                - path: /
                  clients: '*'
                - path: debian/root
                  clients: [10.0.0.0/255.255.255.0, "fd77::/64", node1, "*.lab.example"]
                  options: [no_root_squash, "anonuid=1000,anongid=-2", insecure, fsid=7, no_subtree_check]
                - path: home
                  clients: 10.0.0.9
                  options: [all_squash]

            """)
        let options = { (clients: ExportClients) in
            ExportGrant(
                clients: clients, squash: .none, anonymousUserID: 1000, anonymousGroupID: UInt32.max - 1,
                allowsAnyPort: true)
        }
        let network = { (text: String) in try ExportClients.network(#require(IPNetwork(text))) }
        let subnets = [try network("10.0.0.0/24"), try network("fd77::/64"), try network("10.0.0.9")]
        #expect(
            found == [
                NFSExport(path: "/", folder: .tree(""), grants: [ExportGrant(clients: .everyone)]),
                NFSExport(
                    path: "/debian/root", folder: .tree("debian/root"),
                    grants: [
                        options(subnets[0]), options(subnets[1]),
                        options(.name("node1")), options(.name("*.lab.example")),
                    ], fsid: 7),
                NFSExport(
                    path: "/home", folder: .tree("home"),
                    grants: [ExportGrant(clients: subnets[2], squash: .all)]),
            ])
    }

    @Test("Names of machines stay names, others become addresses, and unknown ones are told")
    func names() throws {
        let text =
            base + """
                machines: [{mac: 525400123456, hostname: Node1, profile: live}]
                nfs:
                  exports:
                    - path: /a
                      clients: [node1, depot, nowhere, "web*"]

                """
        let report = try check(text) { host in
            host.hostNames = ["depot": [.v4(IPv4Address(10, 0, 0, 7))]]
        }
        #expect(
            report.errors.map(\.description) == [
                "netbootd.yaml:14:16: nfs.exports[0].clients: no machine of this configuration is called 'nowhere', and the"
                    + " host's resolver does not know it"
            ])
        #expect(
            report.warnings.map(\.description) == [
                "netbootd.yaml:14:16: nfs.exports[0].clients: warning: no machine of this configuration has a name that"
                    + " fits 'web*', and no others are looked up"
            ])
        let good = try check(text.replacing(", nowhere", with: "")) { host in
            host.hostNames = ["depot": [.v4(IPv4Address(10, 0, 0, 7))]]
        }
        #expect(
            good.selection?.exports.first?.grants.map(\.clients) == [
                .name("node1"), .network(IPNetwork(host: .v4(IPv4Address(10, 0, 0, 7)))), .name("web*"),
            ])
    }

    @Test("Each folder must be there")
    func folders() throws {
        let report = try check(base + "nfs: {exports: [{path: /a, clients: '*'}]}\n") { host in
            host.troubles = ["/srv/netboot/a root": ENOENT]
        }
        #expect(
            report.errors.map(\.description) == [
                "netbootd.yaml:10:24: nfs.exports[0].path: the folder /srv/netboot/a does not exist"
            ])
    }

    @Test("A file of exports(5) is read as it is, and its mistakes are told with its own lines")
    func exportsFile() throws {
        let text = base + "nfs: {exports-file: /etc/exports}\n"
        let good = try check(text) { host in
            host.hostFiles = [
                "/etc/exports": HostFile(
                    bytes: Array("/srv/nfs 10.0.0.0/24(ro,no_root_squash) *(ro)\n".utf8), mode: 0o644)
            ]
        }
        #expect(good.errors.isEmpty && good.warnings.isEmpty)
        let export = try #require(good.selection?.exports.first)
        #expect(export.path == "/srv/nfs" && export.folder == .host("/srv/nfs"))
        #expect(export.grants.map(\.squash) == [.none, .root])
        let bad = try check(text) { host in
            host.hostFiles = [
                "/etc/exports": HostFile(bytes: Array("# ours\n/srv/nfs  10.0.0.1(rw)\n".utf8), mode: 0o644)
            ]
        }
        #expect(
            bad.errors.map(\.description) == [
                "/etc/exports:2:20: 'rw' asks for writing, and netbootd serves files read-only; write 'ro'"
            ])
        #expect(
            try check(text).errors.map(\.description) == [
                "netbootd.yaml:10:21: nfs.exports-file: /etc/exports cannot be read: No such file or directory"
            ])
    }

    @Test("What an ordinary user cannot read is told, and root for everybody, too")
    func warnings() throws {
        let text = base + "nfs: {exports: [{path: /a, clients: '*', options: no_root_squash}]}\n"
        #expect(
            parse(text).warnings.map(\.description) == [
                "netbootd.yaml:10:37: nfs.exports[0].clients: warning: everybody who reaches this server reads these files"
                    + " as root"
            ])
        let report = try check(text) { $0.mayReadAllFiles = false }
        #expect(
            report.warnings.map(\.description) == [
                "netbootd.yaml:10:6: nfs: warning: 'root' has no CAP_DAC_READ_SEARCH; files that only their owner may read"
                    + " are not served by NFS"
            ])
    }

    @Test("{nfs} is the option string in the words of who mounts")
    func placeholder() throws {
        let text = base.replacing(
            "live: {kernel: live/vmlinuz}",
            with: "live: {kernel: live/vmlinuz, initrd: i, initramfs: DIALECT, cmdline: 'x={nfs}'}")
        for (dialect, options) in [
            ("initramfs-tools", "nfsvers=3,tcp,nolock,rsize=1048576"),
            ("dracut", "vers=3,tcp,nolock,rsize=1048576"),
            ("none", "vers=3,tcp,nolock,rsize=1048576"),
        ] {
            let file =
                text.replacing("DIALECT", with: dialect) + "nfs: {exports: [{path: /a, clients: '*'}]}\n"
            let configuration = try #require(parse(file).configuration)
            let location = configuration.location(address: IPv4Address(10, 0, 0, 1))
            let entry = configuration.policy().entry(
                for: Machine(mac: MACAddress(rawValue: 0x5254_0000_0001), platform: .bios), from: location)
            guard case .boot(let profile)? = entry, case .kernel(_, _, let line) = profile.start else {
                Issue.record("no kernel")
                continue
            }
            #expect(line == "x=" + options)
        }
    }
}
