extension SegmentPlan {
    /// Where QEMU and others put it, too: a segment of real mode for the setup part, its heap and its stack; after
    /// it the command line, and the trampoline's page.
    private static let setupAddress: UInt64 = 0x1_0000
    private static let setupRoom = 0x1_0000
    private static let stackPointer: UInt16 = 0xfff0
    private static let heapEnd: UInt16 = 0xfe00

    /// What wants to find the machine as a BIOS leaves it: `ipxe.lkrn`, `memdisk`, `grub.exe`, old kernels.
    ///
    /// - Parameter setup: the file's bytes before the protected-mode part.
    static func realMode(
        _ files: LinuxFiles, setup: [UInt8], _ facts: FirmwareFacts
    ) throws(SegmentPlanError) -> Self {
        guard !facts.isEFI else { throw .needsBIOS }
        try files.checkCommandLine()
        let header = files.header
        guard header.isLoadedHigh, header.version >= 0x202 else { throw .loadedLow }
        guard setup.count >= 0x230, setup.count <= 0xf000 else {
            throw .image(.brokenHeader(part: "setup part"))
        }
        var memory = FreeMemory(facts.memory)
        var commandLine = Array(files.commandLine.utf8) + [0]
        commandLine.pad(to: 4096)
        let lowCount = UInt64(setupRoom + commandLine.count + Trampoline.byteCount)
        let low = setupAddress..<setupAddress + lowCount
        let inFile = UInt64(files.kernelByteCount - header.protectedOffset)
        let high = extended.lowerBound..<extended.lowerBound + (inFile.roundedUp(to: 4096) ?? inFile)
        for range in [low, high] {
            guard memory.contains(range) else {
                let count = range.upperBound - range.lowerBound
                throw .notRAM(part: "The kernel", address: range.lowerBound, byteCount: count)
            }
            memory.take(range)
        }
        let initrd = try initrdSegment(files, &memory)
        var bytes = setupPart(setup, header, initrd)
        bytes.pad(to: setupRoom)
        bytes += commandLine
        let entry = setupAddress + UInt64(bytes.count)
        let setupSegment = setupAddress / 16
        bytes +=
            Trampoline(
                entry: (setupSegment + 0x20) << 16, parameters: setupSegment, valueA: UInt32(stackPointer),
                bits: 16
            ).page
        var segments = [
            Segment(address: setupAddress, bytes: bytes),
            Segment(
                address: high.lowerBound, memoryByteCount: high.upperBound - high.lowerBound,
                source: .kernel(header.protectedOffset..<files.kernelByteCount)),
        ]
        if let initrd { segments.append(initrd) }
        return SegmentPlan(entry: entry, segments: segments)
    }

    /// The setup part with what a boot loader writes into it.
    private static func setupPart(_ setup: [UInt8], _ header: LinuxHeader, _ initrd: Segment?) -> [UInt8] {
        var bytes = setup
        bytes[0x210] = 0xd0  // kexec
        bytes[0x211] |= 0x80  // there is a heap
        bytes.put(heapEnd, at: 0x224)
        bytes.put(UInt32(setupAddress) + UInt32(setupRoom), at: 0x228)
        bytes.put(UInt32(truncatingIfNeeded: initrd?.address ?? 0), at: 0x218)
        bytes.put(UInt32(truncatingIfNeeded: initrd?.source.byteCount ?? 0), at: 0x21c)
        return bytes
    }
}
