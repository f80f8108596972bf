import SystemIO
import Testing

@testable import Kexec

@Suite("Archives with a kernel and an initrd in them")
struct ArchiveTests {
    private static let kernel =
        [UInt8](repeating: 7, count: 0x202) + Array("HdrS".utf8) + [UInt8](repeating: 8, count: 60_000)
    private static let initrd: [UInt8] = [0x1f, 0x8b, 8] + [UInt8](repeating: 9, count: 1000)

    /// Debian's netboot.tar.gz in small.
    private static func debian(_ architecture: String = "amd64") -> TestArchive {
        var archive = TestArchive()
        archive.add("./", type: "5")
        archive.add("./debian-installer/\(architecture)/linux", kernel)
        archive.add("./debian-installer/\(architecture)/initrd.gz", initrd)
        archive.add("./debian-installer/\(architecture)/pxelinux.0", [0xfa, 0x31, 0xc0])
        archive.add("./pxelinux.0", type: "2", link: "debian-installer/\(architecture)/pxelinux.0")
        archive.add("./version.info", Array("Debian version: 12".utf8))
        return archive
    }

    private func open(_ bytes: [UInt8], _ architecture: String = "x86_64") throws -> NetbootArchive {
        var file = try MemoryFile(name: "archive")
        try file.append(bytes)
        return try NetbootArchive(opening: file, architecture: architecture)
    }

    @Test("Debian's layout is opened, gzipped in one member or several, and plain")
    func debianLayout() throws {
        let tar = Self.debian().bytes
        let halves = [Array(tar[..<10_000]), Array(tar[10_000...])]
        for bytes in [tar, gzip(tar), halves.flatMap(gzip), gzip(tar) + [0, 0, 0]] {
            let opened = try open(bytes)
            #expect(opened.kernelPath == "debian-installer/amd64/linux")
            #expect(opened.initrdPath == "debian-installer/amd64/initrd.gz")
            #expect(try opened.kernel.bytes(at: 0, count: 1 << 20) == Self.kernel)
            #expect(try opened.initrd.bytes(at: 0, count: 1 << 20) == Self.initrd)
        }
    }

    @Test("Of several architectures the host's is taken, and two in one folder belong together")
    func choice() throws {
        var both = TestArchive(bytes: Self.debian("amd64").members + Self.debian("arm64").bytes)
        #expect(try open(both.bytes, "arm64").kernelPath == "debian-installer/arm64/linux")
        both = TestArchive()
        both.add("a/vmlinuz", Self.kernel)
        both.add("a/initrd.img", Self.initrd)
        both.add("b/vmlinuz", Self.kernel)
        #expect(try open(both.bytes).initrdPath == "a/initrd.img")
        both.add("b/initrd.img", Self.initrd)
        #expect(throws: ArchiveError.self) { _ = try open(both.bytes) }
    }

    @Test("Links with telling names lead to the files")
    func links() throws {
        var archive = TestArchive()
        archive.add("boot/k-6.1", Self.kernel)
        archive.add("boot/vmlinuz", type: "2", link: "k-6.1")
        archive.add("i", Self.initrd)
        archive.add("boot/initramfs", type: "1", link: "./i")
        let opened = try open(archive.bytes)
        #expect(opened.kernelPath == "boot/k-6.1" && opened.initrdPath == "i")
    }

    @Test("Long names come as ustar, GNU tar and pax write them")
    func longNames() throws {
        let folder = String(repeating: "long-", count: 40)
        var archive = TestArchive()
        archive.add("././@LongLink", Array("\(folder)/vmlinuz\0".utf8), type: "L")
        archive.add("cut", Self.kernel)
        let record = "path=\(folder)/initrd\n"
        archive.add("x", Array("\(record.utf8.count + 4) \(record)".utf8), type: "x")
        archive.add("cut", Self.initrd)
        let opened = try open(archive.bytes)
        #expect(opened.kernelPath == "\(folder)/vmlinuz" && opened.initrdPath == "\(folder)/initrd")
        var prefixed = TestArchive()
        prefixed.add("vmlinuz", Self.kernel, prefix: "some/where")
        prefixed.add("initrd", Self.initrd)
        #expect(try open(prefixed.bytes).kernelPath == "some/where/vmlinuz")
    }

