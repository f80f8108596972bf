import BootFiles
import Testing

@Suite("Paths as clients write them")
struct BootPathTests {
    static let accepted: [(requested: String, path: String)] = [
        ("undionly.kpxe", "undionly.kpxe"),
        ("alpine/vmlinuz-lts", "alpine/vmlinuz-lts"),
        // From the root, as GRUB and most configurations write it.
        ("/grub/grub.cfg", "grub/grub.cfg"),
        // pxelinux.
        ("//ldlinux.c32", "ldlinux.c32"),
        ("boot//ldlinux.c32", "boot/ldlinux.c32"),
        ("./boot/./x/", "boot/x"),
        // Windows PE.
        (#"\Boot\Fonts\wgl4_boot.ttf"#, "Boot/Fonts/wgl4_boot.ttf"),
        // Dots in a name climb nowhere, and nothing is percent-decoded.
        ("a..b/...", "a..b/..."),
        ("%2e%2e/x", "%2e%2e/x"),
        ("name with blanks", "name with blanks"),
        ("Grüße", "Grüße"),
        // The tree itself: no file.
        ("/", ""),
    ]

    @Test("All ways to write a path mean the same one", arguments: accepted)
    func isAccepted(requested: String, path: String) throws {
        #expect(try BootPath(requested).text == path)
        #expect(try BootPath(path.isEmpty ? "/" : path) == BootPath(requested))
    }

    @Test("A ROM that reads past an unterminated option 67 sends one 0xFF more")
    func trailingFF() throws {
        #expect(try BootPath(requested: Array("pxelinux.0".utf8) + [0xff]).text == "pxelinux.0")
    }

    static let refused: [(bytes: [UInt8], refusal: BootPath.Refusal)] = [
        ([], .empty), ([0xff], .empty),
        (Array("..".utf8), .climbs), (Array("../etc/passwd".utf8), .climbs), (Array("a/../b".utf8), .climbs),
        (Array("a/..".utf8), .climbs), (Array(#"..\x"#.utf8), .climbs), (Array("/../x".utf8), .climbs),
        (Array("a".utf8) + [0] + Array("b".utf8), .controlByte(0, offset: 1)),
        (Array("a\n".utf8), .controlByte(10, offset: 1)), ([0x7f], .controlByte(0x7f, offset: 0)),
        ([0x61, 0xff, 0xff], .notUTF8), ([0xc0, 0xaf], .notUTF8),
        (Array(repeating: 0x61, count: 1025), .tooLong(byteCount: 1025)),
    ]

    @Test("What leads out, is no text or is too long is refused, with the reason", arguments: refused)
    func isRefused(bytes: [UInt8], refusal: BootPath.Refusal) {
        #expect(throws: refusal) { try BootPath(requested: bytes) }
    }

    @Test("A path of the greatest length is accepted")
    func longest() throws {
        #expect(try BootPath(requested: Array(repeating: 0x61, count: 1024)).text.utf8.count == 1024)
    }
}
