import Testing
import Wire

@testable import Kexec

@Suite("The boot loader in an initramfs")
struct BootLoaderTests {
    @Test("Words of the command line are read, and those not understood are told")
    func words() {
        let words = BootLoaderWords(
            commandLine: "quiet netbootd.server=http://10.0.0.1 netbootd.entry=\"Debian GNU/Linux\" "
                + "netbootd.timeout=5 netbootd.modules=/m console=ttyS0\n")
        #expect(words.server == "http://10.0.0.1")
        #expect(words.entry == "Debian GNU/Linux")
        #expect(words.timeoutSeconds == 5)
        #expect(words.modules == "/m")
        #expect(words.misunderstood.isEmpty)
        let odd = BootLoaderWords(
            commandLine: "netbootd.timeout=soon netbootd.x netbootd.server netbootd.timeout=-1")
        #expect(
            odd.misunderstood == [
                "netbootd.timeout=soon", "netbootd.x", "netbootd.server", "netbootd.timeout=-1",
            ])
        #expect(odd.modules == "/lib/modules")
        #expect(odd.trustedKey == nil)
        #expect(BootLoaderWords(commandLine: "netbootd.trust-key=ab").trustedKey == "ab")
        #expect(BootLoaderWords(commandLine: "netbootd.trust-key").trustedKey == "")
    }

    @Test("Devices have settled when nothing new came for eight looks, or after seventy-five")
    func settling() {
        var settling = Settling()
        settling.see(["sda"], loadedModules: 3)
        for _ in 0..<7 { settling.see(["sda"], loadedModules: 0) }
        #expect(!settling.isDone)
        settling.see(["sda", "sdb"], loadedModules: 0)
        for _ in 0..<8 { settling.see(["sda", "sdb"], loadedModules: 0) }
        #expect(settling.isDone)
        var restless = Settling()
        for look in 0..<75 { restless.see(["\(look)"], loadedModules: 1) }
        #expect(restless.isDone)
    }

    @Test("The archive has folders before what is in them, a console, and the program as /init")
    func archive() throws {
        let archive = InitramfsBuilder.archive(
            executable: [0x7f], modules: [("kernel/fs/ext4.ko", [1, 2, 3]), ("list", [])])
        let names = names(in: archive)
        #expect(
            names == [
                "bin", "dev", "etc", "lib", "lib/modules", "proc", "run", "sys", "tmp", "dev/console",
                "dev/null",
                "init", "bin/kexec-join", "proc/self", "proc/self/exe", "lib/modules/kernel",
                "lib/modules/kernel/fs",
                "lib/modules/kernel/fs/ext4.ko", "lib/modules/list", "TRAILER!!!",
            ])
        #expect(archive.count % 512 == 0)
    }

    private func names(in archive: [UInt8]) -> [String] {
        var names: [String] = []
        var offset = 0
        while offset + 110 <= archive.count, archive[offset] == UInt8(ascii: "0") {
            func field(_ index: Int) -> Int {
                let digits = archive[offset + 6 + index * 8..<offset + 14 + index * 8]
                return Int(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0
            }
            let nameBytes = field(11)
            names.append(String(decoding: archive[offset + 110..<offset + 109 + nameBytes], as: UTF8.self))
            let content = (offset + 110 + nameBytes + 3) / 4 * 4
            offset = (content + field(6) + 3) / 4 * 4
        }
        return names
    }

    @Test("A program that needs an interpreter is no static executable")
    func staticExecutables() {
        var elf = [UInt8](repeating: 0, count: 256)
        elf.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
        elf[32] = 64
        elf[54] = 56
        elf[56] = 2
        elf[64] = 1
        #expect(InitramfsBuilder.isStatic(elf))
        elf[64 + 56] = 3
        #expect(!InitramfsBuilder.isStatic(elf))
        for length in 0..<64 { #expect(!InitramfsBuilder.isStatic(Array(elf.prefix(length)))) }
    }
}
