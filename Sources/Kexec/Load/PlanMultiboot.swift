extension SegmentPlan {
    /// More than any such kernel has; a header that says otherwise is not believed.
    private static let multibootLimit: UInt64 = 256 << 20

    static func multiboot(
        _ image: MultibootImage, _ artifacts: borrowing KernelArtifacts, _ facts: FirmwareFacts
    ) throws(SegmentPlanError) -> Self {
        var memory = FreeMemory(facts.memory)
        let kernel = try kernelSegments(image, artifacts, &memory)
        let kernelEnd = kernel.map { $0.address + $0.memoryByteCount }.max() ?? extended.lowerBound
        var information = MultibootInformation(
            // By custom the first word is the kernel's file; Xen drops it without looking.
            version: image.version, commandLine: "kernel " + artifacts.commandLine, memory: facts.memory)
        let count = UInt64(Trampoline.byteCount)
        // Its size does not depend on the addresses, so that it can be measured with any.
        information.modules = artifacts.modules.map { .init(address: 0, end: 0, commandLine: $0.commandLine) }
        let size = count + UInt64(information.bytes(at: 0).count)
        guard let base = memory.lowest(size, in: below4GiB) else {
            throw .noRoom(part: "the multiboot information", byteCount: size)
        }
        // Right behind the kernel: small kernels map little more than themselves.
        var modules: [Segment] = []
        for module in artifacts.modules {
            let length = module.range.upperBound - module.range.lowerBound
            guard module.range.lowerBound % 4096 == 0, length > 0,
                module.range.upperBound <= artifacts.initrdByteCount
            else { throw .moduleOutsideInitrd }
            guard let place = memory.lowest(UInt64(length), in: kernelEnd..<extended.upperBound) else {
                throw .noRoom(part: "a module", byteCount: UInt64(length))
            }
            modules.append(
                Segment(
                    address: place, memoryByteCount: UInt64(length).roundedUp(to: 4096) ?? UInt64(length),
                    source: .initrd(module.range)))
        }
        information.modules = zip(artifacts.modules, modules).map { module, segment in
            .init(
                address: UInt32(clamping: segment.address),
                end: UInt32(clamping: segment.address + segment.source.byteCount),
                commandLine: module.commandLine)
        }
        let trampoline = Trampoline(
            entry: UInt64(image.entry), parameters: 0,
            valueA: image.version == .one ? 0x2bad_b002 : 0x36d7_6289,
            valueB: UInt32(base + count), bits: 32)
        let low = Segment(address: base, bytes: trampoline.page + information.bytes(at: UInt32(base + count)))
        return SegmentPlan(entry: base, segments: [low] + kernel + modules)
    }

    /// The pieces of the kernel; those that share a page or touch become one.
    private static func kernelSegments(
        _ image: MultibootImage, _ artifacts: borrowing KernelArtifacts, _ memory: inout FreeMemory
    ) throws(SegmentPlanError) -> [Segment] {
        let page = FreeMemory.pageByteCount
        var runs: [(start: UInt64, end: UInt64, bytes: [UInt8])] = []
        for piece in image.pieces {
            let end = piece.address + piece.memoryByteCount
            if let last = runs.last, piece.address < (last.end.roundedUp(to: page) ?? .max) {
                runs[runs.count - 1].end = max(last.end, end)
            } else {
                runs.append((piece.address / page * page, end, []))
            }
            // In place: a copy of the run would be one of all its bytes, for each piece.
            let last = runs.count - 1
            let (start, count) = (runs[last].start, runs[last].end - runs[last].start)
            guard end <= extended.upperBound, count <= multibootLimit else {
                throw .noRoom(part: "the kernel", byteCount: count)
            }
            guard piece.fileByteCount > 0 else { continue }
            let offset = Int(piece.address - start)
            let content: [UInt8]
            do throws(KernelImageError) {
                content = try artifacts.kernel.part(piece.fileOffset..<piece.fileOffset + piece.fileByteCount)
            } catch { throw .image(error) }
            let missing = offset + content.count - runs[last].bytes.count
            if missing > 0 { runs[last].bytes += repeatElement(0, count: missing) }
            runs[last].bytes.replaceSubrange(offset..<offset + content.count, with: content)
        }
        var segments: [Segment] = []
        for run in runs {
            let end = run.end.roundedUp(to: page) ?? run.end
            guard memory.contains(run.start..<end) else {
                throw .notRAM(part: "The kernel", address: run.start, byteCount: end - run.start)
            }
            memory.take(run.start..<end)
            segments.append(
                Segment(address: run.start, memoryByteCount: end - run.start, source: .bytes(run.bytes)))
        }
        return segments
    }
}
