import Testing

@testable import Kexec

@Suite("Command lines")
struct CommandLineTests {
    @Test(
        "Words are cut where the kernel cuts them",
        arguments: [
            ("", []), ("  a \t b\n", ["a", "b"]), ("a=\"b c\" d", ["a=\"b c\"", "d"]),
            ("\"a=b c\" d", ["\"a=b c\"", "d"]), ("a\"b c", ["a\"b c"]), ("é=\"ü ö\" x", ["é=\"ü ö\"", "x"]),
        ] as [(String, [String])])
    func words(text: String, words: [String]) {
        #expect(KernelCommandLine(text).words.map(\.text) == words)
    }

    @Test("Names and values are told apart without their quotes; - and _ are one")
    func parts() {
        let word = KernelCommandLine.Word("\"dyndbg=file a.c +p\"")
        #expect(word.key == "dyndbg" && word.value == "file a.c +p")
        #expect(KernelCommandLine.Word("quiet").value == nil)
        #expect(KernelCommandLine.Word("boot-image=x").isNamed("boot_image"))
        #expect(!KernelCommandLine.Word("rooted").isNamed("root"))
    }

    @Test("Loaders' words go; the network's come before what is meant for init")
    func entry() {
        let line = KernelCommandLine.assembled(
            entry: "BOOT_IMAGE=/linux initrd=initrd.gz auto=true initrd=x --- quiet",
            network: IPParameters(words: ["ip=dhcp", "BOOTIF=01-x"]), append: ["console=ttyS0"])
        #expect(line.text == "auto=true ip=dhcp BOOTIF=01-x console=ttyS0 --- quiet")
    }

    @Test("Words that tell addresses are never there twice")
    func addresses() {
        let network = IPParameters(words: ["ip=10.0.0.5::::::none"], replacesEntry: true)
        let entry = "ip=dhcp BOOTIF=01-y nameserver=1.1.1.1 root=/dev/nfs"
        #expect(
            KernelCommandLine.assembled(entry: entry, network: network).text
                == "root=/dev/nfs ip=10.0.0.5::::::none")
        #expect(
            KernelCommandLine.assembled(entry: entry, network: network, append: ["ip=off"]).text
                == "root=/dev/nfs ip=off")
        let kept = IPParameters(words: ["BOOTIF=01-x"])
        #expect(KernelCommandLine.assembled(entry: "ip=dhcp", network: kept).text == "ip=dhcp BOOTIF=01-x")
    }

    @Test("A later word overrules an earlier one, or repeats it")
    func layers() {
        let line = KernelCommandLine.assembled(
            entry: "root=/dev/ram0 quiet console=ttyS0 console=tty0 systemd.mask=a",
            append: ["root=/dev/sda1 quiet", "console=ttyS0 systemd.mask=b"])
        #expect(line.text == "console=tty0 systemd.mask=a root=/dev/sda1 quiet console=ttyS0 systemd.mask=b")
        let pages = "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4"
        #expect(
            KernelCommandLine.assembled(entry: pages, append: ["hugepages=4"]).text == pages + " hugepages=4")
    }

    static let running =
        "BOOT_IMAGE=/vmlinuz-6.1 root=UUID=1 ro rootflags=subvol=@ resume=/dev/sda2 console=tty0 console=ttyS0,115200n8 "
        + "ip=10.0.0.5::::::none crashkernel=256M mem=4G net.ifnames=0 pcie_aspm=off my.word=1 init=/bin/sh "
        + "elfcorehdr=1 acpi_rsdp=0x1 vt.handoff=7 initrd=a memmap=1M$2M -- single"

    @Test(
        "The allowlist lets consoles and quirks through, and all lets through what is not this system's own")
    func reuse() {
        func reused(_ rule: CommandLineReuse) -> String {
            KernelCommandLine.assembled(entry: "quiet", reuse: rule, running: Self.running).text
        }
        let quirks = "console=tty0 console=ttyS0,115200n8 net.ifnames=0 pcie_aspm=off"
        #expect(reused(.none) == "quiet")
        #expect(reused(.allowlist) == quirks + " quiet")
        #expect(reused(.all) == quirks + " my.word=1 quiet")
    }

    @Test("The entry goes before what is reused, and its console stays the last")
    func reuseAndEntry() {
        let line = KernelCommandLine.assembled(
            entry: "console=tty1 net.ifnames=1 console=tty0", reuse: .allowlist, running: Self.running)
        #expect(line.text == "console=ttyS0,115200n8 pcie_aspm=off console=tty1 net.ifnames=1 console=tty0")
    }

    @Test("A line that the kernel would not take is refused before")
    func limits() throws {
        let line = KernelCommandLine("quiet root=/dev/sda")
        try line.check(limit: 19)
        #expect(throws: CommandLineError.tooLong(count: 19, limit: 18)) { try line.check(limit: 18) }
        #expect(throws: CommandLineError.controlCharacter(7)) {
            try KernelCommandLine("a\u{7}").check(limit: 99)
        }
    }
}
