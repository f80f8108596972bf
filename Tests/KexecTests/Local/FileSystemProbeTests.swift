import Testing

@testable import Kexec

@Suite("What is on a block device")
struct FileSystemProbeTests {
    private typealias Fixtures = DeviceFixtures

    @Test("Superblocks tell kind, UUID and label, as blkid writes them")
    func superblocks() {
        func uuid(_ digit: Int) -> String { "\(digit)1111111-2222-3333-4444-555555555555" }
        let cases: [([(Int, String)], FileSystemIdentity)] = [
            (Fixtures.ext2, .init(kind: .ext2, uuid: uuid(2), label: "old")),
            (Fixtures.ext3, .init(kind: .ext3, uuid: uuid(3))),
            (Fixtures.ext4, .init(kind: .ext4, uuid: uuid(1), label: "boot")),
            (Fixtures.xfs, .init(kind: .xfs, uuid: uuid(4), label: "data")),
            (Fixtures.btrfs, .init(kind: .btrfs, uuid: uuid(5), label: "tree of files")),
            (Fixtures.fat16, .init(kind: .vfat, uuid: "1A2B-3C4D", label: "ESP")),
            (Fixtures.fat32, .init(kind: .vfat, uuid: "CAFE-0001", label: "EFI SYSTEM")),
            (
                Fixtures.iso,
                .init(kind: .iso9660, uuid: "2026-11-21-13-24-38-00", label: "Debian 12.0 amd64 1")
            ),
            (Fixtures.squashfs, .init(kind: .squashfs)),
            (Fixtures.swap, .init(kind: .swap, uuid: uuid(6), label: "pages")),
            (
                Fixtures.luks2,
                .init(kind: .luks, uuid: "a1111111-2222-3333-4444-555555555555", label: "safe")
            ),
            (Fixtures.lvm, .init(kind: .lvm)), (Fixtures.raid, .init(kind: .raid, label: "host:0")),
            (Fixtures.ntfs, .init(kind: .ntfs, uuid: "0102030405060708")),
            (Fixtures.exfat, .init(kind: .exfat, uuid: "1234-5678")),
        ]
        for (parts, expected) in cases { #expect(Fixtures.identity(parts) == expected) }
    }

    @Test("A RAID member is no file system, though one begins in it")
    func containers() {
        #expect(Fixtures.identity(Fixtures.ext4 + Fixtures.raid)?.kind == .raid)
        #expect(FileSystemIdentity.Kind.raid.isFileSystem == false)
    }

    @Test("Nothing is made of zeros, of a boot sector alone, or of no bytes")
    func nothing() {
        #expect(Fixtures.identity([]) == nil)
        #expect(Fixtures.identity([(510, "55aa")]) == nil)
        #expect(Fixtures.identity(Fixtures.gpt) == nil)
        #expect(FileSystemIdentity { _, _ in [] } == nil)
    }

    @Test("GPT tells UUIDs and names by number, MBR its signature")
    func partitionTables() throws {
        let gpt = try #require(
            PartitionTable(sectorBytes: 512, reading: Fixtures.read(Fixtures.device(Fixtures.gpt))))
        #expect(
            gpt.partitions == [
                1: .init(uuid: "81111111-2222-3333-4444-555555555555", label: "EFI System"),
                2: .init(uuid: "91111111-2222-3333-4444-555555555555", label: "Wurzel ä"),
            ])
        #expect(gpt.uuid(ofPartition: 2) == "91111111-2222-3333-4444-555555555555")
        #expect(gpt.uuid(ofPartition: 3) == nil)
        let mbr = try #require(
            PartitionTable(sectorBytes: 512, reading: Fixtures.read(Fixtures.device(Fixtures.mbr))))
        #expect(mbr.uuid(ofPartition: 5) == "1a2b3c4d-05")
        #expect(PartitionTable(sectorBytes: 512, reading: { _, _ in [] }) == nil)
    }

    @Test("Devices that end early and bytes that are damaged are survived")
    func damage() {
        var generator = SeededGenerator(state: 7)
        for parts in Fixtures.all {
            let whole = Fixtures.device(parts)
            for length in stride(from: 0, to: whole.count, by: 509) { probe(Array(whole.prefix(length))) }
            for _ in 0..<200 {
                var bytes = whole
                for _ in 0..<4 {
                    guard let part = parts.randomElement(using: &generator) else { continue }
                    let offset = part.0 + Int.random(in: 0..<max(part.1.utf8.count / 2, 1), using: &generator)
                    bytes[offset] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
                }
                probe(bytes)
            }
        }
    }

    private func probe(_ bytes: [UInt8]) {
        _ = FileSystemIdentity(reading: Fixtures.read(bytes))
        for size in [512, 4096] { _ = PartitionTable(sectorBytes: size, reading: Fixtures.read(bytes)) }
    }
}

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
