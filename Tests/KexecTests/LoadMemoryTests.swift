import SystemIO
import TestSupport
import Testing

@testable import Kexec

extension FirmwareFacts {
    /// A BIOS machine of 512 MiB.
    static let ordinary = FirmwareFacts(memory: [
        MemoryRange(start: 0, end: 0x9_fc00, kind: .ram),
        MemoryRange(start: 0x9_fc00, end: 0xa_0000, kind: .reserved),
        MemoryRange(start: 0xf_0000, end: 0x10_0000, kind: .reserved),
        MemoryRange(start: 0x10_0000, end: 0x1ffe_0000, kind: .ram),
        MemoryRange(start: 0x1ffe_0000, end: 0x2000_0000, kind: .acpiTables),
    ])
}

@Suite("What a host tells of its memory and firmware")
struct LoadMemoryTests {
    private func host(_ files: [String: String]) throws -> (TemporaryFolder, HostFiles) {
        let folder = try TemporaryFolder()
        for (name, text) in files { try folder.write(name, text) }
        return (folder, HostFiles(root: folder.path))
    }

    @Test("Firmware's own map is read in the order of addresses")
    func firmwareMap() throws {
        let (folder, host) = try host([
            "sys/firmware/memmap/0/start": "0x100000\n", "sys/firmware/memmap/0/end": "0x1fffffff\n",
            "sys/firmware/memmap/0/type": "System RAM\n", "sys/firmware/memmap/1/start": "0x0\n",
            "sys/firmware/memmap/1/end": "0x9fbff\n", "sys/firmware/memmap/1/type": "System RAM\n",
            "sys/firmware/memmap/2/start": "0x20000000\n", "sys/firmware/memmap/2/end": "0x20000fff\n",
            "sys/firmware/memmap/2/type": "ACPI Non-volatile Storage\n",
            "sys/firmware/memmap/3/start": "broken",
            "sys/firmware/memmap/3/end": "0x1", "sys/firmware/memmap/3/type": "System RAM",
        ])
        #expect(
            [MemoryRange](reading: host) == [
                MemoryRange(start: 0, end: 0x9_fc00, kind: .ram),
                MemoryRange(start: 0x10_0000, end: 0x2000_0000, kind: .ram),
                MemoryRange(start: 0x2000_0000, end: 0x2000_1000, kind: .acpiStorage),
            ])
        withExtendedLifetime(folder) {}
    }

    @Test("Without it, the top lines of /proc/iomem are read; without privileges it tells nothing")
    func iomem() {
        let text = """
            00000000-00000fff : Reserved
            00001000-0009fbff : System RAM
            000a0000-000bffff : PCI Bus 0000:00
            00100000-1ffdffff : System RAM
              01000000-01e00f56 : Kernel code
            1ffe0000-1fffffff : ACPI Tables
            """
        #expect(
            [MemoryRange](iomem: text) == [
                MemoryRange(start: 0, end: 0x1000, kind: .reserved),
                MemoryRange(start: 0x1000, end: 0x9_fc00, kind: .ram),
                MemoryRange(start: 0x10_0000, end: 0x1ffe_0000, kind: .ram),
                MemoryRange(start: 0x1ffe_0000, end: 0x2000_0000, kind: .acpiTables),
            ])
        #expect([MemoryRange](iomem: "00000000-00000000 : System RAM\n") == [])
    }

    @Test("EFI's tables, its map and the root of ACPI are found")
    func efi() throws {
        let (folder, host) = try host([
            "sys/firmware/efi/systab": "ACPI20=0x1f77d014\nACPI=0x1f77d000\nSMBIOS=0x1f520000\n",
            "sys/firmware/efi/config_table": "0x1f7ecd98", "sys/firmware/efi/fw_vendor": "0x1f4f1018",
            "sys/firmware/efi/runtime-map/0/type": "0x5",
            "sys/firmware/efi/runtime-map/0/phys_addr": "0x1000",
            "sys/firmware/efi/runtime-map/0/virt_addr": "0xfffffffeff000000",
            "sys/firmware/efi/runtime-map/0/num_pages": "0x10",
            "sys/firmware/efi/runtime-map/0/attribute": "0x800000000000000f",
            "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu la57 sse\n",
        ])
        let facts = FirmwareFacts(reading: host)
        #expect(facts.isEFI && facts.hasFiveLevelPaging)
        #expect(facts.acpiRoot == 0x1f77_d014)
        #expect(
            facts.efi
                == .init(
                    vendor: 0x1f4f_1018, configurationTable: 0x1f7e_cd98, smbios: 0x1f52_0000,
                    regions: [
                        .init(
                            type: 5, physicalAddress: 0x1000, virtualAddress: 0xffff_fffe_ff00_0000,
                            pageCount: 16,
                            attribute: 0x8000_0000_0000_000f)
                    ]))
        withExtendedLifetime(folder) {}
    }

    @Test("The root of ACPI comes from boot_params or the command line where EFI tells none")
    func acpiRoot() throws {
        var parameters = [UInt8](repeating: 0, count: 4096)
        let (folder, host) = try host(["proc/cmdline": "quiet acpi_rsdp=0x7ff0014 x"])
        try folder.write("sys/kernel/boot_params/data", parameters)
        #expect(FirmwareFacts(reading: host).acpiRoot == 0x7ff_0014)
        parameters.put(UInt64(0xf59d0), at: 0x70)
        try folder.write("sys/kernel/boot_params/data", parameters)
        #expect(FirmwareFacts(reading: host).acpiRoot == 0xf59d0)
    }

    @Test("Free memory is whole pages of RAM that nothing else claims")
    func freeMemory() {
        var memory = FreeMemory([
            MemoryRange(start: 0x1800, end: 0x8800, kind: .ram),
            MemoryRange(start: 0x8000, end: 0x1_0000, kind: .ram),
            MemoryRange(start: 0x3100, end: 0x3200, kind: .reserved),
        ])
        #expect(memory.free == [0x2000..<0x3000, 0x4000..<0x1_0000])
        #expect(memory.lowest(0x1001, in: 0..<0x1_0000) == 0x4000)
        #expect(memory.lowest(1, alignment: 0x8000, in: 0..<0x1_0000) == 0x8000)
        #expect(memory.highest(0x2000, in: 0..<0xf800) == 0xd000)
        #expect(memory.highest(0x10_0000, in: 0..<UInt64.max) == nil)
        #expect(memory.lowest(.max, in: 0..<UInt64.max) == nil)
    }
}
