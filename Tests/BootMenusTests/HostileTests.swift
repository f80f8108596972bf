import BootMenus
import Testing

/// Every path is the same file, so that what includes anything includes itself.
private struct SelfFiles: MenuFiles {
    var content: [UInt8]

    func bytes(of file: FileReference, limit: Int) -> [UInt8]? { content }
    func kind(of file: FileReference) -> MenuFileKind? { .file(byteCount: content.count) }
    func names(in folder: FileReference) -> [String] { ["a.conf", "b+1-2.conf", "c.efi"] }
    func fileSystemUUID(of device: DeviceReference?) -> String? { nil }
}

private func read(_ bytes: [UInt8], as format: MenuFormat) -> BootMenu {
    BootMenu(
        reading: FileReference(path: "/boot/grub/grub.cfg"), as: format, files: SelfFiles(content: bytes),
        host: efiHost)
}

@Suite("Hostile configurations")
struct HostileTests {
    @Test("Every beginning of a real configuration is read without a trap", arguments: seeds)
    func prefixes(seed: (name: String, format: MenuFormat)) throws {
        let bytes = Array(try fixture(seed.name).utf8)
        for count in stride(from: 0, through: bytes.count, by: max(1, bytes.count / 40)) {
            let menu = read(Array(bytes[..<count]), as: seed.format)
            #expect(menu.defaultEntry.map { menu.entries.indices.contains($0) } ?? menu.entries.isEmpty)
        }
    }

    @Test("Bytes turned at random are read without a trap, in each language", arguments: seeds)
    func mutations(seed: (name: String, format: MenuFormat)) throws {
        let original = Array(try fixture(seed.name).utf8)
        let marks = Array("{}'\"\\$;\n =#()[]<>|&,:-+\u{0}\u{ff}0a".utf8)
        var state: UInt64 = 88_172_645_463_325_252
        func random(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(truncatingIfNeeded: state % UInt64(limit))
        }
        for _ in 0..<15 {
            var bytes = original
            for _ in 0...random(8) { bytes[random(bytes.count)] = marks[random(marks.count)] }
            let menu = read(bytes, as: seed.format)
            #expect(menu.defaultEntry.map { menu.entries.indices.contains($0) } ?? menu.entries.isEmpty)
        }
    }

    @Test(
        "What would never end is ended, and a note says so",
        arguments: [
            "while true; do a=b; done", "function f { f; f; }\nf", "source /x\nsource /x\nsource /x",
            "configfile /x\nconfigfile /x", "menuentry a { configfile /x; }\nsubmenu b { source /x; }",
            "a=x\nwhile true; do a=$a$a; done", "for i in 1 2 3; do source /x; done", "eval 'source /x'",
            "while true; do search --set=r --file /$n; increment n; done",
            "while true; do menuentry a { linux /k; }\ndone",
            "while true; do loopback l$n /a; increment n; done",
        ])
    func endless(script: String) {
        let menu = read(Array(script.utf8), as: .grub)
        #expect(menu.notes.contains { if case .tooMany = $0.problem { true } else { false } })
        #expect(menu.entries.count <= 1000)
    }

    @Test("Too many entries, too deep blocks and too long files are cut", arguments: MenuFormat.allCases)
    func bounds(format: MenuFormat) {
        let line: String =
            switch format {
            case .grub: "menuentry a { linux /k; }\n"
            case .grubLegacy, .kexecLoader: "title a\nkernel /k\n"
            case .loaderEntries: "linux /k\n"
            case .syslinux: "label a\nkernel /k\n"
            }
        let many = Array(String(repeating: line, count: 1100).utf8)
        #expect(read(many, as: format).entries.count <= 1000)
        let long = [UInt8](repeating: 0x20, count: 1 << 20 | 1)
        #expect(
            read(long, as: format).notes.contains { if case .tooLong = $0.problem { true } else { false } })
        let deep = Array(String(repeating: "menuentry a {\nif x\nmenu begin\n", count: 2000).utf8)
        _ = read(deep, as: format)
    }
}
