import SystemIO
import TestSupport
import Testing
import Wire

@testable import Kexec

@Suite("Facts of a host")
struct HostFactsTests {
    /// A host where everything is said.
    private func host() throws -> FakeHost {
        let host = try FakeHost()
        try host.write("/proc/self/status", "Name:\tx\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff")
        try host.write("/proc/self/ns/x", "")
        host.folder.link("proc/self/ns/user", to: "user:[4026531837]")
        host.folder.link("proc/self/ns/pid", to: "pid:[4026531836]")
        try host.write("/sys/kernel/kexec_loaded", "0")
        try host.write("/proc/sys/kernel/kexec_load_disabled", "0")
        try host.write("/proc/sys/kernel/kexec_load_limit_reboot", "-1")
        try host.write("/sys/kernel/security/lockdown", "[none] integrity confidentiality")
        try host.write(
            "/boot/config-6.1.0", "# CONFIG_KEXEC_SIG_FORCE is not set\nCONFIG_KEXEC_FILE=y\nCONFIG_X=5")
        try host.write(
            "/proc/meminfo", "MemTotal:        2048000 kB\nMemFree: 1 kB\nMemAvailable:    1024000 kB")
        return host
    }

    private func read(_ host: FakeHost) -> HostFacts {
        var facts = HostFacts()
        facts.release = "6.1.0"
        facts.readStatus(host.files)
        facts.readKexec(host.files)
        facts.readFirmware(host.files)
        facts.readMemory(host.files)
        facts.readHardware(host.files)
        return facts
    }

    @Test("A plain host is read")
    func plain() throws {
        let facts = read(try host())
        #expect(facts.mayBoot && facts.isInFirstUserNamespace == true && facts.isInFirstPIDNamespace == true)
        #expect(
            facts.isArmed == false && !facts.isLoadDisabled && facts.loadsLeft == nil && facts.lockdown == nil
        )
        #expect(
            facts.configuration == KernelConfiguration(path: "/boot/config-6.1.0", enabled: ["KEXEC_FILE"]))
        #expect(facts.memoryTotal == 2_097_152_000 && facts.memoryAvailable == 1_048_576_000)
        #expect(
            facts.container == nil && facts.xen == nil && facts.secureBoot == .off && facts.sealedDisks == nil
        )
    }

    @Test("Nothing at all is read as nothing")
    func empty() throws {
        let facts = read(try FakeHost())
        #expect(facts.isArmed == nil && facts.configuration == nil && facts.memoryTotal == nil)
        #expect(facts.isInFirstPIDNamespace == nil && facts.capabilities == nil)
    }

    @Test("The new name of kexec_loaded goes before the old one")
    func armed() throws {
        let host = try host()
        try host.write("/sys/kernel/kexec/loaded", "1")
        #expect(read(host).isArmed == true)
    }

    @Test(
        "Containers are known by their marks",
        arguments: [
            ("/run/systemd/container", "lxc", "lxc"), ("/.dockerenv", "", "docker"),
            ("/proc/1/environ", "TERM=x\u{0}container=nspawn\u{0}", "nspawn"),
            ("/proc/1/cgroup", "12:cpu:/kubepods/besteffort/pod1\n0::/x", "kubepods"),
        ])
    func containers(path: String, text: String, name: String) throws {
        let host = try host()
        try host.folder.write(String(path.dropFirst()), text)
        #expect(read(host).container == HostFacts.Container(name: name, path: path))
    }

    @Test("Secure Boot is read from its variable, else from what the loader left")
    func secureBoot() throws {
        let host = try host()
        try host.write("/sys/firmware/efi/systab", "")
        #expect(read(host).secureBoot == .unknown)
        var parameters = [UInt8](repeating: 0, count: 4096)
        parameters[0x1ec] = 3
        try host.folder.write("sys/kernel/boot_params/data", parameters)
        #expect(read(host).secureBoot == .on)
        try host.folder.write(
            "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", [6, 0, 0, 0, 0])
        #expect(read(host).secureBoot == .off)
    }

    @Test("Lockdown, limits, Xen, Hyper-V, watchdogs and sealed disks are seen")
    func others() throws {
        let host = try host()
        try host.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality")
        try host.write("/proc/sys/kernel/kexec_load_limit_reboot", "2")
        try host.write("/sys/hypervisor/type", "xen")
        try host.write("/sys/hypervisor/guest_type", "HVM")
        try host.write("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation")
        try host.write("/sys/class/dmi/id/product_name", "Virtual Machine")
        try host.write("/proc/modules", "hyperv_fb 24576 1 - Live 0x0\namdgpu 1 0 - Live 0x0")
        try host.write("/sys/bus/pci/drivers/mgag200/0000:01:00.0", "")
        try host.write("/sys/bus/pci/drivers/ast/bind", "")
        try host.write("/sys/class/watchdog/watchdog0/state", "active")
        try host.write("/sys/class/watchdog/watchdog0/timeout", "60")
        try host.write("/sys/class/watchdog/watchdog1/state", "inactive")
        try host.write("/etc/crypttab", "# tpm2-device\nroot UUID=1 none tpm2-device=auto")
        let facts = read(host)
        #expect(
            facts.lockdown == "integrity" && facts.loadsLeft == 2 && facts.xen == .hardware && facts.isHyperV)
        #expect(facts.modules == ["hyperv_fb", "amdgpu", "mgag200"])
        #expect(facts.watchdogs == [HostFacts.Watchdog(name: "watchdog0", seconds: 60)])
        #expect(facts.sealedDisks == "/etc/crypttab")
    }

    @Test("This very host can be read")
    func live() {
        let facts = HostFacts.read()
        #expect(!facts.machine.isEmpty && !facts.release.isEmpty && facts.memoryTotal ?? 0 > 0)
    }

    /// `printf 'CONFIG_KEXEC=y\n' | gzip -n`.
    private static let packed = hexadecimalBytes(
        "1f8b080000000000000373f6f773f3748ff7768d7075b6ade402008c18f5560f000000")

    @Test("A packed configuration is unpacked; anything else is not")
    func packed() throws {
        let packed = try #require(Self.packed)
        #expect(KernelConfiguration.unpacked(packed, limit: 100) == Array("CONFIG_KEXEC=y\n".utf8))
        #expect(KernelConfiguration.unpacked(packed, limit: 10) == nil)
        for count in 0..<packed.count {
            #expect(KernelConfiguration.unpacked(Array(packed.prefix(count)), limit: 100) == nil)
        }
        let host = try host()
        try host.folder.write("proc/config.gz", packed)
        #expect(read(host).configuration == KernelConfiguration(path: "/proc/config.gz", enabled: ["KEXEC"]))
    }
}
