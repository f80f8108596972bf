import Wire

/// What a partition table says of its partitions, by the kernel's numbers.
struct PartitionTable: Equatable {
    /// MBR: eight hexadecimal digits that every partition's identity begins with.
    var diskSignature: String?
    /// GPT: by number, from 1.
    var partitions: [Int: Partition] = [:]

    struct Partition: Equatable {
        var uuid: String
        var label: String?
    }

    /// - Parameters:
    ///   - sectorBytes: the disk's logical sector size, which GPT counts in.
    ///   - read: bytes of the disk from an offset; fewer where there are no more.
    init?(sectorBytes: Int, reading read: (_ offset: Int64, _ count: Int) -> [UInt8]) {
        let boot = read(0, 512)
        guard boot.number(UInt16.self, at: 510) == 0xaa55 else { return nil }
        if (0..<4).contains(where: { boot.number(UInt8.self, at: 446 + 16 * $0 + 4) == 0xee }) {
            let header = read(Int64(sectorBytes), 512)
            if header.hasBytes("EFI PART".utf8, at: 0) {
                readEntries(header: header, sectorBytes: sectorBytes, read)
                return
            }
        }
        let signature = boot.number(UInt32.self, at: 440)
        guard signature != 0 else { return nil }
        diskSignature = hexadecimal((0..<4).map { UInt8(truncatingIfNeeded: signature >> (24 - 8 * $0)) })
    }

    private mutating func readEntries(
        header: [UInt8], sectorBytes: Int, _ read: (Int64, Int) -> [UInt8]
    ) {
        let first = header.number(UInt64.self, at: 72)
        let count = Int(header.number(UInt32.self, at: 80))
        let size = Int(header.number(UInt32.self, at: 84))
        guard first < 1 << 40, (1...1024).contains(count), size >= 128, size <= 1024 else { return }
        let entries = read(Int64(first) * Int64(sectorBytes), count * size)
        for index in 0..<count {
            let offset = index * size
            guard let type = entries.field(at: offset, byteCount: 16), type.contains(where: { $0 != 0 }),
                let id = entries.field(at: offset + 16, byteCount: 16),
                let name = entries.field(at: offset + 56, byteCount: 72),
                let uuid = SystemUUID(wireBytes: id)
            else { continue }
            let units = stride(from: 0, to: 72, by: 2).map { UInt16(name.number(UInt16.self, at: $0)) }
            let label = String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
            partitions[index + 1] = Partition(uuid: uuid.description, label: label.isEmpty ? nil : label)
        }
    }

    /// `PARTUUID=` of a partition.
    func uuid(ofPartition number: Int) -> String? {
        if let diskSignature { return "\(diskSignature)-\(hexadecimal([UInt8(truncatingIfNeeded: number)]))" }
        return partitions[number]?.uuid
    }
}
