import BootCore
import Configuration
import Testing
import Wire

@Suite("Every key, with right and wrong values")
struct KeyTests {
    /// Lines that may follow `base`.
    @Test(
        "A right value is taken without a word",
        arguments: [
            "address: 10.0.0.1", "files: /srv/boot", "state: '/var/lib/x y'", "user: tftp",
            "tftp: {port: 69, single-port: true, max-transfers: 2, max-transfers-per-client: 1, max-window: 8}",
            "http: {port: 8080, threads: 4, max-connections: 100, max-connections-per-client: 5}",
            "http: {idle-timeout: 90s}", "http:", "tftp: ~",
            "loaders: {uefi-x64: ipxe.efi, bios: boot/undionly.kpxe, uefi-arm64: /arm/snponly.efi}",
            "unknown: ignore", "unknown: default", "menu: {timeout: 0s}", "menu: {timeout: 2m}",
            "local-boot: exit", "local-boot: sanboot", "local-boot: no-boot-file",
            "machines:", "machines: []",
            "machines: [{mac: 52-54-00-12-34-56}, {mac: 525400123457}, {mac: '52:54:00:12:34:58'}]",
            "machines: [{uuid: 12345678-9ABC-def0-1234-56789abcdef0, profile: menu}]",
            "machines: [{mac: 525400123456, hostname: n1.lab, address: 10.0.0.150, profile: local}]",
            "machines: [{mac: 525400123456, local-boot: sanboot, vars: {disk: /dev/vda, n: 1}}]",
            "rules: []", "rules: [{match: {arch: uefi-x64}, profile: live}]",
            "rules: [{match: {mac: 525400123456, subnet: 10.1.0.0/16, hostname: web-*}, profile: menu}]",
            "rules: [{match: {uuid: 12345678-9abc-def0-1234-56789abcdef0, hostname: '*'}, profile: local}]",
        ])
    func rightValues(lines: String) {
        #expect(errors(in: base + lines + "\n") == [])
        #expect(warnings(in: base + lines + "\n") == [])
    }

