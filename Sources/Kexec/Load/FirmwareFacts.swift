import SystemIO

/// What the next kernel must be told, because firmware told it only once.
struct FirmwareFacts: Equatable, Sendable {
    var memory: [MemoryRange]
    /// The `boot_params` that the running kernel was given; empty when it does not show them.
    var bootParameters: [UInt8] = []
    /// Where ACPI begins. Nil on most BIOS machines, where the next kernel finds it by itself.
    var acpiRoot: UInt64?
    var isEFI = false
    /// Nil when EFI's runtime services are not in use.
    var efi: EFIRuntime?
    var hasFiveLevelPaging = false

    struct EFIRuntime: Equatable, Sendable {
        var vendor: UInt64
        var configurationTable: UInt64
        var smbios: UInt64
        var regions: [Region]

        struct Region: Equatable, Sendable {
            var type: UInt32
            var physicalAddress: UInt64
            var virtualAddress: UInt64
            var pageCount: UInt64
            var attribute: UInt64
        }
    }
}

extension FirmwareFacts {
    init(reading host: HostFiles) {
        memory = [MemoryRange](reading: host)
        bootParameters = host.bytes("/sys/kernel/boot_params/data", limit: 4097) ?? []
        isEFI = host.exists("/sys/firmware/efi")
        let table = Self.systemTable(host.text("/sys/firmware/efi/systab") ?? "")
        let fromBoot = bootParameters.little(UInt64.self, at: 0x70) ?? 0
        acpiRoot = table["ACPI20"] ?? table["ACPI"] ?? (fromBoot == 0 ? Self.commandLineRoot(host) : fromBoot)
        efi = EFIRuntime(reading: host, smbios: table["SMBIOS3"] ?? table["SMBIOS"] ?? 0)
        hasFiveLevelPaging = Self.flags(host).contains("la57")
    }

    /// `ACPI20=0x7f…` in lines.
    static func systemTable(_ text: String) -> [String: UInt64] {
        var table: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2, let value = hexadecimalNumber(parts[1]) { table[String(parts[0])] = value }
        }
        return table
    }

    /// A kernel that was itself started by kexec may have got it in this way.
    private static func commandLineRoot(_ host: HostFiles) -> UInt64? {
        (host.text("/proc/cmdline") ?? "").split(separator: " ").last { $0.hasPrefix("acpi_rsdp=") }
            .flatMap { hexadecimalNumber($0.dropFirst(10)) }
    }

    private static func flags(_ host: HostFiles) -> [Substring] {
        let lines = (host.text("/proc/cpuinfo") ?? "").split(separator: "\n", maxSplits: 64)
        return lines.first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
    }
}

extension FirmwareFacts.EFIRuntime {
    init?(reading host: HostFiles, smbios: UInt64) {
        let folder = "/sys/firmware/efi"
        func number(_ name: String) -> UInt64? { host.text("\(folder)/\(name)").flatMap(hexadecimalNumber) }
        guard let table = number("config_table") else { return nil }
        let names = host.names(inFolder: "\(folder)/runtime-map").compactMap { Int($0) }.sorted()
        regions = names.compactMap { name in
            let path = "runtime-map/\(name)"
            guard let type = number("\(path)/type").flatMap(UInt32.init(exactly:)),
                let physical = number("\(path)/phys_addr"), let virtual = number("\(path)/virt_addr"),
                let pages = number("\(path)/num_pages"), let attribute = number("\(path)/attribute")
            else { return nil }
            return Region(
                type: type, physicalAddress: physical, virtualAddress: virtual, pageCount: pages,
                attribute: attribute)
        }
        // A map with a hole would have the next kernel call into nothing.
        guard !regions.isEmpty, regions.count == names.count else { return nil }
        vendor = number("fw_vendor") ?? 0
        configurationTable = table
        self.smbios = smbios
    }
}
