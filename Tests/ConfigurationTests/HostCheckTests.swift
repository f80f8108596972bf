import BootCore
import Configuration
import Glibc
import Testing
import Wire

@testable import SystemIO

/// A host as a test wants it.
struct FakeHost: HostFacts {
    var list = [Self.interface("eth1", ["10.0.0.1/24"])]
    var users = ["netbootd": UserIdentity(name: "netbootd", userID: 900, groupID: 900)]
    var currentUser = UserIdentity(name: "root", userID: 0, groupID: 0)
    var failures: [String: OpenFailure] = [:]
    /// By folder and whether it is to be written into.
    var troubles: [String: CInt] = [:]
    var ports: [UInt16: PortState] = [:]
    var foldersOfOthers: Set<String> = []
    /// Those of this host, outside of the tree.
    var hostFiles: [String: HostFile] = [:]

    func interfaces() throws(SystemError) -> [NetworkInterface] { list }

    func user(named name: String) -> UserIdentity? { users[name] }

    func files(_ paths: Set<String>, inTree folder: String, for user: UserIdentity) -> [String: FileState] {
        var states: [String: FileState] = [:]
        for path in paths { states[path] = failures[path].map { .failed($0) } ?? .readable }
        return states
    }

    func folderTrouble(_ path: String, forWriting: Bool, for user: UserIdentity) -> SystemError? {
        let code = troubles["\(path) \(user.name)"] ?? troubles[path]
        return code.map { SystemError("enter \(path)", code: $0) }
    }

    func mayGiveFolder(_ path: String, filesNamed prefix: String) -> Bool { !foldersOfOthers.contains(path) }

    func hostFile(_ path: String, limit: Int, for user: UserIdentity) throws(SystemError) -> HostFile {
        if let code = troubles["\(path) \(user.name)"] { throw SystemError("open \(path)", code: code) }
        guard let file = hostFiles[path] else { throw SystemError("open \(path)", code: ENOENT) }
        return file
    }

    func portState(_ port: HostPort, device: String?) -> PortState { ports[port.number] ?? .free }

    var mayReadAllFiles = true
    var hostNames: [String: [IPAddress]] = [:]

    func addresses(ofHost name: String) -> [IPAddress] { hostNames[name] ?? [] }

    static func interface(
        _ name: String, _ addresses: [String], isUp: Bool = true, mac: UInt64? = 0x0200_0000_0001
    ) -> NetworkInterface {
        NetworkInterface(
            name: name, index: 2, mac: mac.map { MACAddress(rawValue: $0) }, isUp: isUp, mtu: 1500,
            addresses: addresses.compactMap { text in
                let parts = text.split(separator: "/")
                guard let address = IPv4Address(parts[0]), let length = Int(parts[1]),
                    let network = IPv4Network(containing: address, prefixLength: length)
                else { return nil }
                return NetworkInterface.InterfaceAddress(address: address, network: network)
            })
    }
}

@Suite("A configuration against the host that is to serve it")
struct HostCheckTests {
    private func check(
        _ text: String = base, ports: PortExpectation = .mustBeFree,
        _ change: (inout FakeHost) -> Void = { _ in }
    ) throws -> HostReport {
        var host = FakeHost()
        change(&host)
        let configuration = try #require(parse(text).configuration)
        return HostCheck.run(configuration, facts: host, ports: ports)
    }

    private func words(_ report: HostReport) -> [String] {
        (report.errors.map(\.description) + report.warnings.map(\.description))
            .map { String($0.trimmingPrefix("netbootd.yaml:")) }
    }

    @Test("When all is well, it says what will be used")
    func allIsWell() throws {
        let report = try check()
        #expect(words(report) == [])
        let selection = try #require(report.selection)
        #expect(selection.interface.name == "eth1" && selection.address == IPv4Address(10, 0, 0, 1))
        #expect(selection.user.name == "netbootd")
        #expect(selection.loaders == BootPolicy.defaultLoaders)
    }

