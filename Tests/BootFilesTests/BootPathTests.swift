import BootFiles
import Testing

@Suite("Paths as boot clients ask for them")
struct BootPathTests {
    @Test(
        "What clients mean by a path is one path, however they write it",
        arguments: [
            ("undionly.kpxe", "undionly.kpxe"),
            ("/undionly.kpxe", "undionly.kpxe"),
            ("//ldlinux.c32", "ldlinux.c32"),  // pxelinux
            ("boot\\BCD", "boot/BCD"),  // Windows PE
            ("\\boot\\\\BCD", "boot/BCD"),
            ("./a/./b", "a/b"),
            ("a//b/", "a/b"),
            ("a/..b/c..", "a/..b/c.."),
            ("%2e%2e/a", "%2e%2e/a"),  // decoding is HTTP's business, and done once
            ("grub/grüb.cfg", "grub/grüb.cfg"),
        ])
    func normalizes(asked: String, path: String) throws {
        #expect(try BootPath(asked).text == path)
    }

    @Test(
        "A last byte 0xFF, read past an unterminated option 67 by old ROMs, is dropped; others are no UTF-8")
    func trailingFF() throws {
        #expect(try BootPath(requested: Array("pxelinux.0".utf8) + [0xff]).text == "pxelinux.0")
        #expect(throws: BootPath.Refusal.notUTF8) {
            try BootPath(requested: Array("pxe".utf8) + [0xff, 0x30])
        }
    }

    @Test(
        "A path that climbs is refused, in either spelling",
        arguments: ["..", "../etc/passwd", "a/../../b", "a/..", "\\..\\b", "a\\..", "/../x"])
    func climbs(path: String) {
        #expect(throws: BootPath.Refusal.climbs) { try BootPath(path) }
    }

    @Test("Control bytes, nothing at all and too much of it are refused with numbers")
    func refuses() {
        #expect(throws: BootPath.Refusal.controlByte(0, offset: 1)) { try BootPath("a\0b") }
        #expect(throws: BootPath.Refusal.controlByte(0x0a, offset: 2)) { try BootPath("ab\n") }
        #expect(throws: BootPath.Refusal.controlByte(0x7f, offset: 0)) { try BootPath("\u{7f}") }
        #expect(throws: BootPath.Refusal.empty) { try BootPath("") }
        #expect(throws: BootPath.Refusal.empty) { try BootPath(requested: [0xff]) }
        #expect(throws: BootPath.Refusal.tooLong(byteCount: 1025)) {
            try BootPath(String(repeating: "a", count: 1025))
        }
    }
}
