/// What a multiboot kernel finds behind EBX, as version 1 or 2 of that specification writes it.
struct MultibootInformation {
    var version: MultibootImage.Version
    var commandLine: String
    var memory: [MemoryRange]
    var modules: [Module] = []

    struct Module: Equatable {
        var address: UInt32
        var end: UInt32
        var commandLine: String
    }

    static let loaderName = Array("netbootd".utf8) + [0]

    func bytes(at address: UInt32) -> [UInt8] {
        switch version {
        case .one: version1(at: address)
        case .two: version2
        }
    }

    /// KiB below 1 MiB, and from there to the first hole.
    private var sizes: (lower: UInt32, upper: UInt32) {
        let lower =
            memory.first { $0.kind == .ram && $0.start == 0 }.map { min($0.end, 0xa_0000) / 1024 } ?? 0
        let upper =
            memory.first { $0.kind == .ram && $0.start <= 0x10_0000 && $0.end > 0x10_0000 }
            .map { ($0.end - 0x10_0000) / 1024 } ?? 0
        return (UInt32(lower), UInt32(clamping: upper))
    }

    private func version1(at address: UInt32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 120)
        func here() -> UInt32 { address &+ UInt32(bytes.count) }
        // Sizes, command line, modules, map, the loader's name.
        bytes.put(UInt32(0x1 | 0x4 | 0x8 | 0x40 | 0x200), at: 0)
        bytes.put(sizes.lower, at: 4)
        bytes.put(sizes.upper, at: 8)
        bytes.put(here(), at: 16)
        bytes += Array(commandLine.utf8) + [0]
        bytes.put(here(), at: 64)
        bytes += Self.loaderName
        var texts: [UInt32] = []
        for module in modules {
            texts.append(here())
            bytes += Array(module.commandLine.utf8) + [0]
        }
        bytes.pad(to: 16)
        bytes.put(UInt32(modules.count), at: 20)
        bytes.put(here(), at: 24)
        for (module, text) in zip(modules, texts) {
            for number in [module.address, module.end, text, 0] { bytes.appendLittle(number) }
        }
        bytes.put(UInt32(24 * memory.count), at: 44)
        bytes.put(here(), at: 48)
        for range in memory {
            bytes.appendLittle(UInt32(20))
            bytes += range.multibootEntry
        }
        return bytes
    }

    private var version2: [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        func append(_ type: UInt32, _ content: [UInt8]) {
            bytes.appendLittle(type)
            bytes.appendLittle(UInt32(8 + content.count))
            bytes += content
            bytes.pad(to: 8)
        }
        append(1, Array(commandLine.utf8) + [0])
        append(2, Self.loaderName)
        for module in modules {
            append(
                3,
                module.address.littleEndianBytes + module.end.littleEndianBytes
                    + Array(module.commandLine.utf8) + [0])
        }
        append(4, sizes.lower.littleEndianBytes + sizes.upper.littleEndianBytes)
        let entries: [UInt8] = memory.flatMap { $0.multibootEntry + [0, 0, 0, 0] as [UInt8] }
        append(6, UInt32(24).littleEndianBytes + UInt32(0).littleEndianBytes + entries)
        append(0, [])
        bytes.put(UInt32(bytes.count), at: 0)
        return bytes
    }
}

extension MemoryRange {
    /// E820's numbers up to 5 mean the same there; all else is reserved.
    fileprivate var multibootEntry: [UInt8] {
        let kind = self.kind.rawValue <= 5 ? self.kind.rawValue : 2
        return start.littleEndianBytes + (end - start).littleEndianBytes + kind.littleEndianBytes
    }
}
