public import BootCore
import Wire

/// What is about to be loaded, as far as it is known before anything is downloaded.
public struct JoinPlan: Equatable, Sendable {
    public var entry: JoinEntry?
    /// `uname -m` of the machines that the kernel is for; nil when nobody said.
    public var kernelMachine: String?
    /// `init_size` of the kernel's header, in bytes; nil before it is there.
    public var kernelInitBytes: Int64?
    public var uplink: Uplink?
    public var mtu: Int?
    public var warnings: [IPWarning]

    public init(
        entry: JoinEntry? = nil, kernelMachine: String? = nil, kernelInitBytes: Int64? = nil,
        uplink: Uplink? = nil, mtu: Int? = nil, warnings: [IPWarning] = []
    ) {
        self.entry = entry
        self.kernelMachine = kernelMachine
        self.kernelInitBytes = kernelInitBytes
        self.uplink = uplink
        self.mtu = mtu
        self.warnings = warnings
    }
}

/// Judges, from facts alone, whether this host can start another kernel, and that one.
///
/// `fail` is what cannot work. `warn` is what may leave the machine hung or unreachable, so that somebody has to say
/// `--force`. What the kernel itself will refuse without harm (a signature) passes, with a note.
public enum Preflight {
    public static func check(_ facts: HostFacts, plan: JoinPlan) -> PreflightReport {
        var lines = [
            rights(facts), container(facts), kexec(facts), permission(facts), signature(facts),
            architecture(facts, plan), xen(facts),
        ]
        lines += memory(facts, plan)
        lines += drivers(facts, plan)
        lines += [uplink(plan)]
        lines += plan.warnings.map { .warn("address", $0.description, $0.advice) }
        lines += [unresolved(plan), armed(facts), sealed(facts)]
        lines += facts.watchdogs.map(watchdog)
        return PreflightReport(lines: lines.compactMap { $0 })
    }

    static func rights(_ facts: HostFacts) -> PreflightLine {
        guard facts.userID == 0 else {
            return .fail("rights", "this is user \(facts.userID)", "Run it as root, by sudo for instance.")
        }
        guard facts.mayBoot else {
            return .fail(
                "rights", "root, but without CAP_SYS_BOOT", "Run it on the host itself, not in a container.")
        }
        if facts.isInFirstUserNamespace == false {
            return .fail("rights", "root of a user namespace", "Run it as root on the host itself.")
        }
        return .pass("rights", "root with CAP_SYS_BOOT")
    }

    static func container(_ facts: HostFacts) -> PreflightLine {
        let seen = facts.container.map { "a container (\($0.name), by \($0.path))" }
        if facts.isInFirstPIDNamespace == false {
            return .fail(
                "container", seen ?? "a PID namespace",
                "There a jump would end the container alone. Run it on the host.")
        }
        guard let seen else { return .pass("container", "none") }
        if facts.isInFirstPIDNamespace == nil { return .fail("container", seen, "Run it on the host.") }
        return .warn(
            "container", "\(seen) that shares the host's processes",
            "The host's services would not be stopped in order. Run it on the host, or use --force.")
    }

    static func kexec(_ facts: HostFacts) -> PreflightLine {
        let built = facts.configuration
        let source = built.map { " (\($0.path))" } ?? ""
        guard facts.isArmed != nil else {
            return .fail(
                "kexec", "this kernel has no kexec\(source)",
                "Boot a kernel with CONFIG_KEXEC_FILE, as distributions build it.")
        }
        guard let built, !built.has("KEXEC_FILE") else {
            let forced = built?.has("KEXEC_SIG_FORCE") == true
            return .pass(
                "kexec", built == nil ? "there" : "kexec_file_load\(source)",
                forced ? "This kernel takes signed kernels alone (KEXEC_SIG_FORCE)." : nil)
        }
        if facts.machine == "x86_64" { return .pass("kexec", "kexec_load alone\(source)") }
        return .fail(
            "kexec", "no kexec_file_load\(source)",
            "On \(facts.machine) nothing else is used. Boot a kernel with CONFIG_KEXEC_FILE.")
    }

