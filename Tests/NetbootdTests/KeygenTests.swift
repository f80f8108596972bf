import Glibc
import SystemIO
import Testing

@testable import netbootd

@Suite("netbootd keygen")
struct KeygenTests {
    @Test("It makes a pair, each half with its mode, and never overwrites one")
    func pair() throws {
        var template = Array("/tmp/netbootd-keygen-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = folder + "/key"
        defer { for file in [path, path + ".pub", folder] { unsafe remove(file) } }
        try Keygen.makePair(at: path)
        let (secret, open) = (
            try HostFile(path: path, limit: 200), try HostFile(path: path + ".pub", limit: 200)
        )
        #expect(secret.mode == 0o640 && open.mode == 0o644)
        #expect(secret.bytes.starts(with: "netbootd-ed25519-private ".utf8))
        #expect(open.bytes.starts(with: "netbootd-ed25519-public ".utf8))
        #expect(throws: SystemError.self) { try Keygen.makePair(at: path) }
        unsafe unlink(path + ".pub")
        #expect(throws: SystemError.self) { try Keygen.makePair(at: path) }
        // What was there stays, and what was made in vain goes.
        #expect(try HostFile(path: path, limit: 200) == secret)
        #expect(unsafe access(path + ".pub", F_OK) != 0)
    }
}
