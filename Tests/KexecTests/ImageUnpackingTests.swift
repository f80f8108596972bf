import SystemIO
import Testing

@testable import Kexec

/// `.linux` with a bzImage, `.initrd` and `.cmdline` in a PE file.
func unifiedImage() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 0x400)
    bytes.replaceSubrange(0..<2, with: "MZ".utf8)
    bytes.put(UInt32(0x80), at: 0x3c)
    bytes.replaceSubrange(0x80..<0x84, with: [0x50, 0x45, 0, 0])
    bytes.put(UInt16(3), at: 0x86)
    bytes.put(UInt16(0x20), at: 0x94)
    let contents: [(String, [UInt8])] = [
        (".cmdline", Array("quiet inside\0".utf8)), (".initrd", Array("inner".utf8)),
        (".linux", LinuxFixture(systemByteCount: 64).bytes),
    ]
    for (index, (name, content)) in contents.enumerated() {
        let base = 0x80 + 24 + 0x20 + 40 * index
        bytes.replaceSubrange(base..<base + name.utf8.count, with: name.utf8)
        bytes.put(UInt32(content.count), at: base + 8)
        bytes.put(UInt32(content.count + 7), at: base + 16)
        bytes.put(UInt32(bytes.count), at: base + 20)
        bytes += content
    }
    return bytes
}

/// gzip of an arm64 Image: its header of 64 bytes with an image size of 0x20000.
let compressedImage: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x63, 0x60,
    0x40, 0x07, 0x4c, 0x0c, 0xc4, 0x00, 0xc7, 0x20, 0xdf, 0x14, 0x10, 0x0d,
    0x00, 0xc2, 0xa6, 0x17, 0x04, 0x40, 0x00, 0x00, 0x00,
]

func zboot(type: String) -> [UInt8] {
    var bytes: [UInt8] = Array("MZ\0\0zimg".utf8)
    bytes.appendLittle(UInt32(64))
    bytes.appendLittle(UInt32(compressedImage.count))
    bytes.pad(to: 0x18)
    bytes += Array(type.utf8)
    bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
    return bytes + compressedImage
}

@Suite("Unpacking kernels")
struct ImageUnpackingTests {
    private func artifacts(
        _ kernel: [UInt8], initrd: [UInt8]? = nil, commandLine: String = ""
    ) throws -> KernelArtifacts {
        let file: MemoryFile? = if let initrd { try memoryFile(initrd) } else { nil }
        return try KernelArtifacts(kernel: memoryFile(kernel), initrd: file, commandLine: commandLine)
    }

    @Test("Image.gz and EFI zboot become an arm64 Image, whatever follows the stream")
    func arm64() throws {
        for bytes in [compressedImage, zboot(type: "gzip"), compressedImage + [1, 2, 3]] {
            let unpacked = try artifacts(bytes)
            #expect(unpacked.image == .arm64(memoryByteCount: 0x2_0000))
            #expect(unpacked.kernel.byteCount == 64)
        }
    }

    @Test("A zboot image that is compressed in another way is refused by the name of that way")
    func otherZboot() {
        #expect(throws: KernelImageError.compression("zstd22")) { _ = try artifacts(zboot(type: "zstd22")) }
    }

    @Test("A damaged or shortened stream is refused")
    func damaged() {
        for count in 2..<compressedImage.count {
            #expect(throws: KernelImageError.self) { _ = try artifacts(Array(compressedImage.prefix(count))) }
        }
        var bytes = compressedImage
        bytes[bytes.count - 6] ^= 1  // the checksum
        #expect(throws: KernelImageError.damagedCompression) { _ = try artifacts(bytes) }
    }

    @Test("A bomb is refused after its first megabyte")
    func bomb() {
        // A zero, then many times "258 bytes from one byte back", in the fixed code of deflate.
        var bits: [UInt8] = [1, 1, 0] + [0, 0, 1, 1, 0, 0, 0, 0]
        for _ in 0..<8192 { bits += [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0] }
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        for start in stride(from: 0, to: bits.count, by: 8) {
            bytes.append(bits[start..<min(start + 8, bits.count)].reversed().reduce(0) { $0 << 1 | $1 })
        }
        let limit = max(Int64(bytes.count) * 100, 1 << 20)
        #expect(throws: KernelImageError.unpacksTooFar(limit: limit)) { _ = try artifacts(bytes) }
    }

    @Test("What is inside a gzip file and no kernel is named")
    func gzipOfSomethingElse() {
        // gzip of "hello\n", stored.
        let bytes: [UInt8] = [
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 6, 0, 0xf9, 0xff, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x20,
            0x30,
            0x3a, 0x36, 6, 0, 0, 0,
        ]
        #expect(throws: KernelImageError.wrongFile(.unknown(Array("hello\n".utf8)))) {
            _ = try artifacts(bytes)
        }
    }

    @Test("A unified image is taken apart: its initrd comes first, its command line when none is given")
    func unified() throws {
        let own = try artifacts(unifiedImage())
        #expect(own.commandLine == "quiet inside")
        #expect(own.kernel.byteCount == 2048 + 64)
        #expect(own.initrdByteCount == 5)
        let given = try artifacts(unifiedImage(), initrd: Array("outer".utf8), commandLine: "given")
        #expect(given.commandLine == "given")
        switch given.initrd {
        case .some(let file):
            #expect(try file.bytes(at: 0, count: 100) == Array("inner\0\0\0outer".utf8))
        case .none: Issue.record("no initrd")
        }
    }

    @Test("What is given is sealed, also when somebody has sealed it before")
    func sealing() throws {
        let kernel = try memoryFile(LinuxFixture().bytes)
        try kernel.seal()
        let artifacts = try KernelArtifacts(kernel: kernel, initrd: nil, commandLine: "")
        #expect(throws: SystemError.self) { try artifacts.kernel.seal() }
    }
}
