import NFSServer
import Testing
import Wire

@Suite("Files of exports(5)")
struct ExportsFileTests {
    private func read(_ text: String) -> ExportsFile { ExportsFile(parsing: Array(text.utf8)) }

    private func words(_ file: ExportsFile) -> [String] {
        file.findings.map { "\($0.line):\($0.column): \($0.what.words)" }
    }

    private func network(_ text: String) throws -> ExportClients { .network(try #require(IPNetwork(text))) }

    @Test(
        "Comments, continued lines, quotes, escapes, tabs and carriage returns are read as a kernel's exportfs does"
    )
    func syntax() throws {
        let file = read(
            "# a comment\n\n/a *(ro) # behind\n\"/with space\"\t10.0.0.1\n/esc\\040aped *\n/long \\\n  10.0.0.1(ro) \\\r\n"
                + "\t10.0.0.2\r\n/last *")
        #expect(words(file) == [])
        #expect(file.exports.map(\.path) == ["/a", "/with space", "/esc aped", "/long", "/last"])
        let both = [try network("10.0.0.1"), try network("10.0.0.2")]
        #expect(file.exports[3].grants.map(\.clients) == both)
        #expect(file.exports.allSatisfy { $0.folder == .host($0.path) })
    }

    @Test("Options hold for their client alone; those behind a hyphen for all that follow")
    func options() throws {
        let file = read("/a -no_root_squash,insecure 10.0.0.1 10.0.0.2(root_squash,anonuid=7) (all_squash)")
        let grants = try #require(file.exports.first?.grants)
        let (first, second) = (try network("10.0.0.1"), try network("10.0.0.2"))
        #expect(
            grants == [
                ExportGrant(clients: first, squash: .none, allowsAnyPort: true),
                ExportGrant(
                    clients: second, squash: .root, anonymousUserID: 7, allowsAnyPort: true),
                ExportGrant(clients: .everyone, squash: .all, allowsAnyPort: true),
            ])
    }

    @Test("Several lines of a path are one export")
    func merging() {
        let file = read("/a 10.0.0.1(fsid=9)\n/b *\n/a/ 10.0.0.2\n/a 10.0.0.1\n")
        #expect(file.exports.map(\.path) == ["/a", "/b"])
        #expect(file.exports[0].grants.count == 2 && file.exports[0].fsid == 9)
        #expect(words(file) == ["4:1: 10.0.0.1 stands there already for this path"])
    }

    @Test(
        "Everything that cannot be served is told at its place",
        arguments: [
            ("/a *(rw)", ["1:6: 'rw' asks for writing, and netbootd serves files read-only; write 'ro'"]),
            ("/a *(ro,sec=krb5p)", ["1:9: 'sec=krb5p' cannot be served; expected sec=sys"]),
            ("/a *(sec=krb5:sys)", []),
            ("/a @lab(ro)", ["1:4: '@lab' is a netgroup, which cannot be looked up; name hosts or networks"]),
            ("/a *(ro,refer=/b@host)", ["1:9: 'refer' cannot be served"]),
            ("/a *(ro,frobnicate)", ["1:9: unknown option 'frobnicate'"]),
            ("/a *(anonuid=x)", ["1:6: found 'x'; expected a number from 0 to 4294967295 behind anonuid="]),
            ("/a *(fsid=zero)", ["1:6: found 'zero'; expected a number, 'root' or a UUID behind fsid="]),
            ("/a", ["1:1: /a has no clients; write * behind it for everybody"]),
            ("/a *(ro", ["1:4: this '(' is never closed"]),
            ("\"/a *(ro)", ["1:1: this '\"' is never closed"]),
            ("a *", ["1:1: 'a' is no folder's whole path; expected one such as /srv/nfs, without '..'"]),
            (
                "/a/../b *",
                ["1:1: '/a/../b' is no folder's whole path; expected one such as /srv/nfs, without '..'"]
            ),
            (
                "/a 10.0.0.1 (no_root_squash)",
                [
                    "1:13: these options are for everybody, and 10.0.0.1 has none; for 10.0.0.1 alone, leave out the space"
                        + " before '('"
                ]
            ),
            (
                "/a *(ro,fsid=0)",
                [
                    "1:9: fsid=0 makes no root for NFSv4 here: its paths are those of NFSv3, so mount"
                        + " SERVER:/the/export's/path"
                ]
            ),
            (
                "/a *(ro,sync,no_subtree_check,crossmnt,no_wdelay,fsid=12345678-9abc-def0-1234-56789abcdef0)",
                []
            ),
        ] as [(String, [String])])
    func mistakes(text: String, expected: [String]) { #expect(words(read(text)) == expected) }

    @Test("What is written for a kernel's server is read back as the same")
    func roundTrip() throws {
        let exports = [
            NFSExport(
                path: "/srv/a b#\"\\c", folder: .host("/srv/a b#\"\\c"),
                grants: [
                    ExportGrant(clients: .everyone, squash: .all, anonymousUserID: 5, anonymousGroupID: 6),
                    ExportGrant(clients: try network("10.0.0.0/24"), squash: .none, allowsAnyPort: true),
                    ExportGrant(clients: .name("*.lab.example")),
                ], fsid: 3),
            NFSExport(
                path: "/b", folder: .host("/b"), grants: [ExportGrant(clients: try network("fd77::/64"))]),
        ]
        let text = exports.map { $0.line(folder: $0.hostFolder(tree: "/tree")) }.joined(separator: "\n")
        let file = read(text)
        #expect(words(file) == [])
        #expect(file.exports == exports)
    }

    @Test("No bytes make it crash, and nothing is read twice", arguments: 0..<200)
    func anyBytes(seed: Int) {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
        let alphabet = Array("/a *()-,\\\"#\n\r\t= 10.ro\u{e9}".utf8)
        let bytes = (0..<200).map { _ -> UInt8 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return alphabet[Int(state % UInt64(alphabet.count))]
        }
        let file = ExportsFile(parsing: bytes)
        #expect(Set(file.exports.map(\.path)).count == file.exports.count)
    }
}