    @Test("The interface must be there, up, and able to speak Ethernet and IPv4")
    func interface() throws {
        let absent = try check { $0.list = ["lo", "eth0", "enp1s0"].map { FakeHost.interface($0, []) } }
        #expect(
            words(absent) == [
                "1:12: interface: there is no interface 'eth1'; did you mean 'eth0'? this host has lo, eth0,"
                    + " enp1s0"
            ])
        #expect(absent.selection == nil)
        #expect(
            words(try check { $0.list = [FakeHost.interface("eth1", ["10.0.0.1/24"], isUp: false)] }) == [
                "1:12: interface: the interface eth1 is down; try: ip link set eth1 up"
            ])
        #expect(
            words(try check { $0.list = [FakeHost.interface("eth1", ["10.0.0.1/24"], mac: nil)] }) == [
                "1:12: interface: the interface eth1 has no Ethernet address"
            ])
        #expect(
            words(try check { $0.list = [FakeHost.interface("eth1", [])] }) == [
                "1:12: interface: the interface eth1 has no IPv4 address; a boot server needs a fixed one"
            ])
    }

    @Test("Of several addresses, the one in a served subnet is meant; else it is to be set")
    func addresses() throws {
        func host(_ addresses: String...) -> (inout FakeHost) -> Void {
            { $0.list = [FakeHost.interface("eth1", addresses)] }
        }
        let one = try check(base, host("192.0.2.1/24", "10.0.0.7/24"))
        #expect(words(one) == [] && one.selection?.address == IPv4Address(10, 0, 0, 7))
        #expect(
            words(try check(base, host("10.0.0.7/24", "10.0.0.8/24"))) == [
                "1:12: interface: eth1 has several addresses that may be meant: 10.0.0.7, 10.0.0.8; set"
                    + " 'address' to one"
            ])
        #expect(
            words(try check(base, host("192.0.2.1/24"))) == [
                "1:12: interface: eth1 has 192.0.2.1, in none of the subnets 10.0.0.0/24; give it an address"
                    + " there, or set 'address' for a server of relayed subnets alone"
            ])
        let stated = try check(base + "address: 10.0.0.8\n", host("10.0.0.7/24", "10.0.0.8/24"))
        #expect(words(stated) == [] && stated.selection?.address == IPv4Address(10, 0, 0, 8))
        #expect(
            words(try check(base + "address: 10.0.0.9\n", host("10.0.0.7/24"))) == [
                "10:10: address: eth1 does not have the address 10.0.0.9; it has 10.0.0.7"
            ])
        let relayed = try check(base + "address: 192.0.2.1\n", host("192.0.2.1/24"))
        #expect(relayed.selection?.address == IPv4Address(192, 0, 2, 1))
        #expect(
            words(relayed) == [
                "10:10: address: warning: 192.0.2.1 is in none of the subnets, so only relayed clients can be"
                    + " served"
            ])
        #expect(
            words(try check(base, host("10.0.0.7/16"))) == [
                "4:15: dhcp.subnets[0].subnet: warning: the interface's network is 10.0.0.0/16, clients are"
                    + " told 10.0.0.0/24"
            ])
        let proxy = "interface: eth1\ndhcp: {mode: proxy}\n"
        #expect(try check(proxy, host("192.0.2.1/24")).selection?.address == IPv4Address(192, 0, 2, 1))
        #expect(try check(proxy, host("192.0.2.1/24", "10.0.0.1/24")).errors.count == 1)
    }

    @Test("No machine is given the server's own address")
    func ownAddress() throws {
        #expect(
            words(try check(base + "machines: [{mac: 525400123456, address: 10.0.0.1}]\n")) == [
                "10:41: machines[0].address: 10.0.0.1 is this server's own"
            ])
    }

    @Test("A missing boot file is told with what helps; one for a platform that nobody named is left out")
    func bootFiles() throws {
        let text = """
            interface: eth1
            dhcp: {mode: off}
            default: menu
            loaders: {uefi-ia32: ipxe32.efi}
            profiles:
              a:
                kernel: srv/netboot/a/linux
                initrd: [a/one, a/two, "http://x/three"]
              b: {kernel: k, initrd: a/two}
              c: {loader: {bios: lpxelinux.0, uefi-x64: dir/x.efi}}
              d: {loader: grub.efi}
            """
        let report = try check(text) { host in
            for path in ["srv/netboot/a/linux", "ipxe32.efi", "lpxelinux.0", "grub.efi", "ipxe-arm64.efi"] {
                host.failures[path] = .notFound
            }
            host.failures["a/two"] = .accessDenied
            host.failures["k"] = .notARegularFile
            host.failures["dir/x.efi"] = .outsideRoot
            host.failures["undionly.kpxe"] = .notFound
        }
        #expect(
            words(report) == [
                "4:22: loaders.uefi-ia32: there is no file 'ipxe32.efi' in /srv/netboot",
                "7:13: profiles.a.kernel: there is no file 'srv/netboot/a/linux' in /srv/netboot; paths begin"
                    + " there: did you mean 'a/linux'?",
                "8:21: profiles.a.initrd[1]: the user 'netbootd' cannot read 'a/two'",
                "9:15: profiles.b.kernel: 'k' is not a regular file",
                "9:26: profiles.b.initrd: the user 'netbootd' cannot read 'a/two'",
                "10:22: profiles.c.loader.bios: there is no file 'lpxelinux.0' in /srv/netboot; Debian's"
                    + " package pxelinux ships it",
                "10:45: profiles.c.loader.uefi-x64: 'dir/x.efi' leads out of /srv/netboot",
                "11:15: profiles.d.loader: there is no file 'grub.efi' in /srv/netboot",
                " loaders.bios: there is no file 'undionly.kpxe' in /srv/netboot; Debian's package ipxe ships it",
            ])
    }

    @Test("Platforms whose default loader is absent are left to the policy, which then says so")
    func absentDefaults() throws {
        let report = try check {
            $0.failures["ipxe-arm64.efi"] = .notFound
            $0.failures["ipxe-i386.efi"] = .notFound
        }
        #expect(words(report) == [])
        let selection = try #require(report.selection)
        #expect(selection.loaders == [.bios: "undionly.kpxe", .uefiX64: "snponly.efi"])
        let configuration = try #require(parse(base).configuration)
        let policy = configuration.policy(loaders: selection.loaders)
        let machine = Machine(platform: .uefiARM64, stage: .firmware)
        #expect(policy.nextStep(for: machine) == .addressOnly(.noLoader(.uefiARM64)))
    }

    @Test("Without anything for iPXE to do, no loader is missed")
    func noIPXE() throws {
        let text = "interface: eth1\ndhcp: {mode: off}\ndefault: local\n"
        let report = try check(text) { host in
            for loader in BootPolicy.defaultLoaders.values { host.failures[loader] = .notFound }
        }
        #expect(words(report) == [] && report.selection?.loaders == [:])
    }

    @Test("The folders must be there for the ordinary user")
    func folders() throws {
        #expect(
            words(try check { $0.troubles["/srv/netboot"] = ENOENT }) == [
                " files: the folder /srv/netboot does not exist"
            ])
        #expect(
            words(try check { $0.troubles["/srv/netboot"] = EACCES }) == [
                " files: the user 'netbootd' cannot read /srv/netboot"
            ])
        let state = "/var/lib/netbootd"
        #expect(words(try check { $0.troubles[state] = ENOENT }) == [])
        #expect(
            words(
                try check {
                    $0.troubles[state] = ENOENT
                    $0.troubles["/var/lib"] = EROFS
                }) == [
                    " state: the folder /var/lib/netbootd does not exist and cannot be made: enter /var/lib:"
                        + " Read-only file system"
                ])
        // Root gives it to the user when it starts.
        #expect(words(try check { $0.troubles["\(state) netbootd"] = EACCES }) == [])
        #expect(
            words(
                try check {
                    $0.troubles["\(state) netbootd"] = EACCES
                    $0.foldersOfOthers = [state]
                }) == [
                    " state: /var/lib/netbootd holds other things and does not belong to 'netbootd'; name an"
                        + " empty folder"
                ])
        #expect(
            words(
                try check(base + "state: /tmp/x\n") {
                    $0.troubles["/tmp/x"] = EACCES
                    $0.currentUser = UserIdentity(name: "1000", userID: 1000, groupID: 1000)
                }) == ["10:8: state: the user '1000' cannot write into /tmp/x"])
        #expect(
            words(try check(base + "state: /tmp/x\n") { $0.troubles["/tmp/x"] = ENOTDIR }) == [
                "10:8: state: /tmp/x is not a folder"
            ])
    }

    @Test("Root becomes the user that is named; where the file names none, nobody will do")
    func users() throws {
        let nobody = UserIdentity(name: "nobody", userID: 65534, groupID: 65534)
        let substitute = try check { $0.users = ["nobody": nobody] }
        #expect(substitute.selection?.user == nobody)
        #expect(
            words(substitute) == [" user: warning: there is no user 'netbootd'; the server will be 'nobody'"])
        #expect(
            words(try check(base + "user: pxe\n") { $0.users = ["nobody": nobody] }) == [
                "10:7: user: there is no user 'pxe'"
            ])
        #expect(words(try check { $0.users = [:] }) == [" user: there is no user 'netbootd'"])
        let oneself = UserIdentity(name: "1000", userID: 1000, groupID: 1000)
        #expect(try check { $0.currentUser = oneself }.selection?.user == oneself)
    }

    @Test("A file with errors is compared with the host as far as it could be read")
    func brokenFile() throws {
        let report = parse(base + "lease: 1h\nfiles: /srv/none\n")
        #expect(report.configuration == nil)
        var host = FakeHost()
        host.list = [FakeHost.interface("eth0", ["10.0.0.1/24"])]
        host.troubles["/srv/none"] = ENOENT
        let found = try #require(HostCheck.run(report, facts: host))
        #expect(
            words(found) == [
                "1:12: interface: there is no interface 'eth1'; did you mean 'eth0'? this host has eth0",
                "11:8: files: the folder /srv/none does not exist",
            ])
    }

    @Test("A check beside a netbootd that serves already is no error; a start beside it is")
    func ownPorts() throws {
        let ours = PortState.taken(PortHolder(processID: 5, name: "netbootd"))
        #expect(
            words(try check(ports: .mayBeOurs) { $0.ports[67] = ours }) == [
                "3:3: dhcp: warning: UDP port 67 is served by netbootd (process 5); a reload makes it take this"
                    + " file"
            ])
        #expect(
            words(try check { $0.ports[67] = ours }) == [
                "3:3: dhcp: UDP port 67 is taken by netbootd (process 5)"
            ])
    }

    @Test("A taken port names its holder, unless we hold it ourselves")
    func ports() throws {
        let holder = PortHolder(processID: 77, name: "dnsmasq")
        func taken(_ host: inout FakeHost) {
            host.ports[67] = .taken(holder)
            host.ports[8080] = .taken(nil)
            host.ports[4011] = .failed(SystemError("bind", code: EACCES))
            host.ports[69] = .failed(SystemError("bind", code: EADDRNOTAVAIL))
        }
        let text = base + "http: {port: 8080}\n"
        #expect(
            words(try check(text, taken)) == [
                "3:3: dhcp: UDP port 67 is taken by dnsmasq (process 77)",
                "10:14: http.port: TCP port 8080 of 10.0.0.1 is taken by another process",
                " tftp.port: UDP port 69 of 10.0.0.1 cannot be used: Cannot assign requested address",
                "3:3: dhcp: warning: no permission to try UDP port 4011; run the check as root to be sure that"
                    + " it is free",
            ])
        #expect(words(try check(text, ports: .areOurs, taken)) == [])
        #expect(
            try check("interface: eth1\ndhcp: {mode: off}\n") { $0.ports[67] = .taken(holder) }.errors == [])
    }
}
