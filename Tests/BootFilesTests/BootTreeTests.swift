import BootFiles
import Glibc
import SystemIO
import TestSupport
import Testing

@Suite("The tree of boot files")
struct BootTreeTests {
    @Test("Files and files in folders are opened, with their length")
    func open() throws {
        let folder = try TemporaryFolder()
        try folder.write("a/b/kernel", "1234567")
        let file = try BootTree(folder: folder.path, packageFolders: []).open(BootPath("/a//b/kernel"))
        #expect(file.byteCount == 7)
        #expect(try file.bytes(at: 2, count: 100) == Array("34567".utf8))
    }

    @Test("Nothing outside the tree is opened, by whatever road")
    func containment() throws {
        let outside = try TemporaryFolder()
        try outside.write("secret", "x")
        let folder = try TemporaryFolder()
        try folder.write("plain", "x")
        try folder.write("folder/inner", "x")
        folder.link("absolute", to: "\(outside.path)/secret")
        folder.link("root", to: "/")
        folder.link("climbing", to: "../\(outside.path.split(separator: "/").last ?? "")/secret")
        folder.link("folder/up", to: "../../etc/passwd")
        folder.link("loop", to: "loop")
        // Absolute, though it leads back: the kernel does not say where it would have come to.
        folder.link("back", to: "\(folder.path)/plain")
        // Links that stay inside are what a tree is made of.
        folder.link("inside", to: "folder/inner")
        folder.link("folder/sideways", to: "../plain")
        let tree = try BootTree(folder: folder.path, packageFolders: [])
        for path in ["absolute", "root/etc/passwd", "climbing", "folder/up", "loop", "back"] {
            #expect(throws: OpenFailure.outsideRoot, "\(path)") { try tree.open(BootPath(path)) }
        }
        for path in ["plain", "inside", "folder/sideways"] {
            #expect(throws: Never.self, "\(path)") { try tree.open(BootPath(path)) }
        }
    }

    @Test("Only regular files are opened; a pipe does not hang the server")
    func kinds() throws {
        let folder = try TemporaryFolder()
        try folder.write("folder/x", "")
        #expect(unsafe mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let tree = try BootTree(folder: folder.path, packageFolders: [])
        #expect(throws: OpenFailure.notARegularFile) { try tree.open(BootPath("folder")) }
        #expect(throws: OpenFailure.notARegularFile) { try tree.open(BootPath("pipe")) }
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath("/")) }
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath("none")) }
        // A file is no folder.
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath("folder/x/y")) }
        let long = String(repeating: "a", count: 300)
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath(long)) }
    }

    @Test("Names are case-sensitive")
    func letterCase() throws {
        let folder = try TemporaryFolder()
        try folder.write("Kernel", "x")
        let tree = try BootTree(folder: folder.path, packageFolders: [])
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath("kernel")) }
    }

    @Test("Boot programs that the tree does not have come from the packages' folders, in their order")
    func packages() throws {
        let (folder, first, second) = (
            try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder()
        )
        try first.write("undionly.kpxe", "first")
        try second.write("undionly.kpxe", "second")
        try second.write("ldlinux.c32", "module")
        try second.write("inner/file", "x")
        let tree = try BootTree(
            folder: folder.path, packageFolders: ["/nowhere", first.path, second.path])
        func content(_ path: String) throws -> String {
            String(decoding: try tree.open(BootPath(path)).bytes(at: 0, count: 100), as: UTF8.self)
        }
        #expect(try content("undionly.kpxe") == "first")
        // The world's older name.
        #expect(try content("gpxe.kpxe") == "first")
        #expect(try content("ldlinux.c32") == "module")
        // pxelinux asks for its modules beside itself, wherever that is.
        #expect(try content("some/where/ldlinux.c32") == "module")
        // Anything else is found under its bare name alone.
        for path in ["some/undionly.kpxe", "inner/file", "file"] {
            #expect(throws: OpenFailure.notFound, "\(path)") { try tree.open(BootPath(path)) }
        }
        // What the tree has goes first.
        try folder.write("undionly.kpxe", "own")
        #expect(try content("undionly.kpxe") == "own")
    }

    @Test("A package's link may lead anywhere: Debian's ipxe.efi is one to /boot")
    func packageLinks() throws {
        let elsewhere = try TemporaryFolder()
        try elsewhere.write("ipxe.efi", "packaged")
        let package = try TemporaryFolder()
        package.link("ipxe.efi", to: "\(elsewhere.path)/ipxe.efi")
        package.link("folder", to: elsewhere.path)
        let folder = try TemporaryFolder()
        let tree = try BootTree(folder: folder.path, packageFolders: [package.path])
        #expect(try tree.open(BootPath("ipxe.efi")).byteCount == 8)
        #expect(throws: OpenFailure.notFound) { try tree.open(BootPath("folder/ipxe.efi")) }
    }

    @Test("A missing folder is an error; a missing boot program has a package to be advised")
    func advice() {
        #expect(throws: SystemError.self) { try BootTree(folder: "/nowhere/at/all") }
        #expect(BootTree.debianPackage(shipping: "snponly.efi") == "ipxe")
        #expect(BootTree.debianPackage(shipping: "lpxelinux.0") == "pxelinux")
        #expect(BootTree.debianPackage(shipping: "menu.c32") == "syslinux-common")
        #expect(BootTree.debianPackage(shipping: "vmlinuz") == nil)
    }
}
