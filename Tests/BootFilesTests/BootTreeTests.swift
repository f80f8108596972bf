import BootFiles
import Glibc
import SystemIO
import Testing

/// A folder with a tree and a package's folder in it, which is gone when the test ends.
final class TreeFixture {
    let folder: String
    let tree: BootTree

    init() throws {
        var template = Array("/tmp/netbootd-tree-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw SystemError("make a folder", code: errno) }
        folder = unsafe String(cString: made)
        for name in ["tree", "tree/sub", "package", "elsewhere"] { unsafe mkdir("\(folder)/\(name)", 0o755) }
        try Self.write("in the tree", to: "\(folder)/tree/sub/file")
        try Self.write("outside", to: "\(folder)/elsewhere/secret")
        try Self.write("packaged", to: "\(folder)/elsewhere/ipxe.efi")
        try Self.write("undionly", to: "\(folder)/package/undionly.kpxe")
        try Self.write("ldlinux", to: "\(folder)/package/ldlinux.c32")
        tree = try BootTree(
            folder: "\(folder)/tree", packageFolders: ["\(folder)/absent", "\(folder)/package"])
    }

    deinit {
        for name in [
            "tree/sub/file", "tree/sub/pipe", "tree/out", "tree/way", "tree/in", "tree/undionly.kpxe",
            "elsewhere/secret", "elsewhere/ipxe.efi", "package/undionly.kpxe", "package/ldlinux.c32",
            "package/ipxe.efi",
        ] { unsafe unlink("\(folder)/\(name)") }
        for name in ["tree/sub", "tree", "package", "elsewhere", ""] { unsafe rmdir("\(folder)/\(name)") }
    }

    static func write(_ text: String, to path: String) throws {
        guard let file = unsafe fopen(path, "w") else { throw SystemError("write \(path)", code: errno) }
        unsafe fputs(text, file)
        unsafe fclose(file)
    }

    func text(of path: String) throws -> String {
        let file = try tree.open(try BootPath(path))
        var bytes = [UInt8](repeating: 0, count: Int(file.byteCount))
        let count = try unsafe bytes.withUnsafeMutableBytes { unsafe try file.read(at: 0, into: $0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func failure(of path: String) throws -> OpenFailure? {
        let path = try BootPath(path)
        do throws(OpenFailure) {
            _ = try tree.open(path)
            return nil
        } catch {
            return error
        }
    }
}

@Suite("The one tree")
struct BootTreeTests {
    @Test("A file of the tree is opened, and nothing else is")
    func opens() throws {
        let fixture = try TreeFixture()
        #expect(try fixture.text(of: "sub/file") == "in the tree")
        #expect(try fixture.failure(of: "sub") == .notARegularFile)
        #expect(try fixture.failure(of: "sub/none") == .notFound)
        #expect(try fixture.failure(of: "sub/file/below") == .notFound)
        unsafe mkfifo("\(fixture.folder)/tree/sub/pipe", 0o644)
        #expect(try fixture.failure(of: "sub/pipe") == .notARegularFile)
    }

    @Test("A symbolic link may lead within the tree, not out of it")
    func links() throws {
        let fixture = try TreeFixture()
        unsafe symlink("sub/file", "\(fixture.folder)/tree/in")
        unsafe symlink("\(fixture.folder)/elsewhere/secret", "\(fixture.folder)/tree/out")
        unsafe symlink("../elsewhere", "\(fixture.folder)/tree/way")
        #expect(try fixture.text(of: "in") == "in the tree")
        #expect(try fixture.failure(of: "out") == .outsideRoot)
        #expect(try fixture.failure(of: "way/secret") == .outsideRoot)
    }

    @Test("Boot programs that the tree lacks come from the package folders, under their world-known names")
    func packages() throws {
        let fixture = try TreeFixture()
        #expect(try fixture.text(of: "undionly.kpxe") == "undionly")
        #expect(try fixture.text(of: "gpxe.kpxe") == "undionly")
        #expect(try fixture.text(of: "some/where/ldlinux.c32") == "ldlinux")  // pxelinux asks beside itself
        #expect(try fixture.failure(of: "some/where/undionly.kpxe") == .notFound)
        try TreeFixture.write("the tree's own", to: "\(fixture.folder)/tree/undionly.kpxe")
        #expect(try fixture.text(of: "undionly.kpxe") == "the tree's own")
    }

    @Test("A package's link may lead anywhere: Debian's ipxe.efi is one to /boot")
    func packageLinks() throws {
        let fixture = try TreeFixture()
        unsafe symlink("\(fixture.folder)/elsewhere/ipxe.efi", "\(fixture.folder)/package/ipxe.efi")
        #expect(try fixture.text(of: "ipxe.efi") == "packaged")
    }

    @Test("A missing boot program is advised by its Debian package")
    func advice() {
        #expect(BootTree.debianPackage(shipping: "undionly.kpxe") == "ipxe")
        #expect(BootTree.debianPackage(shipping: "lpxelinux.0") == "pxelinux")
        #expect(BootTree.debianPackage(shipping: "ldlinux.c32") == "syslinux-common")
        #expect(BootTree.debianPackage(shipping: "vmlinuz") == nil)
    }

    @Test("A folder that is not there is an error that names it")
    func noFolder() {
        #expect(throws: SystemError("open the folder /nonexistent/tree", code: ENOENT)) {
            try BootTree(folder: "/nonexistent/tree")
        }
    }
}
