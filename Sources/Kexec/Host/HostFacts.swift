import Glibc
public import SystemIO

/// What of this host decides whether it can start another kernel.
public struct HostFacts: Equatable, Sendable {
    /// `uname -m` and `uname -r`.
    public var machine = "x86_64"
    public var release = ""
    public var userID: UInt32 = 0
    /// CapEff; nil when `/proc` does not tell.
    public var capabilities: UInt64?
    /// Nil when `/proc` does not tell.
    public var isInFirstUserNamespace: Bool?
    public var isInFirstPIDNamespace: Bool?
    /// What runs the container that this is in, and where that was seen.
    public var container: Container?
    /// Whether an image is armed; nil when this kernel has no kexec at all.
    public var isArmed: Bool?
    public var isLoadDisabled = false
    /// How many more loads are permitted; nil without a limit.
    public var loadsLeft: Int?
    public var configuration: KernelConfiguration?
    /// `integrity` or `confidentiality`; nil for none.
    public var lockdown: String?
    public var secureBoot: SecureBoot = .unknown
    /// In bytes; nil when `/proc/meminfo` does not tell.
    public var memoryTotal: Int64?
    public var memoryAvailable: Int64?
    public var xen: Xen?
    public var isHyperV = false
    /// Kernel modules that are loaded.
    public var modules: Set<String> = []
    public var watchdogs: [Watchdog] = []
    /// Where it says that a disk's key is sealed in the TPM.
    public var sealedDisks: String?

    public struct Container: Equatable, Sendable {
        public var name: String
        public var path: String
    }

    public enum SecureBoot: Equatable, Sendable {
        case on
        case off
        case unknown
    }

    public enum Xen: Equatable, Sendable {
        case host
        case paravirtual
        case hardware
    }

    public struct Watchdog: Equatable, Sendable {
        public var name: String
        /// Nil when it does not tell.
        public var seconds: Int?
    }

    public init() {}

    /// CAP_SYS_BOOT is capability 22.
    public var mayBoot: Bool { userID == 0 && (capabilities.map { $0 >> 22 & 1 == 1 } ?? true) }
}

extension HostFacts {
    public static func read(files: HostFiles = .live) -> HostFacts {
        var facts = HostFacts()
        facts.userID = geteuid()
        (facts.machine, facts.release) = kernelName()
        facts.readStatus(files)
        facts.readKexec(files)
        facts.readFirmware(files)
        facts.readMemory(files)
        facts.readHardware(files)
        return facts
    }

    /// `uname -m` and `uname -r`.
    public static func kernelName() -> (machine: String, release: String) {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return ("", "") }
        func text<T>(_ field: T) -> String {
            unsafe withUnsafeBytes(of: field) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return (text(name.machine), text(name.release))
    }

    mutating func readStatus(_ files: HostFiles) {
        let status = (files.text("/proc/self/status") ?? "").split(separator: "\n")
        capabilities = status.first { $0.hasPrefix("CapEff:") }.flatMap { line in
            line.split { $0 == "\t" || $0 == " " }.last.flatMap { UInt64($0, radix: 16) }
        }
        // The first ones' numbers are fixed in the kernel (include/linux/proc_ns.h).
        isInFirstUserNamespace = files.link("/proc/self/ns/user").map { $0 == "user:[4026531837]" }
        isInFirstPIDNamespace = files.link("/proc/self/ns/pid").map { $0 == "pid:[4026531836]" }
        container = Self.container(files)
    }

