import Testing
import Wire

@Suite("cpio archives")
struct CPIOArchiveTests {
    @Test("Each kind of member has the bytes that GNU cpio -H newc writes")
    func golden() {
        var archive = CPIOArchive()
        archive.add("d", .folder())
        archive.add("d/file", .file(Array("hello".utf8), permissions: 0o755))
        archive.add("link", .link(target: "d/file"))
        archive.add("c", .characterDevice(major: 5, minor: 1))
        let text = String(
            decoding: archive.finished().map { $0 == 0 ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
        let members = [
            "07070100000001000041ed00000000000000000000000200000000000000000000000000000000000000000000000000000002"
                + "00000000d.",
            "07070100000002000081ed00000000000000000000000100000000000000050000000000000000000000000000000000000007"
                + "00000000d/file....hello...",
            "070701000000030000a1ff00000000000000000000000100000000000000060000000000000000000000000000000000000005"
                + "00000000link..d/file..",
            "070701000000040000218000000000000000000000000100000000000000000000000000000000000000050000000100000002"
                + "00000000c.",
            "07070100000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000b"
                + "00000000TRAILER!!!.",
        ]
        var expected = ""
        for member in members {
            expected += member
            while expected.utf8.count % 4 != 0 { expected += "." }
        }
        while expected.utf8.count % 512 != 0 { expected += "." }
        #expect(text == expected)
    }
}
