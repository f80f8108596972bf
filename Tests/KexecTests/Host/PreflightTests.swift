import BootCore
import Testing
import Wire

@testable import Kexec

@Suite("Preflight")
struct PreflightTests {
    /// A host with 2 GiB on which all is well.
    private var host: HostFacts {
        var facts = HostFacts()
        facts.capabilities = 1 << 22
        facts.isInFirstUserNamespace = true
        facts.isInFirstPIDNamespace = true
        facts.isArmed = false
        facts.configuration = KernelConfiguration(path: "/proc/config.gz", enabled: ["KEXEC", "KEXEC_FILE"])
        facts.secureBoot = .off
        facts.memoryTotal = 2 << 30
        facts.memoryAvailable = 1 << 30
        return facts
    }

    private let plan = JoinPlan(
        entry: JoinEntry(
            name: "debian", kernel: JoinArtifact(url: "http://s/linux", byteCount: 8 << 20),
            initrds: [JoinArtifact(url: "http://s/initrd.gz", byteCount: 32 << 20)]))

    private func status(_ check: String, _ change: (inout HostFacts) -> Void) -> PreflightLine.Status? {
        var facts = host
        change(&facts)
        return Preflight.check(facts, plan: plan).lines.first { $0.check == check }?.status
    }

    @Test("A host on which all is well goes")
    func allWell() {
        let report = Preflight.check(host, plan: plan)
        #expect(report.lines.allSatisfy { $0.status == .pass })
        #expect(report.verdict(force: false) == .go)
    }

