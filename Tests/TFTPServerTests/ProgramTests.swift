import TestSupport
import Testing
import Wire

@testable import TFTPServer

@Suite("The server and other makers' clients", .serialized)
struct ProgramTests {
    @Test("curl gets files byte for byte", arguments: [false, true])
    func curl(singlePort: Bool) throws {
        guard let curl = Program("curl") else { return }
        try withServer(singlePort: singlePort) { server in
            for (size, options) in [
                (0, ["--tftp-no-options"]), (511, ["--tftp-no-options"]), (512, ["--tftp-no-options"]),
                (513, []), (1428, ["--tftp-blksize", "1428"]), (8 << 20, ["--tftp-blksize", "1428"]),
            ] {
                try server.folder.write("f/\(size)", pattern(size))
                let got = "\(server.folder.path)/got"
                let url = "tftp://\(server.endpoint)/f/\(size)"
                #expect(try curl.run(options + ["-sS", "--max-time", "60", "-o", got, url]) == 0)
                // curl makes no file of nothing.
                if size > 0 { #expect(try server.folder.read("got") == pattern(size), "\(size) bytes") }
            }
            // 68: error 1; 69: error 2.
            let missing = "tftp://\(server.endpoint)/none"
            #expect(try curl.run(["-sS", "--max-time", "60", "-o", "/dev/null", missing]) == 68)
            let put = ["-sS", "--max-time", "60", "-T", "\(server.folder.path)/got", missing]
            #expect(try curl.run(put) == 69)
        }
    }

    @Test("curl in netascii gets what is on the wire")
    func curlNetascii() throws {
        guard let curl = Program("curl") else { return }
        try withServer { server in
            try server.folder.write("text", Array("one\ntwo\r\nthree\rfour\n".utf8))
            let url = "tftp://\(server.endpoint)/text;mode=netascii"
            #expect(try curl.run(["-sS", "--max-time", "60", "-o", "\(server.folder.path)/got", url]) == 0)
            let got = try server.folder.read("got")
            #expect(got == Array("one\r\ntwo\r\0\r\nthree\r\0four\r\n".utf8))
        }
    }

    @Test("tftp-hpa gets files byte for byte, and text as it was", arguments: [false, true])
    func tftpHPA(singlePort: Bool) throws {
        guard let tftp = Program("tftp") else { return }
        try withServer(singlePort: singlePort) { server in
            let text = Array("one\ntwo\r\nthree\rfour\n\nlast".utf8)
            try server.folder.write("text", text)
            for size in [0, 511, 512, 513, 1 << 20] { try server.folder.write("\(size)", pattern(size)) }
            for (mode, file) in [
                ("octet", "0"), ("octet", "511"), ("octet", "512"), ("octet", "513"), ("octet", "1048576"),
                ("octet", "text"), ("netascii", "text"),
            ] {
                let got = "\(server.folder.path)/got"
                let port = String(server.service.port)
                let status = try tftp.run(["-4", "-m", mode, "127.0.0.1", port, "-c", "get", file, got])
                #expect(status == 0)
                #expect(try server.folder.read("got") == server.folder.read(file), "\(file) in \(mode)")
            }
        }
    }
}
