import SystemIO

/// What `kexec_load` is given: pieces of memory with their places, and where to begin.
public struct SegmentPlan: Equatable, Sendable {
    /// The address of the trampoline.
    public internal(set) var entry: UInt64
    public internal(set) var segments: [Segment]

    public struct Segment: Equatable, Sendable {
        public var address: UInt64
        /// A multiple of 4096; what the source does not fill is zero.
        public var memoryByteCount: UInt64
        public var source: Source

        public enum Source: Equatable, Sendable {
            case bytes([UInt8])
            /// A part of the kernel's file or of the initrd's.
            case kernel(Range<Int64>)
            case initrd(Range<Int64>)

            public var byteCount: UInt64 {
                switch self {
                case .bytes(let bytes): UInt64(bytes.count)
                case .kernel(let range), .initrd(let range): UInt64(range.upperBound - range.lowerBound)
                }
            }
        }
    }

    /// As many as the kernel takes.
    static let segmentLimit = 16
    static let below4GiB: Range<UInt64> = 0x1_0000..<0x1_0000_0000
    static let extended: Range<UInt64> = 0x10_0000..<0x1_0000_0000

    init(entry: UInt64, segments: [Segment]) {
        self.entry = entry
        self.segments = segments.sorted { $0.address < $1.address }
    }

    /// Plans an x86 image; reads of the files only what must be put together.
    init(for artifacts: borrowing KernelArtifacts, on facts: FirmwareFacts) throws(SegmentPlanError) {
        guard facts.memory.contains(where: { $0.kind == .ram }) else { throw .noMemoryMap }
        switch artifacts.image {
        case .linux(let header):
            let files = LinuxFiles(
                header: header, kernelByteCount: artifacts.kernel.byteCount,
                initrdByteCount: artifacts.initrdByteCount, commandLine: artifacts.commandLine)
            switch header.entry(fiveLevelPaging: facts.hasFiveLevelPaging) {
            case .long: self = try Self.linux(files, facts, bits: 64)
            case .protected: self = try Self.linux(files, facts, bits: 32)
            case .real:
                let setup: [UInt8]
                do throws(KernelImageError) {
                    setup = try artifacts.kernel.part(0..<header.protectedOffset)
                } catch { throw .image(error) }
                self = try Self.realMode(files, setup: setup, facts)
            }
        case .multiboot(let image): self = try Self.multiboot(image, artifacts, facts)
        case .arm64, .gzip, .zboot, .unified: throw .notForThisImage
        }
        guard segments.count <= Self.segmentLimit else { throw .tooManySegments(segments.count) }
    }
}

/// Why an image cannot be laid out in this machine's memory.
public enum SegmentPlanError: Error, Equatable, Sendable {
    /// Neither `/sys/firmware/memmap` nor `/proc/iomem` tells where RAM is.
    case noMemoryMap
    case noRoom(part: String, byteCount: UInt64)
    /// A place that the image insists on and that is not free RAM.
    case notRAM(part: String, address: UInt64, byteCount: UInt64)
    case commandLineTooLong(byteCount: Int, limit: Int)
    /// Real mode calls the BIOS, and an EFI machine has none.
    case needsBIOS
    /// A zImage, which goes below 640 KiB; nobody has made one for decades.
    case loadedLow
    case tooManySegments(Int)
    case moduleOutsideInitrd
    case notForThisImage
    case image(KernelImageError)
}

extension SegmentPlanError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noMemoryMap:
            "This kernel does not tell where memory is (/sys/firmware/memmap, /proc/iomem). Run as root."
        case .noRoom(let part, let count):
            "There is no room in memory for \(part) (\(count) bytes in one piece)."
        case .notRAM(let part, let address, let count):
            "\(part) must be at address 0x\(String(address, radix: 16)) (\(count) bytes), and there is no "
                + "free memory on this machine."
        case .commandLineTooLong(let count, let limit):
            "The command line has \(count) bytes, and this kernel takes \(limit). Shorten it."
        case .needsBIOS:
            "This image runs in real mode and calls the BIOS; this machine was booted by EFI, which has none. "
                + "Use the image's EFI variant from firmware."
        case .loadedLow: "This is a zImage, a format of the nineties; a bzImage is expected."
        case .tooManySegments(let count):
            "The image is in \(count) separate pieces, and the kernel takes \(SegmentPlan.segmentLimit)."
        case .moduleOutsideInitrd: "A module is not within the files that were given, or not on a page."
        case .notForThisImage: "kexec_load can be used for x86 images alone."
        case .image(let error): error.description
        }
    }
}
