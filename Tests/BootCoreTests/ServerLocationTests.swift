import BootCore
import Testing
import Wire

@Suite("Where a server is found")
struct ServerLocationTests {
    private let address = IPv4Address(10, 0, 0, 1)

    @Test("A URL has a port when it is not the protocol's own")
    func ports() {
        let usual = ServerLocation(address: address, httpPort: 80)
        #expect(usual.httpBase == "http://10.0.0.1" && usual.tftpBase == "tftp://10.0.0.1")
        let unusual = ServerLocation(address: address, httpPort: 8080, tftpPort: 6969)
        #expect(unusual.httpBase == "http://10.0.0.1:8080" && unusual.tftpBase == "tftp://10.0.0.1:6969")
    }

    @Test("A loader's URL names the TFTP server's port")
    func loader() {
        let policy = BootPolicy(
            profiles: [Profile(name: "p", title: "p", loaders: [.bios: "pxelinux.0"])],
            defaultTarget: .profile("p"))
        let entry = policy.entry(
            for: Machine(platform: .bios),
            from: ServerLocation(address: address, httpPort: 80, tftpPort: 6969))
        guard case .boot(let profile) = entry else {
            Issue.record("\(String(describing: entry))")
            return
        }
        #expect(profile.start == .loader(url: "tftp://10.0.0.1:6969/pxelinux.0", directory: ""))
    }
}