    static func permission(_ facts: HostFacts) -> PreflightLine {
        if facts.isLoadDisabled {
            return .fail(
                "permission", "kexec_load_disabled is 1, until the next boot",
                "Boot once without it: look in /etc/sysctl.d; on Alpine, with kexec_load_disabled=0 as a kernel parameter."
            )
        }
        switch facts.loadsLeft {
        case nil: return .pass("permission", "loading is permitted")
        case .some(0):
            return .fail(
                "permission", "kexec_load_limit_reboot is 0, until the next boot",
                "Every load has been used up. Reboot, or look in /etc/sysctl.d.")
        case .some(let left):
            return .pass(
                "permission", "\(left) more loads are permitted", "A failed load and an unload use one each.")
        }
    }

    static func signature(_ facts: HostFacts) -> PreflightLine {
        switch (facts.secureBoot, facts.lockdown) {
        case (.on, let level):
            return .pass(
                "signature", "Secure Boot is on" + (level.map { ", lockdown is \($0)" } ?? ""),
                "The kernel must be signed by a key that this host trusts; it will refuse others.")
        case (_, .some(let level)):
            return .warn(
                "signature", "lockdown is \(level) without Secure Boot",
                "This host trusts only keys built into its kernel, and may refuse every other kernel. "
                    + "Boot without lockdown=, or try it with --force.")
        case (.off, nil): return .pass("signature", "not asked for")
        case (.unknown, nil): return .pass("signature", "whether Secure Boot is on is not known")
        }
    }

    static func architecture(_ facts: HostFacts, _ plan: JoinPlan) -> PreflightLine? {
        guard let wanted = plan.kernelMachine else { return nil }
        if wanted == facts.machine || facts.machine == "x86_64" && wanted == "i386" {
            return .pass("architecture", facts.machine)
        }
        return .fail(
            "architecture", "this is \(facts.machine), and the kernel is for \(wanted)",
            "Choose another entry, or correct the server's arch: for this machine.")
    }

    static func xen(_ facts: HostFacts) -> PreflightLine? {
        switch facts.xen {
        case nil: nil
        case .host:
            .fail(
                "Xen", "this is the host of Xen (dom0)",
                "Its guests would be killed. Boot the entry by firmware.")
        case .paravirtual:
            .fail("Xen", "this is a paravirtual guest of Xen", "It cannot kexec. Boot the entry by its host.")
        case .hardware:
            .warn(
                "Xen", "this is a guest of Xen (HVM)",
                "Older Xen leaves its devices unusable. Try it with --force.")
        }
    }

    static func unresolved(_ plan: JoinPlan) -> PreflightLine? {
        guard let words = plan.entry?.unresolved, !words.isEmpty else { return nil }
        return .warn(
            "command line", "nobody filled in " + words.map { harmlessText($0) }.joined(separator: " "),
            "Only iPXE can. Change the entry on the server, or go on with --force.")
    }

    static func armed(_ facts: HostFacts) -> PreflightLine? {
        guard facts.isArmed == true else { return nil }
        return .pass("armed", "an image is loaded already", "This one will take its place.")
    }

    static func sealed(_ facts: HostFacts) -> PreflightLine? {
        guard let path = facts.sealedDisks else { return nil }
        return .pass(
            "TPM", "a disk's key is sealed in the TPM (\(path))",
            "After the jump the measurements differ: have its passphrase or recovery key at hand.")
    }

    static func watchdog(_ watchdog: HostFacts.Watchdog) -> PreflightLine {
        .pass(
            "watchdog", "\(watchdog.name) is running" + (watchdog.seconds.map { " (\($0) s)" } ?? ""),
            "It resets the machine unless the new system feeds it: a rollback, or a surprise.")
    }
}