    @Test("What is not there is named, with what is")
    func missing() throws {
        var archive = TestArchive()
        archive.add("README", Array("x".utf8))
        archive.add("linux", Array("<html>".utf8))
        #expect(throws: ArchiveError.missing("kernel", files: ["README", "linux"])) {
            _ = try open(archive.bytes)
        }
        archive.add("vmlinuz", Self.kernel)
        #expect(throws: ArchiveError.missing("initrd", files: ["README", "linux", "vmlinuz"])) {
            _ = try open(archive.bytes)
        }
        #expect(throws: ArchiveError.missing("kernel", files: [])) { _ = try open([]) }
    }

    @Test("Damaged archives are refused: every prefix of the headers, and mutations")
    func fuzz() throws {
        let tar = Self.debian().bytes
        for length in Array(1..<600) + [5000, 40_000] {
            #expect(throws: ArchiveError.self) { _ = try open(Array(tar.prefix(length))) }
        }
        for index in stride(from: 0, to: 1100, by: 3) {
            var mutated = tar
            mutated[index] ^= 0x80
            _ = try? open(mutated)
        }
        var archive = TestArchive()
        archive.add("x", type: "L", size: "77777777777")
        #expect(throws: ArchiveError.damaged("a name in the archive is too long")) {
            _ = try open(archive.bytes)
        }
        let packed = gzip(tar)
        #expect(throws: ArchiveError.self) { _ = try open(Array(packed.prefix(packed.count / 2))) }
        for index in stride(from: 0, to: 400, by: 3) {
            var mutated = packed
            mutated[index] ^= 1
            _ = try? open(mutated)
        }
    }

    @Test("A size or a name beyond all measure is refused, not added up")
    func absurd() throws {
        func archive(_ record: String) -> TestArchive {
            var archive = TestArchive()
            let rest = record.utf8.count + 2
            archive.add("x", Array("\(rest + String(rest).utf8.count) \(record)\n".utf8), type: "x")
            archive.add("vmlinuz", Self.kernel)
            archive.add("initrd", Self.initrd)
            return archive
        }
        #expect(throws: ArchiveError.damaged("the archive ends too early")) {
            _ = try open(archive("size=9223372036854775807").bytes)
        }
        #expect(throws: ArchiveError.damaged("a name in the archive is too long")) {
            _ = try open(archive("path=" + String(repeating: "a/", count: 2100)).bytes)
        }
    }
}

/// Writes tar archives.
struct TestArchive {
    /// Without the zeros at the end.
    var members: [UInt8] = []
    var bytes: [UInt8] { members + [UInt8](repeating: 0, count: 1024) }

    init(bytes: [UInt8] = []) { members = bytes.count % 512 == 0 ? bytes : [] }

    mutating func add(
        _ path: String, _ content: [UInt8] = [], type: Character = "0", link: String = "",
        prefix: String = "",
        size: String? = nil
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        let put = { (header: inout [UInt8], text: String, offset: Int) in
            header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
        }
        let octal = String(content.count, radix: 8)
        put(&header, path, 0)
        put(&header, size ?? String(repeating: "0", count: 11 - octal.count) + octal, 124)
        put(&header, String(type), 156)
        put(&header, link, 157)
        put(&header, "ustar\u{0}00", 257)
        put(&header, prefix, 345)
        put(&header, "        ", 148)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(&header, String(repeating: "0", count: 6 - sum.count) + sum + "\u{0}", 148)
        members += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}

/// A gzip member of stored blocks.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
        let part = rest.prefix(65_535)
        rest = rest.dropFirst(65_535)
        let length = UInt16(part.count)
        result += [
            rest.isEmpty ? 1 : 0, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255),
            UInt8(~length >> 8),
        ]
        result += part
    } while !rest.isEmpty
    var sum = ~UInt32(0)
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    for value in [~sum, UInt32(truncatingIfNeeded: bytes.count)] {
        result += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    return result
}
