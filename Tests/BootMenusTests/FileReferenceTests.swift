import BootMenus
import Testing

@Suite("Files of a configuration")
struct FileReferenceTests {
    @Test(
        "A path is one from the top of its file system and does not leave it",
        arguments: [
            ("boot//vmlinuz", "/boot/vmlinuz"), ("/a/./b/../c", "/a/c"), ("/../../x", "/x"), ("", "/"),
            ("/", "/"),
        ])
    func normalized(written: String, path: String) { #expect(FileReference(path: written).path == path) }
}
