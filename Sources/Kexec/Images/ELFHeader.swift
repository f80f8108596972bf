/// The little that is needed of an ELF file: for which processor it is, and what goes where.
struct ELFHeader: Equatable {
    var machine: UInt16
    var is64: Bool
    var entry: UInt64
    /// Of the table of program headers.
    var tableOffset: Int64
    var tableEntryByteCount: Int
    var tableCount: Int

    static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
    static let machine386: UInt16 = 3
    static let machineAMD64: UInt16 = 62

    init(head: [UInt8], fileByteCount: Int64) throws(KernelImageError) {
        let bits = head.little(UInt8.self, at: 4) ?? 0
        let order = head.little(UInt8.self, at: 5) ?? 0
        let is64 = bits == 2
        guard head.count >= (is64 ? 64 : 52) else {
            throw .truncated(expected: is64 ? 64 : 52, found: fileByteCount)
        }
        guard let machine = head.little(UInt16.self, at: 18), bits == 1 || bits == 2 else {
            throw .brokenHeader(part: "ELF header")
        }
        guard order == 1 else { throw .otherProcessor(machine.byteSwapped) }
        self.machine = machine
        self.is64 = is64
        func word(_ at32: Int, _ at64: Int) -> UInt64 {
            is64 ? head.little(UInt64.self, at: at64) ?? 0 : UInt64(head.little(UInt32.self, at: at32) ?? 0)
        }
        entry = word(24, 24)
        guard let offset = Int64(exactly: word(28, 32)) else { throw .brokenHeader(part: "ELF header") }
        tableOffset = offset
        tableEntryByteCount = Int(head.little(UInt16.self, at: is64 ? 54 : 42) ?? 0)
        tableCount = Int(head.little(UInt16.self, at: is64 ? 56 : 44) ?? 0)
        guard tableEntryByteCount >= (is64 ? 56 : 32), tableCount > 0 else {
            throw .brokenHeader(part: "ELF header")
        }
    }

    var tableByteCount: Int { tableEntryByteCount * tableCount }

    /// What is to be loaded, and the entry as a physical address.
    func pieces(
        table: [UInt8], fileByteCount: Int64
    ) throws(KernelImageError) -> (pieces: [LoadPiece], entry: UInt64) {
        var pieces: [LoadPiece] = []
        var physicalEntry = entry
        for index in 0..<tableCount {
            let base = index * tableEntryByteCount
            func word(_ at32: Int, _ at64: Int) throws(KernelImageError) -> UInt64 {
                let value =
                    is64
                    ? table.little(UInt64.self, at: base + at64)
                    : table.little(UInt32.self, at: base + at32).map(UInt64.init)
                guard let value, value < 1 << 52 || at32 == 8 else {
                    throw .brokenHeader(part: "ELF program header")
                }
                return value
            }
            guard table.little(UInt32.self, at: base) == 1 else { continue }
            let (offset, inFile, inMemory) = try (word(4, 8), word(16, 32), word(20, 40))
            let (address, virtual) = try (word(12, 24), word(8, 16))
            if entry >= virtual, entry - virtual < inMemory { physicalEntry = address + (entry - virtual) }
            guard inMemory > 0 else { continue }
            guard inFile <= inMemory else { throw .brokenHeader(part: "ELF program header") }
            guard offset + inFile <= UInt64(fileByteCount) else {
                throw .truncated(expected: Int64(offset + inFile), found: fileByteCount)
            }
            pieces.append(
                LoadPiece(
                    fileOffset: Int64(offset), fileByteCount: Int64(inFile), address: address,
                    memoryByteCount: inMemory))
        }
        guard !pieces.isEmpty else { throw .brokenHeader(part: "ELF program header") }
        return (pieces, physicalEntry)
    }
}
