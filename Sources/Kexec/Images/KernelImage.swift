public import SystemIO

/// What a file is that somebody wants to start, as its first bytes tell.
public enum KernelImage: Equatable, Sendable {
    /// An x86 bzImage, or another thing with the setup header of one.
    case linux(LinuxHeader)
    case multiboot(MultibootImage)
    /// An arm64 `Image`; the memory that it needs, in bytes.
    case arm64(memoryByteCount: UInt64)
    /// These three must be unpacked first (`KernelArtifacts` does it).
    case gzip
    case zboot(payload: Range<Int64>)
    case unified(UnifiedImage)

    public enum Architecture: String, Equatable, Sendable {
        case x86, arm64

        #if arch(arm64)
            public static let ofThisHost = Architecture.arm64
        #else
            public static let ofThisHost = Architecture.x86
        #endif
    }

    /// Nil for what must be unpacked first.
    public var architecture: Architecture? {
        switch self {
        case .linux, .multiboot: .x86
        case .arm64: .arm64
        case .gzip, .zboot, .unified: nil
        }
    }

    /// In words, for a plan that is shown.
    public var words: String {
        switch self {
        case .linux(let header):
            "x86 kernel, boot protocol \(header.version >> 8).\(header.version & 0xff)"
        case .multiboot(let image): "multiboot \(image.version == .one ? 1 : 2) kernel"
        case .arm64: "arm64 kernel"
        case .gzip: "kernel compressed with gzip"
        case .zboot: "EFI zboot kernel"
        case .unified: "unified kernel image"
        }
    }

    /// Looks at the beginning of the file alone.
    public init(identifying file: borrowing MemoryFile) throws(KernelImageError) {
        guard file.byteCount > 0 else { throw .empty }
        let head = try file.part(0..<min(file.byteCount, 65_536))
        self = try Self.identify(file, head: head)
    }

    private static func identify(
        _ file: borrowing MemoryFile, head: [UInt8]
    ) throws(KernelImageError) -> KernelImage {
        // Kernels with an EFI stub are PE files and more, so their own marks come first.
        if head.hasBytes(LinuxHeader.magic, at: 0x202) {
            return .linux(try LinuxHeader(head: head, fileByteCount: file.byteCount))
        }
        if head.hasBytes("ARM\u{64}".utf8, at: 0x38) { return try arm64(head, file.byteCount) }
        if head.hasBytes("MZ".utf8, at: 0), head.hasBytes("zimg".utf8, at: 4) {
            return try zboot(head, file.byteCount)
        }
        if head.starts(with: [0x1f, 0x8b]) { return .gzip }
        let elf =
            head.starts(with: ELFHeader.magic)
            ? try ELFHeader(head: head, fileByteCount: file.byteCount) : nil
        if let elf, elf.machine != ELFHeader.machine386, elf.machine != ELFHeader.machineAMD64 {
            throw .otherProcessor(elf.machine)
        }
        if let header = try MultibootHeader.find(in: head) { return try multiboot(header, elf, file) }
        guard elf == nil else { throw .noMultibootHeader }
        if head.starts(with: "MZ".utf8),
            let image = try UnifiedImage(head: head, fileByteCount: file.byteCount)
        {
            return .unified(image)
        }
        throw .naming(head)
    }

    private static func arm64(_ head: [UInt8], _ fileByteCount: Int64) throws(KernelImageError) -> KernelImage
    {
        guard let size = head.little(UInt64.self, at: 0x10), size > 0 else {
            throw .brokenHeader(part: "image size")
        }
        // The size counts the zeroed memory at the end, which is not in the file; a file that is far smaller
        // has lost its end, but how much belongs there is not written anywhere.
        guard fileByteCount >= 64 else { throw .truncated(expected: 64, found: fileByteCount) }
        return .arm64(memoryByteCount: size)
    }

    private static func zboot(_ head: [UInt8], _ fileByteCount: Int64) throws(KernelImageError) -> KernelImage
    {
        guard let offset = head.little(UInt32.self, at: 8), let count = head.little(UInt32.self, at: 12),
            head.count >= 0x18 + 8
        else { throw .truncated(expected: 0x20, found: fileByteCount) }
        let type = String(decoding: head[0x18...].prefix(8).prefix { $0 != 0 }, as: UTF8.self)
        guard type.hasPrefix("gzip") else { throw .compression(type) }
        let end = Int64(offset) + Int64(count)
        guard end <= fileByteCount else { throw .truncated(expected: end, found: fileByteCount) }
        return .zboot(payload: Int64(offset)..<end)
    }

    private static func multiboot(
        _ header: MultibootHeader, _ elf: ELFHeader?, _ file: borrowing MemoryFile
    ) throws(KernelImageError) -> KernelImage {
        var pieces: [LoadPiece]
        var entry = header.entry.map(UInt64.init)
        if let address = header.address {
            pieces = [try address.piece(fileByteCount: file.byteCount)]
        } else {
            guard let elf else { throw .brokenHeader(part: "multiboot header") }
            let end = elf.tableOffset.addingReportingOverflow(Int64(elf.tableByteCount))
            guard !end.overflow, end.partialValue <= file.byteCount else {
                throw .truncated(expected: end.partialValue, found: file.byteCount)
            }
            let table = try file.part(elf.tableOffset..<end.partialValue)
            let found = try elf.pieces(table: table, fileByteCount: file.byteCount)
            pieces = found.pieces
            entry = entry ?? found.entry
        }
        guard let entry = entry.flatMap(UInt32.init(exactly:)),
            pieces.contains(where: { entry >= $0.address && UInt64(entry) - $0.address < $0.memoryByteCount })
        else { throw .brokenHeader(part: "multiboot entry") }
        pieces.sort { $0.address < $1.address }
        return .multiboot(MultibootImage(version: header.version, entry: entry, pieces: pieces))
    }
}

extension MemoryFile {
    /// Bytes that must be there.
    borrowing func part(_ range: Range<Int64>) throws(KernelImageError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try self.bytes(at: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
        } catch {
            throw .unreadable(error)
        }
        guard bytes.count == range.upperBound - range.lowerBound else {
            throw .truncated(expected: range.upperBound, found: range.lowerBound + Int64(bytes.count))
        }
        return bytes
    }
}