    @Test("Rights, containers and user namespaces")
    func rights() {
        #expect(status("rights") { $0.userID = 1000 } == .fail)
        #expect(status("rights") { $0.capabilities = 0 } == .fail)
        #expect(status("rights") { $0.isInFirstUserNamespace = false } == .fail)
        let docker = HostFacts.Container(name: "docker", path: "/.dockerenv")
        #expect(status("container") { $0.isInFirstPIDNamespace = false } == .fail)
        #expect(status("container") { $0.container = docker } == .warn)
        #expect(
            status("container") {
                $0.container = docker
                $0.isInFirstPIDNamespace = nil
            } == .fail)
    }

    @Test("What the kernel was built with and what it still permits")
    func kernel() {
        #expect(status("kexec") { $0.isArmed = nil } == .fail)
        #expect(status("kexec") { $0.configuration = nil } == .pass)
        #expect(status("kexec") { $0.configuration?.enabled = ["KEXEC"] } == .pass)
        #expect(
            status("kexec") {
                $0.configuration?.enabled = ["KEXEC"]
                $0.machine = "aarch64"
            } == .fail)
        #expect(status("permission") { $0.isLoadDisabled = true } == .fail)
        #expect(status("permission") { $0.loadsLeft = 0 } == .fail)
        #expect(status("permission") { $0.loadsLeft = 3 } == .pass)
        #expect(status("armed") { $0.isArmed = true } == .pass)
    }

    @Test("Secure Boot passes with a note; lockdown without it is a warning")
    func signature() {
        #expect(
            status("signature") {
                $0.secureBoot = .on
                $0.lockdown = "integrity"
            } == .pass)
        #expect(status("signature") { $0.lockdown = "integrity" } == .warn)
        #expect(status("signature") { $0.secureBoot = .unknown } == .pass)
    }

    @Test("Xen, Hyper-V and drivers that leave their card dead")
    func hardware() {
        #expect(status("Xen") { $0.xen = .host } == .fail)
        #expect(status("Xen") { $0.xen = .paravirtual } == .fail)
        #expect(status("Xen") { $0.xen = .hardware } == .warn)
        #expect(status("Hyper-V") { $0.isHyperV = true } == .warn)
        #expect(status("driver") { $0.modules = ["amdgpu"] } == .warn)
        #expect(status("screen") { $0.modules = ["i915"] } == .pass)
        #expect(
            status("watchdog") { $0.watchdogs = [HostFacts.Watchdog(name: "watchdog0", seconds: 60)] }
                == .pass)
        #expect(status("TPM") { $0.sealedDisks = "/etc/crypttab" } == .pass)
    }

    private func memory(
        total: Int64, available: Int64, kernel: Int64 = 8, initrd: Int64 = 32, initBytes: Int64? = nil
    ) -> [PreflightLine.Status] {
        var (facts, plan) = (host, plan)
        facts.memoryTotal = total << 20
        facts.memoryAvailable = available << 20
        plan.entry?.kernel.byteCount = kernel << 20
        plan.entry?.initrds[0].byteCount = initrd << 20
        plan.kernelInitBytes = initBytes.map { $0 << 20 }
        return Preflight.memory(facts, plan).map(\.status)
    }

    @Test("Memory is judged by the sizes of the manifest")
    func memory() {
        #expect(memory(total: 2048, available: 1024) == [.pass])
        #expect(memory(total: 2048, available: 79) == [.fail])
        #expect(memory(total: 2048, available: 150) == [.warn])
        // 300 MiB of initrd in 512 MiB: half is 256.
        #expect(memory(total: 512, available: 400, initrd: 300) == [.fail, .fail, .warn])
        // Estimated at five times its size, the kernel may just not fit; with its own figure it is certain.
        #expect(memory(total: 256, available: 200, kernel: 20, initrd: 32) == [.warn, .warn])
        #expect(memory(total: 256, available: 230, kernel: 10, initrd: 30, initBytes: 100).first == .fail)
        #expect(memory(total: 2048, available: 1024, kernel: .max >> 20, initrd: .max >> 20).first == .fail)
        var facts = host
        facts.memoryTotal = nil
        #expect(Preflight.memory(facts, plan).map(\.status) == [.warn])
        #expect(Preflight.memory(host, JoinPlan()).map(\.status) == [.pass])
    }

    @Test("The architecture is compared when it is known")
    func architecture() {
        var facts = host
        #expect(Preflight.architecture(facts, JoinPlan()) == nil)
        #expect(Preflight.architecture(facts, JoinPlan(kernelMachine: "aarch64"))?.status == .fail)
        #expect(Preflight.architecture(facts, JoinPlan(kernelMachine: "i386"))?.status == .pass)
        facts.machine = "aarch64"
        #expect(Preflight.architecture(facts, JoinPlan(kernelMachine: "aarch64"))?.status == .pass)
    }

    @Test("The uplink is described from top to bottom; no link is a warning")
    func uplink() {
        let port = UplinkPort(name: "eno1", address: [2, 0, 0, 0, 0, 1], driver: "mlx5_core")
        var plan = JoinPlan(
            uplink: Uplink(
                interface: NetworkLink(index: 6, name: "bond0.42"),
                layers: [
                    .vlan(name: "bond0.42", id: 42),
                    .bond(Bond(name: "bond0", mode: "802.3ad", ports: [port])),
                ], port: port), mtu: 9000, warnings: [.mtu(9000, "initramfs-tools")])
        let report = Preflight.check(host, plan: plan)
        let found = "bond0.42 (VLAN 42) > bond0 (bond, 802.3ad) > eno1 02:00:00:00:00:01, MTU 9000"
        #expect(report.lines.first { $0.check == "uplink" }?.found == found)
        #expect(report.lines.filter { $0.status == .warn }.map(\.check) == ["driver", "address"])
        plan.uplink?.port.hasCarrier = false
        #expect(Preflight.uplink(plan)?.status == .warn)
    }

    @Test("Words that nobody filled in are a warning")
    func unresolved() {
        var plan = plan
        plan.entry?.unresolved = ["${net0/dhcp-server}"]
        #expect(Preflight.unresolved(plan)?.found == "nobody filled in ${net0/dhcp-server}")
    }

    @Test("Warnings give way to --force, failures do not")
    func verdict() {
        let warn = PreflightLine.warn("a", "b", "c")
        let fail = PreflightLine.fail("a", "b", "c")
        #expect(PreflightReport(lines: [warn]).verdict(force: false) == .stopped(warnings: 1))
        #expect(PreflightReport(lines: [warn]).verdict(force: true) == .go)
        #expect(PreflightReport(lines: [warn, fail]).verdict(force: true) == .refused(failures: 1))
    }

    private let report = PreflightReport(lines: [
        .pass("rights", "root"),
        .warn("memory", "1 \u{2603}", "Stop something that uses much memory, or try it."),
    ])

    @Test("The table is aligned, wrapped and plain")
    func table() {
        #expect(
            report.table(colour: false, width: 40) == """
                pass  rights  root
                warn  memory  1 ?
                              Stop something that uses
                              much memory, or try it.

                """)
        #expect(report.table(colour: true).hasPrefix("\u{1b}[32mpass  \u{1b}[0mrights  root\n"))
    }

    @Test("The same as JSON")
    func json() {
        #expect(
            report.json == #"{"verdict":"warn","lines":[{"check":"rights","status":"pass","found":"root"},"#
                + #"{"check":"memory","status":"warn","found":"1 ☃","#
                + #""advice":"Stop something that uses much memory, or try it."}]}"#)
    }

    @Test(
        "Sizes are for people",
        arguments: [
            (0, "0 KiB"), (1, "1 KiB"), (1 << 20, "1 MiB"), (431_500_000, "412 MiB"),
            (2_040_109_466, "1.9 GiB"),
        ]
            as [(Int64, String)])
    func sizes(bytes: Int64, text: String) {
        #expect(Preflight.sizeText(bytes) == text)
    }
}
