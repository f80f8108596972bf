/// What is known of an x86 kernel and its companions before they have places.
struct LinuxFiles {
    var header: LinuxHeader
    var kernelByteCount: Int64
    var initrdByteCount: Int64
    var commandLine: String

    func checkCommandLine() throws(SegmentPlanError) {
        let count = commandLine.utf8.count
        guard count <= header.commandLineLimit else {
            throw .commandLineTooLong(byteCount: count, limit: header.commandLineLimit)
        }
    }
}

extension SegmentPlan {
    /// A kernel that is entered in 64-bit or 32-bit mode with `boot_params`.
    static func linux(_ files: LinuxFiles, _ facts: FirmwareFacts, bits: UInt32) throws(SegmentPlanError)
        -> Self
    {
        try files.checkCommandLine()
        guard files.header.isLoadedHigh else { throw .loadedLow }
        var memory = FreeMemory(facts.memory)
        let kernel = try kernelSegment(files, &memory, bits: bits)
        let parameterCount = UInt64(
            LinuxParameters(files: files, facts: facts, base: 0, initrdAddress: 0).bytes.count
                + Trampoline.byteCount)
        guard let base = memory.lowest(parameterCount, in: below4GiB) else {
            throw .noRoom(part: "the boot parameters", byteCount: parameterCount)
        }
        var segments = [kernel]
        if let initrd = try initrdSegment(files, &memory) { segments.append(initrd) }
        let parameters = LinuxParameters(
            files: files, facts: facts, base: base + UInt64(Trampoline.byteCount),
            initrdAddress: segments.count > 1 ? segments[1].address : 0)
        // The 64-bit entry is 512 bytes into the protected-mode part, the 32-bit entry is its beginning.
        let trampoline = Trampoline(
            entry: kernel.address + (bits == 64 ? 0x200 : 0), parameters: parameters.base, bits: bits)
        segments.append(Segment(address: base, bytes: trampoline.page + parameters.bytes))
        return SegmentPlan(entry: base, segments: segments)
    }

    private static func kernelSegment(
        _ files: LinuxFiles, _ memory: inout FreeMemory, bits: UInt32
    ) throws(SegmentPlanError) -> Segment {
        let header = files.header
        let inFile = UInt64(files.kernelByteCount - header.protectedOffset)
        let wanted = max(header.initialByteCount, inFile)
        guard let size = wanted.roundedUp(to: FreeMemory.pageByteCount) else {
            throw .noRoom(part: "the kernel", byteCount: wanted)
        }
        let (end, overflow) = header.preferredAddress.addingReportingOverflow(size)
        var address = header.preferredAddress
        // Code of 32 bits can go nowhere else.
        let isWithinReach = !overflow && (bits == 64 || end <= extended.upperBound)
        if isWithinReach, address % FreeMemory.pageByteCount == 0, memory.contains(address..<end) {
            memory.take(address..<end)
        } else {
            guard header.isRelocatable else {
                throw .notRAM(part: "The kernel", address: address, byteCount: size)
            }
            let alignment = max(header.alignment, FreeMemory.pageByteCount)
            guard alignment & (alignment - 1) == 0 else {
                throw .image(.brokenHeader(part: "kernel alignment"))
            }
            let place =
                memory.lowest(size, alignment: alignment, in: extended)
                ?? (bits == 64 && header.mayBeAbove4GiB
                    ? memory.lowest(size, alignment: alignment, in: 0x1_0000_0000..<UInt64.max) : nil)
            guard let place else { throw .noRoom(part: "the kernel", byteCount: size) }
            address = place
        }
        return Segment(
            address: address, memoryByteCount: size,
            source: .kernel(header.protectedOffset..<files.kernelByteCount))
    }

    /// As high as the kernel allows, out of the way of what it unpacks.
    static func initrdSegment(
        _ files: LinuxFiles, _ memory: inout FreeMemory
    ) throws(SegmentPlanError) -> Segment? {
        guard files.initrdByteCount > 0 else { return nil }
        let count = UInt64(files.initrdByteCount)
        let low = extended.clamped(to: 0..<files.header.initrdLimit)
        let place =
            memory.highest(count, in: low)
            ?? (files.header.mayBeAbove4GiB ? memory.highest(count, in: 0x10_0000..<UInt64.max) : nil)
        guard let place else { throw .noRoom(part: "the initrd", byteCount: count) }
        return Segment(
            address: place, memoryByteCount: count.roundedUp(to: FreeMemory.pageByteCount) ?? count,
            source: .initrd(0..<files.initrdByteCount))
    }
}

extension SegmentPlan.Segment {
    init(address: UInt64, bytes: [UInt8]) {
        let count = UInt64(bytes.count)
        self.init(
            address: address, memoryByteCount: count.roundedUp(to: FreeMemory.pageByteCount) ?? count,
            source: .bytes(bytes))
    }
}
