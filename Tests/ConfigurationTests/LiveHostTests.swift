import BootCore
import Configuration
import Glibc
import SystemIO
import Testing
import Wire

@Suite("The host that the tests run on")
struct LiveHostTests {
    private static let isRoot = geteuid() == 0
    private static let nobody = UserIdentity(name: "nobody", userID: 65534, groupID: 65534)

    private let facts = LiveHostFacts(packageFolders: [])

    @Test("Boot files are tried as the user that will serve them", .enabled(if: isRoot))
    func files() throws {
        let tree = try TemporaryFolder()
        try tree.write("kernel", to: "a/linux")
        try tree.write("secret", to: "a/private", mode: 0o600)
        try tree.write("hidden", to: "b/linux")
        tree.makeFolder("b", mode: 0o700)
        let names: Set = ["a/linux", "a/private", "b/linux", "a", "none", "../x"]
        #expect(
            facts.files(names, inTree: tree.path, for: Self.nobody) == [
                "a/linux": .readable, "a/private": .failed(.accessDenied), "b/linux": .failed(.accessDenied),
                "a": .failed(.notARegularFile), "none": .failed(.notFound), "../x": .failed(.notFound),
            ])
        #expect(facts.files(names, inTree: tree.path, for: facts.currentUser)["a/private"] == .readable)
        #expect(facts.folderTrouble(tree.path, forWriting: false, for: Self.nobody) == nil)
        #expect(facts.folderTrouble(tree.path, forWriting: true, for: Self.nobody)?.code == EACCES)
        #expect(facts.folderTrouble(tree.path + "/b", forWriting: false, for: Self.nobody)?.code == EACCES)
        #expect(facts.folderTrouble(tree.path + "/c", forWriting: false, for: Self.nobody)?.code == ENOENT)
    }

    @Test("A file of this host is read as the user that will read it", .enabled(if: isRoot))
    func hostFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", to: "key", mode: 0o600)
        let path = folder.path + "/key"
        #expect(
            try facts.hostFile(path, limit: 3, for: facts.currentUser)
                == HostFile(bytes: Array("sec".utf8), mode: 0o600))
        #expect(throws: SystemError("open \(path)", code: EACCES)) {
            try facts.hostFile(path, limit: 3, for: Self.nobody)
        }
        #expect(throws: SystemError("read \(folder.path)", code: EISDIR)) {
            try facts.hostFile(folder.path, limit: 3, for: Self.nobody)
        }
    }

    @Test("A tree that is not there fails every file with the reason")
    func absentTree() {
        let states = facts.files(["x"], inTree: "/nonexistent", for: facts.currentUser)
        guard case .failed(.other(let error)) = states["x"] else {
            Issue.record("\(states)")
            return
        }
        #expect(error.code == ENOENT)
    }

    @Test("A port that this process holds is taken by this process")
    func ports() throws {
        let loopback = IPv4Address(127, 0, 0, 1)
        let socket = try UDPSocket(address: loopback, port: 0)
        let port = HostPort(transport: .udp, address: loopback, number: socket.port)
        guard case .taken(let holder) = facts.portState(port, device: nil) else {
            Issue.record("not taken")
            return
        }
        #expect(holder?.processID == getpid())
        // Class E: no host has such an address.
        let foreign = HostPort(transport: .tcp, address: IPv4Address(240, 0, 0, 1), number: 80)
        guard case .failed(let error) = facts.portState(foreign, device: nil) else {
            Issue.record("bound an address of somebody else")
            return
        }
        #expect(error.code == EADDRNOTAVAIL)
    }

    @Test("A whole check of a loopback deployment passes", .enabled(if: isRoot))
    func wholeCheck() throws {
        let tree = try TemporaryFolder()
        try tree.write("kernel", to: "linux")
        try tree.write("loader", to: "undionly.kpxe")
        let text = """
            interface: lo
            files: \(tree.path)
            state: \(tree.path)/state/deeper
            user: nobody
            dhcp: {mode: off}
            tftp: {port: 16969}
            http: {port: 18080}
            profiles: {live: {kernel: linux, initrd: missing}}
            default: live
            """
        let configuration = try #require(parse(text).configuration)
        #expect(
            HostCheck.run(configuration, facts: facts, ports: .areOurs).errors.map(\.description) == [
                "netbootd.yaml:8:42: profiles.live.initrd: there is no file 'missing' in \(tree.path)",
                "netbootd.yaml: loaders.uefi-x64: there is no file 'snponly.efi' in \(tree.path); Debian's"
                    + " package ipxe ships it",
            ])
        try tree.write("loader", to: "snponly.efi")
        try tree.write("initrd", to: "missing")
        let report = HostCheck.run(configuration, facts: facts, ports: .areOurs)
        #expect(report.errors == [] && report.warnings == [])
        #expect(report.selection?.address == IPv4Address(127, 0, 0, 1))
        #expect(report.selection?.loaders == [.bios: "undionly.kpxe", .uefiX64: "snponly.efi"])
    }
}
