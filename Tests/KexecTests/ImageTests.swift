import SystemIO
import Testing

@testable import Kexec

@Suite("Kernel images")
struct ImageTests {
    @Test("A bzImage tells its fields")
    func linux() throws {
        guard case .linux(let header) = try identify(LinuxFixture().bytes) else {
            Issue.record("no bzImage")
            return
        }
        #expect(header.version == 0x20f)
        #expect(header.protectedOffset == 2048)
        #expect(header.bytes.count == 0x26c - 0x1f1)
        #expect(header.initrdLimit == 0x8000_0000)
        #expect(header.alignment == 0x20_0000)
        #expect(header.isRelocatable && header.isLoadedHigh && header.mayBeAbove4GiB)
        #expect(header.commandLineLimit == 2047)
        #expect(header.preferredAddress == 0x100_0000)
        #expect(header.initialByteCount == 0x300_0000)
    }

    /// Version, flags, five levels of page tables on the host: how it is entered, whether the kernel takes it.
    private static let protocols: [(UInt16, UInt16, Bool, LinuxHeader.Entry, Bool)] = [
        (0x20f, 0x7f, true, LinuxHeader.Entry.long, true),
        (0x20f, 0x5f, true, .protected, false),  // without XLF_5LEVEL
        (0x20f, 0x5f, false, .long, true),
        (0x20c, 0x09, false, .long, false),  // memtest86+ of 64 bits: not above 4 GiB
        (0x20c, 0x04, false, .protected, false),  // memtest86+ of 32 bits
        (0x20a, 0x7f, false, .protected, false),  // such flags were not invented
        (0x207, 0x7f, false, .real, false),  // ipxe.lkrn
        (0x203, 0x00, false, .real, false),  // memdisk, grub.exe
    ]

    @Test("Protocol and flags decide how it is entered", arguments: protocols)
    func entries(version: UInt16, flags: UInt16, five: Bool, entry: LinuxHeader.Entry, byFile: Bool) throws {
        let fixture = LinuxFixture(version: version, extendedFlags: flags)
        guard case .linux(let header) = try identify(fixture.bytes) else {
            Issue.record("no bzImage")
            return
        }
        #expect(header.entry(fiveLevelPaging: five) == entry)
        #expect(header.suitsFileLoad(fiveLevelPaging: five) == byFile)
    }

    @Test("Fields that an old protocol did not have are not read")
    func oldProtocol() throws {
        guard case .linux(let header) = try identify(LinuxFixture(version: 0x202, sectors: 0).bytes) else {
            Issue.record("no bzImage")
            return
        }
        #expect(header.protectedOffset == 2560)
        #expect(header.initrdLimit == 0x3800_0000)
        #expect(!header.isRelocatable)
        #expect(header.commandLineLimit == 255)
        #expect(header.initialByteCount == 0)
    }