    private static func container(_ files: HostFiles) -> Container? {
        if let name = files.text("/run/systemd/container"), !name.isEmpty {
            return Container(name: name, path: "/run/systemd/container")
        }
        for (path, name) in [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")]
        where files.exists(path) {
            return Container(name: name, path: path)
        }
        let variables = (files.bytes("/proc/1/environ") ?? []).split(separator: 0)
        for variable in variables.map({ String(decoding: $0, as: UTF8.self) })
        where variable.hasPrefix("container=") {
            return Container(name: String(variable.dropFirst(10)), path: "/proc/1/environ")
        }
        let groups = files.text("/proc/1/cgroup") ?? ""
        return ["docker", "kubepods", "libpod", "lxc"].first { groups.contains("/\($0)") }
            .map { Container(name: $0, path: "/proc/1/cgroup") }
    }

    mutating func readKexec(_ files: HostFiles) {
        isArmed = files.isKexecLoaded
        isLoadDisabled = files.text("/proc/sys/kernel/kexec_load_disabled") == "1"
        loadsLeft = files.text("/proc/sys/kernel/kexec_load_limit_reboot").flatMap { Int($0) }
            .flatMap { $0 < 0 ? nil : $0 }
        configuration = KernelConfiguration.read(release: release, files: files)
        // `none [integrity] confidentiality`
        let level = files.text("/sys/kernel/security/lockdown")?.split(separator: " ").first {
            $0.hasPrefix("[")
        }
        lockdown = level.map { String($0.dropFirst().prefix { $0 != "]" }) }.flatMap {
            $0 == "none" ? nil : $0
        }
    }

    mutating func readFirmware(_ files: HostFiles) {
        let variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        let parameters = "/sys/kernel/boot_params/data"
        if let bytes = files.bytes(variable), bytes.count == 5 {
            secureBoot = bytes[4] == 1 ? .on : .off
        } else if let bytes = files.bytes(parameters), bytes.count > 0x1ec, bytes[0x1ec] > 1 {
            // The variable is not there while the module efivarfs is not loaded.
            secureBoot = bytes[0x1ec] == 3 ? .on : .off
        } else if !files.exists("/sys/firmware/efi") {
            secureBoot = .off
        }
    }

    mutating func readMemory(_ files: HostFiles) {
        for line in (files.text("/proc/meminfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]), kibibytes < 1 << 50 else { continue }
            if words[0] == "MemTotal:" { memoryTotal = kibibytes << 10 }
            if words[0] == "MemAvailable:" { memoryAvailable = kibibytes << 10 }
        }
    }

    mutating func readHardware(_ files: HostFiles) {
        let loaded = (files.text("/proc/modules") ?? "").split(separator: "\n")
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        // Drivers that are built in have no line there.
        modules = Set(loaded).union(
            files.names(inFolder: "/sys/bus/pci/drivers").filter { driver in
                files.names(inFolder: "/sys/bus/pci/drivers/\(driver)").contains { $0.contains(":") }
            })
        if files.text("/proc/xen/capabilities")?.contains("control_d") == true {
            xen = .host
        } else if files.text("/sys/hypervisor/type") == "xen" || files.exists("/proc/xen/capabilities") {
            let isPlain = ["HVM", "PVH"].contains(files.text("/sys/hypervisor/guest_type") ?? "")
            xen = isPlain ? .hardware : .paravirtual
        }
        isHyperV =
            files.text("/sys/class/dmi/id/sys_vendor") == "Microsoft Corporation"
            && files.text("/sys/class/dmi/id/product_name") == "Virtual Machine"
        watchdogs = files.names(inFolder: "/sys/class/watchdog").compactMap { name in
            guard files.text("/sys/class/watchdog/\(name)/state") == "active" else { return nil }
            return Watchdog(
                name: name, seconds: files.text("/sys/class/watchdog/\(name)/timeout").flatMap { Int($0) })
        }
        let places = ["/etc/crypttab": "tpm2-device", "/proc/cmdline": "tpm2-device"]
        sealedDisks = places.keys.sorted().first { path in
            (files.text(path) ?? "").split(separator: "\n").contains { line in
                !line.hasPrefix("#") && line.contains(places[path] ?? "")
            }
        }
    }
}

extension HostFiles {
    /// Whether the kernel has another one to jump to; nil when it has no kexec.
    var isKexecLoaded: Bool? {
        // The second is the name of old.
        (text("/sys/kernel/kexec/loaded") ?? text("/sys/kernel/kexec_loaded")).map { $0 == "1" }
    }
}
