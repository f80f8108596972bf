import SystemIO
import Testing

@testable import Kexec

@Suite("Segments for kexec_load")
struct LoadPlanTests {
    private func plan(
        _ kernel: [UInt8], initrd: [UInt8]? = nil, commandLine: String = "console=ttyS0",
        on facts: FirmwareFacts = .ordinary
    ) throws -> SegmentPlan {
        let file: MemoryFile? = if let initrd { try memoryFile(initrd) } else { nil }
        let artifacts = try KernelArtifacts(
            kernel: memoryFile(kernel), initrd: file, commandLine: commandLine)
        let plan = try SegmentPlan(for: artifacts, on: facts)
        check(plan, facts)
        return plan
    }

    /// What the kernel demands of segments, and what it does not check but should.
    private func check(_ plan: SegmentPlan, _ facts: FirmwareFacts) {
        var memory = FreeMemory(facts.memory)
        for segment in plan.segments {
            let range = segment.address..<segment.address + segment.memoryByteCount
            #expect(range.lowerBound % 4096 == 0 && range.upperBound % 4096 == 0 && !range.isEmpty)
            #expect(segment.source.byteCount <= segment.memoryByteCount)
            #expect(memory.contains(range), "overlaps, or is not RAM")
            memory.take(range)
        }
        #expect(plan.segments.count <= 16)
        #expect(
            plan.segments.contains {
                $0.address <= plan.entry && plan.entry < $0.address + $0.memoryByteCount
            })
    }

    private func bytes(_ plan: SegmentPlan, at address: UInt64) -> [UInt8] {
        for segment in plan.segments where segment.address == address {
            if case .bytes(let bytes) = segment.source { return bytes }
        }
        Issue.record("no bytes at \(address)")
        return []
    }

    @Test("A bzImage goes where it wants, its initrd high, the parameters low")
    func linux() throws {
        let plan = try plan(LinuxFixture().bytes, initrd: [UInt8](repeating: 7, count: 5000))
        #expect(plan.entry == 0x1_0000)
        #expect(plan.segments.map(\.address) == [0x1_0000, 0x100_0000, 0x1ffd_e000])
        #expect(
            plan.segments[1]
                == .init(
                    address: 0x100_0000, memoryByteCount: 0x300_0000, source: .kernel(2048..<2048 + 0x2000)))
        #expect(
            plan.segments[2] == .init(address: 0x1ffd_e000, memoryByteCount: 8192, source: .initrd(0..<5000)))
        let low = bytes(plan, at: 0x1_0000)
        #expect(low.little(UInt64.self, at: 0x08) == 0x100_0200)
        #expect(low.little(UInt64.self, at: 0x10) == 0x1_1000)
        #expect(low.little(UInt32.self, at: 0x20) == 64)
        let parameters = Array(low[0x1000..<0x2000])
        #expect(parameters.hasBytes("HdrS".utf8, at: 0x202))
        #expect(parameters[0x210] == 0xd0)
        #expect(parameters.little(UInt32.self, at: 0x228) == 0x1_2000)
        #expect(parameters.little(UInt32.self, at: 0x218) == 0x1ffd_e000)
        #expect(parameters.little(UInt32.self, at: 0x21c) == 5000)
        #expect(parameters[0x1e8] == 5)
        #expect(parameters.little(UInt64.self, at: 0x2d0 + 8) == 0x9_fc00)
        #expect(parameters.little(UInt32.self, at: 0x2d0 + 4 * 20 + 16) == 3)
        #expect(Array(low[0x2000...].prefix(14)) == Array("console=ttyS0\0".utf8))
    }

    @Test("A kernel of 32 bits is entered at its beginning, without long mode")
    func protected() throws {
        let fixture = LinuxFixture(
            version: 0x20c, extendedFlags: 4, relocatable: 0, preferred: 0x10_0000, initialByteCount: 0x6_87f8
        )
        let plan = try plan(fixture.bytes)
        let low = bytes(plan, at: 0x1_0000)
        #expect(low.little(UInt64.self, at: 0x08) == 0x10_0000)
        #expect(low.little(UInt32.self, at: 0x20) == 32)
        #expect(plan.segments[1].memoryByteCount == 0x6_9000)
    }

    @Test("A kernel whose place is taken moves if it can, and is refused if it cannot")
    func moving() throws {
        var facts = FirmwareFacts.ordinary
        facts.memory.append(MemoryRange(start: 0x180_0000, end: 0x180_1000, kind: .reserved))
        #expect(try plan(LinuxFixture().bytes, on: facts).segments[1].address == 0x1a0_0000)
        #expect(
            throws: SegmentPlanError.notRAM(part: "The kernel", address: 0x100_0000, byteCount: 0x300_0000)
        ) { try plan(LinuxFixture(relocatable: 0).bytes, on: facts) }
        facts.memory = [MemoryRange(start: 0, end: 0x200_0000, kind: .ram)]
        #expect(throws: SegmentPlanError.noRoom(part: "the kernel", byteCount: 0x300_0000)) {
            try plan(LinuxFixture().bytes, on: facts)
        }
        facts.memory.append(MemoryRange(start: 0x1_0000_0000, end: 0x2_0000_0000, kind: .ram))
        #expect(try plan(LinuxFixture().bytes, on: facts).segments[1].address == 0x1_0000_0000)
    }

    @Test("A map of more than 128 ranges goes on in setup_data, and EFI's tables after it")
    func setupData() throws {
        var facts = FirmwareFacts.ordinary
        for index in 0..<200 as Range<UInt64> {
            facts.memory.append(
                MemoryRange(
                    start: 0x1_0000_0000 + index * 0x2000, end: 0x1_0000_1000 + index * 0x2000,
                    kind: .reserved))
        }
        facts.isEFI = true
        facts.acpiRoot = 0x7ff0_0014
        facts.bootParameters = [UInt8](repeating: 0, count: 4096)
        facts.bootParameters.replaceSubrange(0x1c0..<0x1c4, with: "EL64".utf8)
        facts.bootParameters[0x06] = 3  // video mode
        facts.bootParameters[0x1ec] = 2
        facts.bootParameters[0x1ef] = 0xff
        let region = FirmwareFacts.EFIRuntime.Region(
            type: 5, physicalAddress: 0x1000, virtualAddress: 0xffff_fffe_ff00_0000, pageCount: 2,
            attribute: 15)
        facts.efi = .init(vendor: 0x11, configurationTable: 0x22, smbios: 0x33, regions: [region])
        let low = bytes(try plan(LinuxFixture().bytes, on: facts), at: 0x1_0000)
        let parameters = Array(low[0x1000...])
        #expect(parameters[0x06] == 3 && parameters[0x1ec] == 2 && parameters[0x1ef] == 0)
        #expect(parameters.little(UInt64.self, at: 0x70) == 0x7ff0_0014)
        #expect(parameters[0x1e8] == 128)
        // The chain: 77 ranges of 20 bytes, then EFI.
        let first = Int(parameters.little(UInt64.self, at: 0x250) ?? 0) - 0x1_1000
        #expect(parameters.little(UInt32.self, at: first + 8) == 1)
        #expect(parameters.little(UInt32.self, at: first + 12) == 1540)
        let second = Int(parameters.little(UInt64.self, at: first) ?? 0) - 0x1_1000
        #expect(parameters.little(UInt64.self, at: second) == 0)
        #expect(parameters.little(UInt32.self, at: second + 8) == 4)
        #expect(parameters.little(UInt32.self, at: second + 12) == 96)
        #expect(parameters.little(UInt64.self, at: second + 16) == 0x11)
        #expect(parameters.little(UInt64.self, at: second + 32) == 0x22)
        #expect(parameters.little(UInt64.self, at: second + 40) == 0x33)
        let map = Int(parameters.little(UInt32.self, at: 0x1d0) ?? 0) - 0x1_1000
        #expect(parameters.little(UInt32.self, at: 0x1c8) == 40)
        #expect(parameters.little(UInt32.self, at: 0x1d4) == 40)
        #expect(parameters.little(UInt64.self, at: map + 16) == 0xffff_fffe_ff00_0000)
    }

    @Test("Without EFI's runtime map, or for a kernel that knows no such inheritance, there is no EFI")
    func withoutEFI() throws {
        var facts = FirmwareFacts.ordinary
        facts.bootParameters = [UInt8](repeating: 0xee, count: 4096)
        func information(_ kernel: LinuxFixture) throws -> ArraySlice<UInt8> {
            bytes(try plan(kernel.bytes, on: facts), at: 0x1_0000)[0x11c0..<0x11e0]
        }
        #expect(try information(LinuxFixture()).allSatisfy { $0 == 0 })
        let region = FirmwareFacts.EFIRuntime.Region(
            type: 5, physicalAddress: 0x1000, virtualAddress: 0x1000, pageCount: 2, attribute: 15)
        facts.efi = .init(vendor: 0x11, configurationTable: 0x22, smbios: 0x33, regions: [region])
        #expect(try !information(LinuxFixture()).allSatisfy { $0 == 0 })
        #expect(try information(LinuxFixture(extendedFlags: 9)).allSatisfy { $0 == 0 })
    }

    @Test("What runs in real mode has its setup part low, a heap and a command line, and needs a BIOS")
    func realMode() throws {
        let fixture = LinuxFixture(version: 0x203, extendedFlags: 0, initrdLast: 0xffff_ffff)
        let plan = try plan(fixture.bytes, initrd: [1, 2, 3], commandLine: "raw")
        #expect(plan.entry == 0x2_1000)
        #expect(plan.segments.map(\.address) == [0x1_0000, 0x10_0000, 0x1ffd_f000])
        let low = bytes(plan, at: 0x1_0000)
        #expect(low.count == 0x1_2000)
        #expect(low[0x210] == 0xd0 && low[0x211] == 0x81)
        #expect(low.little(UInt16.self, at: 0x224) == 0xfe00)
        #expect(low.little(UInt32.self, at: 0x228) == 0x2_0000)
        #expect(low.little(UInt32.self, at: 0x218) == 0x1ffd_f000)
        #expect(low.little(UInt32.self, at: 0x21c) == 3)
        #expect(Array(low[0x1_0000..<0x1_0004]) == Array("raw\0".utf8))
        let trampoline = Array(low[0x1_1000...])
        #expect(trampoline.little(UInt64.self, at: 0x08) == 0x1020_0000)
        #expect(trampoline.little(UInt64.self, at: 0x10) == 0x1000)
        #expect(trampoline.little(UInt32.self, at: 0x18) == 0xfff0)
        #expect(trampoline.little(UInt32.self, at: 0x20) == 16)
        var efi = FirmwareFacts.ordinary
        efi.isEFI = true
        #expect(throws: SegmentPlanError.needsBIOS) { try self.plan(fixture.bytes, on: efi) }
        #expect(throws: SegmentPlanError.commandLineTooLong(byteCount: 256, limit: 255)) {
            try self.plan(fixture.bytes, commandLine: String(repeating: "x", count: 256))
        }
    }

    @Test("A long command line in real mode has all the room that it needs")
    func realModeLine() throws {
        let fixture = LinuxFixture(version: 0x206, extendedFlags: 0, commandLineLimit: 0xffff_ffff)
        let line = String(repeating: "x", count: 5000)
        let plan = try plan(fixture.bytes, commandLine: line)
        #expect(plan.entry == 0x2_2000 && plan.segments[0].memoryByteCount == 0x1_3000)
        #expect(throws: SegmentPlanError.notRAM(part: "The kernel", address: 0x1_0000, byteCount: 0xa_2000)) {
            try self.plan(fixture.bytes, commandLine: String(repeating: "x", count: 0x9_0000))
        }
    }

    @Test("A kernel of 32 bits that wants a place above 4 GiB gets a lower one")
    func protectedAbove() throws {
        var facts = FirmwareFacts.ordinary
        facts.memory.append(MemoryRange(start: 0x1_0000_0000, end: 0x2_0000_0000, kind: .ram))
        let fixture = LinuxFixture(version: 0x20c, extendedFlags: 0, preferred: 0x1_0000_0000)
        #expect(try plan(fixture.bytes, on: facts).segments[1].address == 0x20_0000)
    }

    @Test("A multiboot 1 kernel gets its magic number, its command line, a module and the map")
    func multiboot1() throws {
        let plan = try plan(MultibootFixture.version1(), initrd: Array("module".utf8), commandLine: "a b")
        #expect(plan.segments.map(\.address) == [0x1_0000, 0x20_0000, 0x20_3000])
        #expect(plan.segments[1].memoryByteCount == 0x3000)
        let low = bytes(plan, at: 0x1_0000)
        #expect(low.little(UInt64.self, at: 0x08) == 0x20_0040)
        #expect(low.little(UInt32.self, at: 0x18) == 0x2bad_b002)
        #expect(low.little(UInt32.self, at: 0x1c) == 0x1_1000)
        func field(_ offset: Int) -> Int { Int(low.little(UInt32.self, at: 0x1000 + offset) ?? 0) }
        func place(_ address: Int) -> Int { address - 0x1_0000 }
        #expect(field(0) == 0x24d && field(4) == 639 && field(8) == (0x1ffe_0000 - 0x10_0000) / 1024)
        #expect(low.hasBytes("kernel a b\0".utf8, at: place(field(16))))
        #expect(low.hasBytes("netbootd\0".utf8, at: place(field(64))))
        #expect(field(20) == 1)
        let module = place(field(24))
        #expect(low.little(UInt32.self, at: module) == 0x20_3000)
        #expect(low.little(UInt32.self, at: module + 4) == 0x20_3006)
        #expect(field(44) == 5 * 24)
        let map = place(field(48))
        #expect(low.little(UInt32.self, at: map) == 20)
        #expect(low.little(UInt64.self, at: map + 12) == 0x9_fc00)
        #expect(low.little(UInt32.self, at: map + 4 * 24 + 20) == 3)
    }

    @Test("A multiboot 2 kernel gets tags, each on a multiple of eight, and pieces with what is to be zero")
    func multiboot2() throws {
        let plan = try plan(MultibootFixture.version2(), initrd: Array("module".utf8), commandLine: "a b")
        #expect(plan.segments.map(\.address) == [0x1_0000, 0x10_0000, 0x18_0000, 0x18_3000])
        #expect(plan.segments.map(\.memoryByteCount).dropFirst() == [0x1000, 0x3000, 0x1000])
        // The second piece begins 8 bytes into its page.
        #expect(
            bytes(plan, at: 0x18_0000) == [UInt8](repeating: 0, count: 8)
                + [UInt8](repeating: 0xcd, count: 16))
        let low = bytes(plan, at: 0x1_0000)
        #expect(low.little(UInt32.self, at: 0x18) == 0x36d7_6289)
        let information = Array(low[0x1000...])
        #expect(information.little(UInt32.self, at: 0) == UInt32(information.count))
        var types: [UInt32] = []
        var offset = 8
        while let type = information.little(UInt32.self, at: offset),
            let size = information.little(UInt32.self, at: offset + 4)
        {
            types.append(type)
            if type == 3 { #expect(information.little(UInt32.self, at: offset + 8) == 0x18_3000) }
            offset += (Int(size) + 7) & ~7
        }
        #expect(types == [1, 2, 3, 4, 6, 0])
    }

    @Test("A multiboot kernel that must be where no RAM is, is refused")
    func multibootOutside() {
        var facts = FirmwareFacts.ordinary
        facts.memory = [MemoryRange(start: 0, end: 0x20_1000, kind: .ram)]
        #expect(throws: SegmentPlanError.notRAM(part: "The kernel", address: 0x20_0000, byteCount: 0x3000)) {
            try plan(MultibootFixture.version1(), on: facts)
        }
        #expect(throws: SegmentPlanError.noMemoryMap) {
            try plan(MultibootFixture.version1(), on: FirmwareFacts(memory: []))
        }
    }

    @Test("Whatever the map, what is planned is disjoint and in RAM")
    func anyMap() throws {
        var state: UInt64 = 42
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<40 {
            var facts = FirmwareFacts(memory: [MemoryRange(start: 0, end: 0xa_0000, kind: .ram)])
            for _ in 0..<random(20) {
                let start = random(0x2_0000) * 0x1800
                facts.memory.append(
                    MemoryRange(
                        start: start, end: start + random(0x8000) * 0x1000 + 1,
                        kind: random(3) == 0 ? .reserved : .ram))
            }
            for kernel in [
                LinuxFixture().bytes, LinuxFixture(version: 0x207).bytes, MultibootFixture.version2(),
            ] {
                do { _ = try plan(kernel, initrd: [UInt8](repeating: 1, count: 10_000), on: facts) } catch {
                    #expect(error is SegmentPlanError)
                }
            }
        }
    }
}
