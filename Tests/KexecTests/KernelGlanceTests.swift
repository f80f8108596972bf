import BootCore
import Testing

@testable import Kexec

@Suite("A glance at a kernel before it is fetched")
struct KernelGlanceTests {
    private static let kernel = LinuxFixture().bytes

    @Test("The first bytes tell for which machines a kernel is, and how much memory it takes")
    func heads() {
        let linux = KernelGlance(head: Array(Self.kernel.prefix(4096)))
        #expect(linux.machine == "x86_64")
        #expect(linux.initByteCount == 0x300_0000)
        #expect(KernelGlance(head: LinuxFixture(extendedFlags: 0).bytes).machine == "i386")
        var arm = [UInt8](repeating: 0, count: 64)
        arm.put(UInt64(0x200_0000), at: 0x10)
        arm.replaceSubrange(0x38..<0x3c, with: "ARM\u{64}".utf8)
        #expect(KernelGlance(head: arm).machine == "aarch64")
        #expect(KernelGlance(head: arm).initByteCount == 0x200_0000)
        var zboot = [UInt8](repeating: 0, count: 0x80)
        zboot.replaceSubrange(0..<2, with: "MZ".utf8)
        zboot[0x3c] = 0x40
        zboot.replaceSubrange(0x40..<0x46, with: [0x50, 0x45, 0, 0, 0x64, 0xaa])
        #expect(KernelGlance(head: zboot).machine == "aarch64")
        for head in [[], Array("<html>".utf8), [UInt8](repeating: 0, count: 4096)] {
            #expect(KernelGlance(head: head) == KernelGlance(head: []))
        }
    }

    @Test("No beginning of a kernel is too short, and no damage too great")
    func damage() {
        for count in 0..<0x280 { _ = KernelGlance(head: Array(Self.kernel.prefix(count))) }
        for offset in 0x1f1..<0x280 {
            var damaged = Self.kernel
            damaged[offset] = 0xff
            _ = KernelGlance(head: damaged)
        }
    }

    @Test("Only the beginning is asked for, and the connection serves on")
    func fetched() throws {
        let head = Array(Self.kernel.prefix(4096))
        let server = try LoopbackServer { request, _ in
            #expect(request.contains("Range: bytes=0-4095"))
            return LoopbackServer.Answer(206, ["Content-Range: bytes 0-4095/10240"], body: head)
        }
        let client = HTTPClient()
        for _ in 0..<2 {
            let glance = try KernelGlance.of(JoinArtifact(url: server.url()), by: client)
            #expect(glance?.machine == "x86_64")
            #expect(glance?.byteCount == 10240)
        }
    }

    @Test("A server that knows no ranges is understood, and one without the file says so")
    func otherServers() throws {
        let whole = try LoopbackServer(.init(200, body: Self.kernel))
        let glance = try KernelGlance.of(JoinArtifact(url: whole.url()), by: HTTPClient())
        #expect(glance?.machine == "x86_64")
        #expect(glance?.byteCount == Int64(Self.kernel.count))
        let without = try LoopbackServer(.init(404))
        #expect(throws: FetchError.status(try HTTPURL(without.url()), 404, attempts: 1)) {
            try KernelGlance.of(JoinArtifact(url: without.url()), by: HTTPClient())
        }
        let broken = try LoopbackServer(.init(503))
        #expect(try KernelGlance.of(JoinArtifact(url: broken.url()), by: HTTPClient()) == nil)
    }
}