    @Test("Every beginning of an image is refused, whatever it is", arguments: [0, 1, 2, 3, 4])
    func prefixes(index: Int) throws {
        let samples = [
            LinuxFixture(systemByteCount: 64).bytes, MultibootFixture.version2(), MultibootFixture.version1(),
            unifiedImage(), zboot(type: "gzip"),
        ]
        let bytes = samples[index]
        _ = try identify(bytes)
        // Up to 15 bytes of the last piece may be missing of a bzImage; of one that goes where a header of
        // multiboot says, the end is not known.
        let end = [bytes.count - 15, bytes.count, 32, bytes.count, bytes.count][index]
        for count in stride(from: 0, to: end, by: index == 3 ? 7 : 1) {
            #expect(throws: KernelImageError.self, "\(count) bytes") {
                try identify(Array(bytes.prefix(count)))
            }
        }
    }

    @Test("No change of a byte of a header is fatal", arguments: [0, 1, 2, 3])
    func mutations(index: Int) throws {
        let samples = [
            LinuxFixture(systemByteCount: 64).bytes, MultibootFixture.version2(), MultibootFixture.version1(),
            unifiedImage(),
        ]
        let headers: [Range<Int>] = [0x1f0..<0x26c, 0..<0x80, 0..<0x20, 0x3c..<0x120]
        for offset in headers[index] {
            for value in [0, 0x7f, 0xff] as [UInt8] {
                var bytes = samples[index]
                bytes[offset] = value
                // What can be identified must also be planned, or refused in words.
                do {
                    let artifacts = try KernelArtifacts(
                        kernel: memoryFile(bytes), initrd: nil, commandLine: "x")
                    _ = try SegmentPlan(for: artifacts, on: .ordinary)
                } catch { #expect(!"\(error)".isEmpty) }
            }
        }
    }

    private static let strangers: [([UInt8], KernelImageError.WrongFile)] = [
        (Array("<!DOCTYPE html><html>".utf8), KernelImageError.WrongFile.html),
        (Array("\n  <HTML>".utf8), .html),
        (Array("070701000".utf8), .initrd),
        (Array("#!ipxe\n".utf8), .script),
        (Array("hsqs....".utf8), .squashFS),
        ([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0], .compressed("zstd")),
        (Array("MZ and nothing".utf8), .efiProgram),
        ([UInt8](repeating: 0, count: 510) + [0x55, 0xaa], .bootSector),
        ([UInt8](repeating: 0, count: 257) + Array("ustar".utf8), .archive),
        ([UInt8](repeating: 0, count: 0x8001) + Array("CD001".utf8), .isoImage),
        ([1, 2, 3], .unknown([1, 2, 3])),
    ]

    @Test("What is no kernel is called by its name", arguments: strangers)
    func wrongFiles(bytes: [UInt8], file: KernelImageError.WrongFile) throws {
        #expect(throws: KernelImageError.wrongFile(file)) { try identify(bytes) }
    }

    @Test("Other processors, plain ELF kernels and empty files are refused for what they are")
    func refusals() throws {
        #expect(throws: KernelImageError.empty) { try identify([]) }
        #expect(throws: KernelImageError.otherProcessor(183)) {
            try identify(MultibootFixture.elf(machine: 183, entry: 0))
        }
        #expect(throws: KernelImageError.noMultibootHeader) {
            try identify(MultibootFixture.elf(machine: 62, entry: 0))
        }
        #expect(throws: KernelImageError.truncated(expected: 2048 + 0x2000 - 15, found: 5000)) {
            try identify(Array(LinuxFixture().bytes.prefix(5000)))
        }
    }

    @Test("A multiboot kernel is loaded by addresses of its header, or by those of ELF")
    func multiboot() throws {
        #expect(
            try identify(MultibootFixture.version1())
                == .multiboot(
                    MultibootImage(
                        version: .one, entry: 0x20_0040,
                        pieces: [
                            LoadPiece(
                                fileOffset: 0, fileByteCount: 0x1000, address: 0x20_0000,
                                memoryByteCount: 0x3000)
                        ])))
        #expect(
            try identify(MultibootFixture.version2())
                == .multiboot(
                    MultibootImage(
                        version: .two, entry: 0x10_0010,
                        pieces: [
                            LoadPiece(
                                fileOffset: 0x1000, fileByteCount: 0x1000, address: 0x10_0000,
                                memoryByteCount: 0x1000),
                            LoadPiece(
                                fileOffset: 0x2000, fileByteCount: 0x10, address: 0x18_0008,
                                memoryByteCount: 0x2000),
                        ])))
    }

    @Test("A demand of a multiboot kernel that is not known is refused, a wish is not")
    func demands() throws {
        let tag = { (flags: UInt8) in [99, 0, flags, 0, 8, 0, 0, 0] as [UInt8] }
        #expect(throws: KernelImageError.multibootDemands(feature: 99)) {
            try identify(MultibootFixture.version2(extraTags: tag(0)))
        }
        _ = try identify(MultibootFixture.version2(extraTags: tag(1)))
        // The entry of the header counts before that of ELF.
        let entry: [UInt8] = [3, 0, 0, 0, 12, 0, 0, 0, 0x20, 0, 0x10, 0, 0, 0, 0, 0]
        guard case .multiboot(let image) = try identify(MultibootFixture.version2(extraTags: entry)) else {
            Issue.record("no multiboot kernel")
            return
        }
        #expect(image.entry == 0x10_0020)
    }
}
