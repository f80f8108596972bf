import SystemIO
import Testing
import Wire

@testable import TFTPServer

@Suite("The server and other makers' clients, over loopback")
struct ServiceTests {
    @Test("curl gets files of every awkward size, byte for byte", arguments: [false, true])
    func curl(singlePort: Bool) throws {
        guard let curl = Program("curl") else { return }
        try withServer(singlePort: singlePort) { server in
            for size in [0, 1, 511, 512, 513, 1024, 8 << 20] {
                try server.folder.write("f/\(size)", pattern(size))
                for options in [
                    ["--tftp-no-options"], ["--tftp-blksize", "1428"], ["--tftp-blksize", "512"],
                ] {
                    // curl takes a tsize of 0 for an error.
                    if size == 0 && options != ["--tftp-no-options"] { continue }
                    let status = try curl.run(
                        options + [
                            "-s", "--max-time", "30", "-o", "\(server.folder.path)/got",
                            "tftp://\(server.endpoint)/f/\(size)",
                        ])
                    #expect(status == 0)
                    if size == 0 { continue }
                    #expect(try server.folder.read("got") == pattern(size), "\(size) bytes, \(options)")
                }
            }
            #expect(server.log.line(beginning: "info tftp sent blksize=1428 bytes=8388608") != nil)
        }
    }
}
