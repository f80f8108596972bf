import Testing

@testable import Kexec

@Suite("Checksum files")
struct ChecksumTests {
    private static func digest(_ byte: Int) -> String {
        String(repeating: byte < 10 ? "0\(byte)" : "\(byte)", count: 32)
    }

    private static let debian = ChecksumFile(
        """
        \(digest(1))  ./netboot/debian-installer/amd64/linux
        \(digest(2))  ./netboot/gtk/debian-installer/amd64/linux
        \(digest(3)) *./netboot/netboot.tar.gz
        SHA256 (alpine (virt).iso) = \(digest(4).uppercased())
        \\\(digest(5))  odd\\nname\\\\x
        MD5 (x) = 00
        \(digest(6)) one-space
        -----BEGIN PGP SIGNATURE-----
        """)

    @Test(
        "A file is found by how its path ends",
        arguments: [
            ("/debian/images/netboot/debian-installer/amd64/linux", 1),
            ("/debian/images/netboot/gtk/debian-installer/amd64/linux", 2), ("/netboot.tar.gz", 3),
            ("alpine (virt).iso", 4), ("odd\nname\\x", 5),
        ])
    func found(path: String, digest: Int) throws {
        #expect(try Self.debian.sha256(ofPath: path) == Self.digest(digest))
    }

    @Test("What is not listed, or listed twice, is an error that says so")
    func notFound() {
        #expect(throws: ChecksumError.notListed("/x/vmlinuz")) {
            try Self.debian.sha256(ofPath: "/x/vmlinuz")
        }
        #expect(throws: ChecksumError.notListed("one-space")) { try Self.debian.sha256(ofPath: "one-space") }
        #expect(throws: ChecksumError.self) { try Self.debian.sha256(ofPath: "linux") }
        #expect(throws: ChecksumError.noLines) { try ChecksumFile("<html>\r\n").sha256(ofPath: "linux") }
        #expect(throws: ChecksumError.notADigest("12")) { try sha256Argument("12") }
    }

    @Test("Lines may end as on other systems")
    func lineEnds() throws {
        let file = ChecksumFile("\(Self.digest(1))  a\r\n\(Self.digest(2))  b\r\n")
        #expect(try file.sha256(ofPath: "b") == Self.digest(2))
    }

    @Test("A long list is fetched as a whole")
    func fetched() throws {
        let lines = (0..<200).map { "\(Self.digest($0 % 90))  ./folder/file-\($0)\n" }.joined()
        let server = try LoopbackServer(.init(body: Array(lines.utf8)))
        let list = try ChecksumFile(fetching: HTTPURL(server.url("/SHA256SUMS")), by: HTTPClient())
        #expect(try list.sha256(ofPath: "/x/folder/file-199") == Self.digest(19))
        let without = try LoopbackServer(.init(404))
        let url = try HTTPURL(without.url("/SHA256SUMS"))
        #expect(throws: ChecksumError.refused(url, status: 404)) {
            try ChecksumFile(fetching: url, by: HTTPClient())
        }
    }
}
