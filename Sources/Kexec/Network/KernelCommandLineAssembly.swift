import Wire

/// Which words of the running kernel's command line go on (`--reuse-cmdline`).
public enum CommandLineReuse: String, CaseIterable, Sendable {
    case none
    /// Consoles and the quirks of this hardware.
    case allowlist
    /// Everything but what belongs to this system's own root and network.
    case all

    /// What a system needs to know of the hardware, whatever system it is.
    static let allowed = [
        "console", "earlycon", "earlyprintk", "net.ifnames", "biosdevname", "nomodeset", "iommu",
        "intel_iommu",
        "amd_iommu", "swiotlb", "pci", "pcie_aspm", "pcie_ports", "pcie_acs_override", "acpi", "acpi_osi",
        "noapic", "nolapic", "nox2apic", "reboot", "tsc", "clocksource", "hpet", "8250.nr_uarts",
    ]

    /// Root and network of this system, and what its own loader or a crash kernel left there.
    static let dropped =
        [
            "BOOT_IMAGE", "initrd", "root", "rootfstype", "rootflags", "rootdelay", "rootwait", "nfsroot",
            "nfsaddrs", "resume", "resume_offset", "init", "rdinit", "crashkernel", "elfcorehdr", "mem",
            "memmap",
            "acpi_rsdp", "vt.handoff", "ro", "rw",
        ] + IPParameters.keys

    func words(of running: KernelCommandLine) -> [KernelCommandLine.Word] {
        // What stands after it was meant for this system's init.
        let words = Array(running.words.prefix { $0.text != "--" && $0.text != "---" })
        return switch self {
        case .none: []
        case .allowlist: words.filter { word in Self.allowed.contains { word.isNamed($0) } }
        case .all: KernelCommandLine(words: words).removing(Self.dropped).words
        }
    }
}

extension KernelCommandLine {
    /// The entry's words, with all that this host adds to them.
    ///
    /// The weakest come first, for the kernel and most programs take the last of several: words reused, the entry's,
    /// the network's, `--append`. An entry's `--` or `---` (words for init, words that an installer keeps) stay last.
    public static func assembled(
        entry: String, network: IPParameters = IPParameters(), reuse: CommandLineReuse = .none,
        running: String = "", append: [String] = []
    ) -> KernelCommandLine {
        let appended = append.flatMap { KernelCommandLine($0).words }
        // Loaders' words: a kernel that is handed its initrd looks for no other.
        var own = KernelCommandLine(entry).removing(["BOOT_IMAGE", "initrd"])
        var added = network.words.map(Word.init)
        if network.replacesEntry { own = own.removing(IPParameters.keys) }
        if appended.contains(where: { $0.isNamed("ip") }) {
            own = own.removing(["ip"])
            added = []
        }
        let end = own.words.firstIndex { $0.text == "--" || $0.text == "---" } ?? own.words.endIndex
        let (before, after) = (Array(own.words[..<end]), Array(own.words[end...]))
        let layers = [reuse.words(of: KernelCommandLine(running)), before, added, appended]
        return KernelCommandLine(words: merged(layers) + after)
    }

    /// A word that a later layer repeats, or overrules, goes.
    private static func merged(_ layers: [[Word]]) -> [Word] {
        layers.enumerated().flatMap { index, layer in
            let later = layers[(index + 1)...].joined()
            return layer.filter { word in
                // They come in pairs, each pair with its own meaning.
                if word.isNamed("hugepages") || word.isNamed("hugepagesz") { return true }
                let isSingle = singleValued.contains { word.isNamed($0) }
                return !later.contains { $0 == word || isSingle && $0.isNamed(word.key) }
            }
        }
    }

    /// Of any other word several may be meant.
    private static let singleValued = [
        "root", "rootfstype", "rootflags", "rootdelay", "nfsroot", "init", "rdinit", "BOOTIF", "hostname",
        "panic",
        "loglevel", "net.ifnames", "biosdevname", "boot", "fetch", "netboot", "url", "auto", "priority",
        "apkovl",
        "modloop", "alpine_repo", "alpine_dev", "ramdisk_size", "vga", "selinux", "apparmor", "audit",
        "mitigations",
        "iommu", "intel_iommu", "amd_iommu", "reboot", "clocksource", "inst.repo", "inst.ks", "inst.stage2",
    ]
}
