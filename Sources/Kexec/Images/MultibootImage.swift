/// A kernel that a multiboot loader starts: in 32-bit mode, with a block that tells of the machine.
public struct MultibootImage: Equatable, Sendable {
    public enum Version: Equatable, Sendable { case one, two }

    public var version: Version
    /// A physical address.
    public var entry: UInt32
    public var pieces: [LoadPiece]
}

/// A part of a file and where in memory it goes; what is more there than in the file is zero.
public struct LoadPiece: Equatable, Sendable {
    public var fileOffset: Int64
    public var fileByteCount: Int64
    public var address: UInt64
    public var memoryByteCount: UInt64
}

/// The header of a multiboot kernel, before its pieces are known.
struct MultibootHeader: Equatable {
    var version: MultibootImage.Version
    var address: Address?
    /// Where to begin; nil leaves it to the ELF header.
    var entry: UInt32?

    /// Where the file goes, for kernels that are no ELF.
    struct Address: Equatable {
        var fileOffset: Int64
        var load: UInt32
        /// 0: to the end of the file.
        var loadEnd: UInt32
        /// 0: no more memory than the file has bytes.
        var zeroedEnd: UInt32
    }

    /// The first such header in the file's beginning; nil when there is none. One of version 2 is preferred: a
    /// kernel that has both has the other for old loaders.
    static func find(in head: [UInt8]) throws(KernelImageError) -> MultibootHeader? {
        for offset in stride(from: 0, to: min(head.count, 32_768), by: 8)
        where head[offset] == 0xd6 && head.hasBytes([0xd6, 0x50, 0x52, 0xe8], at: offset) {
            if let length = version2Length(head, offset) {
                return try version2(head, offset..<offset + length)
            }
        }
        for offset in stride(from: 0, to: min(head.count, 8_192), by: 4)
        where head[offset] == 0x02 && head.hasBytes([0x02, 0xb0, 0xad, 0x1b], at: offset) {
            guard let flags = head.little(UInt32.self, at: offset + 4),
                let sum = head.little(UInt32.self, at: offset + 8), 0x1bad_b002 &+ flags &+ sum == 0
            else { continue }
            return try version1(head, offset, flags: flags)
        }
        return nil
    }

    private static func version1(
        _ head: [UInt8], _ offset: Int, flags: UInt32
    ) throws(KernelImageError) -> MultibootHeader {
        // Bits 0 to 2: modules on pages, memory's size, video (a wish). Others must be understood.
        if flags & 0xfff8 != 0 { throw .multibootDemands(feature: flags & 0xfff8) }
        guard flags & 0x1_0000 != 0 else { return MultibootHeader(version: .one) }
        let fields = (3..<8).compactMap { head.little(UInt32.self, at: offset + 4 * $0) }
        guard fields.count == 5 else { throw .brokenHeader(part: "multiboot header") }
        let address = try Address(
            headerOffset: offset, headerAddress: fields[0], load: fields[1], loadEnd: fields[2],
            zeroedEnd: fields[3])
        return MultibootHeader(version: .one, address: address, entry: fields[4])
    }

    private static func version2Length(_ head: [UInt8], _ offset: Int) -> Int? {
        guard let architecture = head.little(UInt32.self, at: offset + 4), architecture == 0,
            let length = head.little(UInt32.self, at: offset + 8), length >= 16,
            let sum = head.little(UInt32.self, at: offset + 12),
            0xe852_50d6 &+ architecture &+ length &+ sum == 0, Int(length) <= head.count - offset
        else { return nil }
        return Int(length)
    }

    private static func version2(
        _ head: [UInt8], _ range: Range<Int>
    ) throws(KernelImageError) -> MultibootHeader {
        var header = MultibootHeader(version: .two)
        var offset = range.lowerBound + 16
        while offset + 8 <= range.upperBound {
            let type = head.little(UInt16.self, at: offset) ?? 0
            let flags = head.little(UInt16.self, at: offset + 2) ?? 0
            let size = Int(head.little(UInt32.self, at: offset + 4) ?? 0)
            guard size >= 8, size <= range.upperBound - offset else {
                throw .brokenHeader(part: "multiboot header")
            }
            func field(_ number: Int) throws(KernelImageError) -> UInt32 {
                guard 12 + 4 * number <= size,
                    let value = head.little(UInt32.self, at: offset + 8 + 4 * number)
                else { throw .brokenHeader(part: "multiboot header") }
                return value
            }
            switch type {
            case 0: return header
            case 2:
                header.address = try Address(
                    headerOffset: range.lowerBound, headerAddress: field(0), load: field(1),
                    loadEnd: field(2), zeroedEnd: field(3))
            case 3: header.entry = try field(0)
            // What it wants to know, console, screen, pages for modules, how EFI may enter, where it may be.
            case 1, 4...10: break
            default: if flags & 1 == 0 { throw .multibootDemands(feature: UInt32(type)) }
            }
            offset += (size + 7) & ~7
        }
        return header
    }
}

extension MultibootHeader.Address {
    fileprivate init(
        headerOffset: Int, headerAddress: UInt32, load: UInt32, loadEnd: UInt32, zeroedEnd: UInt32
    ) throws(KernelImageError) {
        let fileOffset = Int64(headerOffset) - (Int64(headerAddress) - Int64(load))
        guard headerAddress >= load, fileOffset >= 0, loadEnd == 0 || loadEnd > load,
            zeroedEnd == 0 || zeroedEnd >= max(load, loadEnd)
        else { throw .brokenHeader(part: "multiboot header") }
        self.init(fileOffset: fileOffset, load: load, loadEnd: loadEnd, zeroedEnd: zeroedEnd)
    }

    func piece(fileByteCount: Int64) throws(KernelImageError) -> LoadPiece {
        let count = loadEnd == 0 ? fileByteCount - fileOffset : Int64(loadEnd - load)
        guard count > 0, fileOffset + count <= fileByteCount else {
            throw .truncated(expected: fileOffset + max(count, 1), found: fileByteCount)
        }
        let memory = zeroedEnd == 0 ? count : max(Int64(zeroedEnd - load), count)
        return LoadPiece(
            fileOffset: fileOffset, fileByteCount: count, address: UInt64(load),
            memoryByteCount: UInt64(memory))
    }
}