    @Test(
        "A wrong value is told with its place, and with what would be right",
        arguments: [
            (
                "address: 10.0.0.256",
                ":10:10: address: found '10.0.0.256'; expected an IPv4 address, such as 10.0.0.1"
            ),
            (
                "files: srv",
                ":10:8: files: found 'srv'; expected a folder's whole path, such as /srv/netboot, without '..'"
            ),
            (
                "files: /srv/../etc",
                ":10:8: files: found '/srv/../etc'; expected a folder's whole path, such as /srv/netboot, without '..'"
            ),
            (
                "files: [/srv]",
                ":10:8: files: found a list; expected a folder's whole path, such as /srv/netboot, without '..'"
            ),
            (
                "state:",
                ":10:7: state: found nothing; expected a folder's whole path, such as /srv/netboot, without '..'"
            ),
            ("user: 'a b'", ":10:7: user: found the text \"a b\"; expected a user's name"),
            ("tftp: {port: 0}", ":10:14: tftp.port: found '0'; expected a whole number from 1 to 65535"),
            (
                "tftp: {port: '69'}",
                ":10:14: tftp.port: found the text \"69\"; expected a whole number from 1 to 65535"
            ),
            ("tftp: {single-port: yes}", ":10:21: tftp.single-port: found 'yes'; expected true or false"),
            (
                "tftp: {single-port: ture}",
                ":10:21: tftp.single-port: found 'ture'; did you mean 'true'? (true or false)"
            ),
            (
                "tftp: {max-transfers: -1}",
                ":10:23: tftp.max-transfers: found '-1'; expected a whole number from 1 to 65536"
            ),
            (
                "tftp: {max-window: 5000}",
                ":10:20: tftp.max-window: found '5000'; expected a whole number from 1 to 1024"
            ),
            (
                "tftp: {max-transfers: 4, max-transfers-per-client: 5}",
                ":10:52: tftp.max-transfers-per-client: one client may have 5, more than the 4 of all together"
            ),
            ("tftp: 69", ":10:7: tftp: found '69'; expected a mapping of keys and values"),
            (
                "http: {threads: 1.5}",
                ":10:17: http.threads: found '1.5'; expected a whole number from 1 to 64"
            ),
            (
                "http: {max-connections: 10}",
                ":10:25: http.max-connections: one client may have 64, more than the 10 of all together"
            ),
            (
                "http: {idle-timeout: 30}",
                ":10:22: http.idle-timeout: found 30 without a unit; write 30s for seconds, or use m, h or d"
            ),
            (
                "http: {idle-timeout: 30 s}",
                ":10:22: http.idle-timeout: found '30 s'; expected a time such as 90s, 30m, 1h or 1d, from 1s to 3600s"
            ),
            ("http: {ports: 80}", ":10:8: http.ports: unknown key; did you mean 'port'?"),
            (
                "loaders: {uefi-x46: ipxe.efi}",
                ":10:11: loaders.uefi-x46: unknown key; did you mean 'uefi-x64'?"
            ),
            (
                "loaders: {bios: ../x}",
                ":10:17: loaders.bios: '../x' is no path in the tree: '..' leads out of the tree"
            ),
            ("loaders: {bios: 'a\\b'}", nil),
            (
                "loaders: {bios: [x]}",
                ":10:17: loaders.bios: found a list; expected a path in the tree, or an http, https or tftp URL"
            ),
            (
                "unknown: ignored",
                ":10:10: unknown: found 'ignored'; did you mean 'ignore'? (one of default, ignore)"
            ),
            (
                "local-boot: disk",
                ":10:13: local-boot: found 'disk'; expected one of exit, sanboot, no-boot-file"
            ),
            (
                "menu: {timeout: 2d}",
                ":10:17: menu.timeout: found '2d'; expected a time such as 90s, 30m, 1h or 1d, from 0s to 86400s"
            ),
            ("machine: []", ":10:1: machine: unknown key; did you mean 'machines'?"),
            (
                "nfs: {exports: {path: /depot}}",
                ":10:16: nfs.exports: found a mapping; expected a list, such as [a, b]"
            ),
            (
                "nfs: {exports: [{path: /d, clients: 10.0.0.1/24}]}",
                ":10:37: nfs.exports[0].clients: found '10.0.0.1/24'; expected *, an address, a network such as"
                    + " 10.0.0.0/24, or a host name, perhaps with * and ?"
            ),
            (
                "nfs: {exports: [{path: /d, clients: []}]}",
                ":10:37: nfs.exports[0].clients: found nothing; expected *, an address, a network such as"
                    + " 10.0.0.0/24, or a host name, perhaps with * and ?"
            ),
            (
                "nfs: {exports: [{path: /d, clients: '@lab'}]}",
                ":10:37: nfs.exports[0].clients: '@lab' is a netgroup, which cannot be looked up; name hosts or networks"
            ),
            (
                "nfs: {exports: [{path: /d, clients: [10.0.0.1, 10.0.0.1]}]}",
                ":10:48: nfs.exports[0].clients[1]: 10.0.0.1 is there already, at line 10, column 37"
            ),
            (
                "nfs: {exports: [{path: /d, clients: '*', options: rw}]}",
                ":10:51: nfs.exports[0].options: 'rw' asks for writing, and netbootd serves files read-only; write 'ro'"
            ),
            (
                "nfs: {exports: [{path: /d, clients: '*', options: [ro, no_rootsquash]}]}",
                ":10:56: nfs.exports[0].options[1]: unknown option 'no_rootsquash'; did you mean 'no_root_squash'?"
            ),
            (
                "nfs: {exports: [{path: /d, clients: '*', options: anonuid=me}]}",
                ":10:51: nfs.exports[0].options: found 'me'; expected a number from 0 to 4294967295 behind anonuid="
            ),
            (
                "nfs: {exports: [{path: /d, clients: '*'}, {path: d/, clients: '*'}]}",
                ":10:50: nfs.exports[1].path: /d is there already, at line 10, column 24"
            ),
            ("nfs: {threads: 65}", ":10:16: nfs.threads: found '65'; expected a whole number from 1 to 64"),
            (
                "nfs: {exports-file: exports}",
                ":10:21: nfs.exports-file: found 'exports'; expected a file's whole path, such as /etc/netbootd/signing.key, without '..'"
            ),
            ("nfs: {exports: [{path: /d}]}", ":10:17: nfs.exports[0]: the key 'clients' is missing"),
        ] as [(String, String?)])
    func wrongValues(line: String, words: String?) {
        #expect(errors(in: base + line + "\n") == (words.map { ["netbootd.yaml" + $0] } ?? []))
    }

    @Test("interface is needed, and must be a name")
    func interface() {
        #expect(errors(in: "dhcp: {mode: off}\n") == ["netbootd.yaml:1:1: the key 'interface' is missing"])
        #expect(
            errors(in: "interface:\ndhcp: {mode: off}\n") == [
                "netbootd.yaml:1:11: interface: found nothing; expected an interface's name, such as eth1"
            ])
        for name in ["eth0/1", "sixteen-letters-", "'eth 1'", "'eth1:0'", "'..'"] {
            #expect(errors(in: "interface: \(name)\ndhcp: {mode: off}\n").count == 1)
        }
        #expect(errors(in: "interface: enp3s0f0.100\ndhcp: {mode: off}\n") == [])
    }

    @Test("A file that is no mapping says so")
    func noMapping() {
        #expect(
            errors(in: "eth1\n") == ["netbootd.yaml:1:1: found 'eth1'; expected a mapping of keys and values"]
        )
        #expect(
            errors(in: "- eth1\n") == [
                "netbootd.yaml:1:1: found a list; expected a mapping of keys and values"
            ])
        #expect(
            errors(in: "") == [
                "netbootd.yaml:1:1: the file is empty; at least 'interface' and 'dhcp' are needed"
            ])
    }

    @Test("Another TFTP port is told to iPXE, and the check says that firmware will not find it")
    func unusualTFTPPort() throws {
        let report = parse(base + "tftp: {port: 6969}\n")
        #expect(
            report.warnings.map(\.description) == [
                "netbootd.yaml:10:14: tftp.port: warning: firmware asks for files at port 69 only; at port 6969 it finds none"
            ])
        let location = try #require(report.configuration).location(address: IPv4Address(10, 0, 0, 1))
        #expect(location.tftpBase == "tftp://10.0.0.1:6969")
    }
}
