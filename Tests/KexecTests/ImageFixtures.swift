import SystemIO

@testable import Kexec

/// An image of an x86 kernel, with all fields that its protocol has; its protected-mode part counts up.
struct LinuxFixture {
    var version: UInt16 = 0x20f
    var sectors: UInt8 = 3
    var loadFlags: UInt8 = 1
    var extendedFlags: UInt16 = 0x7f
    var relocatable: UInt8 = 1
    var alignment: UInt32 = 0x20_0000
    var preferred: UInt64 = 0x100_0000
    var initialByteCount: UInt32 = 0x300_0000
    var commandLineLimit: UInt32 = 2047
    var initrdLast: UInt32 = 0x7fff_ffff
    var systemByteCount = 0x2000

    var bytes: [UInt8] {
        let setup = (Int(sectors == 0 ? 4 : sectors) + 1) * 512
        var bytes = [UInt8](repeating: 0, count: setup)
        bytes[0x1f1] = sectors
        bytes.put(UInt32(systemByteCount / 16), at: 0x1f4)
        bytes.put(UInt16(0xaa55), at: 0x1fe)
        bytes.put(UInt16(0x6aeb), at: 0x200)
        bytes.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
        bytes.put(version, at: 0x206)
        bytes[0x211] = loadFlags
        bytes.put(UInt32(0x10_0000), at: 0x214)
        bytes.put(initrdLast, at: 0x22c)
        bytes.put(alignment, at: 0x230)
        bytes[0x234] = relocatable
        bytes.put(extendedFlags, at: 0x236)
        bytes.put(commandLineLimit, at: 0x238)
        bytes.put(preferred, at: 0x258)
        bytes.put(initialByteCount, at: 0x260)
        return bytes + (0..<systemByteCount).map { UInt8(truncatingIfNeeded: $0) }
    }
}

enum MultibootFixture {
    /// Version 1 with addresses: loaded to 2 MiB, `memoryByteCount` bytes there, entered 0x40 bytes in.
    static func version1(memoryByteCount: UInt32 = 0x3000) -> [UInt8] {
        let flags: UInt32 = 0x1_0003
        var bytes: [UInt8] = []
        let numbers: [UInt32] = [
            0x1bad_b002, flags, 0 &- (0x1bad_b002 + flags), 0x20_0000, 0x20_0000, 0,
            0x20_0000 + memoryByteCount,
            0x20_0040,
        ]
        for number in numbers { bytes.appendLittle(number) }
        bytes.pad(to: 0x1000)
        return bytes
    }

    /// Version 2 in an ELF file of 32 bits with two pieces.
    static func version2(extraTags: [UInt8] = []) -> [UInt8] {
        var bytes = elf(machine: ELFHeader.machine386, entry: 0xc010_0010)
        let tags = extraTags + [0, 0, 0, 0, 8, 0, 0, 0]
        let length = UInt32(16 + tags.count)
        var header: [UInt8] = []
        for number in [0xe852_50d6, 0, length, 0 &- (0xe852_50d6 &+ length)] as [UInt32] {
            header.appendLittle(number)
        }
        header += tags
        bytes.replaceSubrange(0x100..<0x100 + header.count, with: header)
        return bytes
    }

    /// Two pieces: 0x1000 bytes to 1 MiB (linked at 3 GiB), and 0x10 bytes to 0x18_0008 with 0x2000 in memory.
    static func elf(machine: UInt16, entry: UInt32) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
        bytes.appendLittle(UInt16(2))
        bytes.appendLittle(machine)
        for number in [1, entry, 52, 0, 0] as [UInt32] { bytes.appendLittle(number) }
        for number in [52, 32, 2, 0, 0, 0] as [UInt16] { bytes.appendLittle(number) }
        let pieces: [[UInt32]] = [
            [1, 0x1000, 0xc010_0000, 0x10_0000, 0x1000, 0x1000, 7, 0x1000],
            [1, 0x2000, 0xc018_0008, 0x18_0008, 0x10, 0x2000, 7, 0x1000],
        ]
        for number in pieces.joined() { bytes.appendLittle(number) }
        bytes.pad(to: 0x1000)
        bytes += [UInt8](repeating: 0xab, count: 0x1000) + [UInt8](repeating: 0xcd, count: 0x10)
        return bytes
    }
}

func memoryFile(_ bytes: [UInt8]) throws -> MemoryFile {
    var file = try MemoryFile(name: "test")
    try file.append(bytes)
    return file
}

func identify(_ bytes: [UInt8]) throws -> KernelImage {
    try KernelImage(identifying: memoryFile(bytes))
}
