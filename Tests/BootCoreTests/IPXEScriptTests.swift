import BootCore
import Testing
import Wire

@Suite("The script for iPXE and gPXE")
struct IPXEScriptTests {
    private let url = "http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01"

    private func script(
        _ target: BootTarget, _ profiles: [Profile], dialect: IPXEScript.Dialect = .ipxe,
        platform: Platform = .bios, localBoot: LocalBootMethod = .exit, location: ServerLocation = location
    ) throws -> String {
        let policy = BootPolicy(profiles: profiles, defaultTarget: target, localBoot: localBoot)
        let machine = Machine(mac: mac(1), platform: platform)
        let entry = try #require(policy.entry(for: machine, from: location))
        return IPXEScript(dialect: dialect, scriptURL: url, localBoot: policy.localBootMethod(for: machine))
            .render(entry)
    }

    /// How each iPXE script that can fail ends.
    private let retry = """
        :failed
        echo netbootd: the boot failed. Its server's log names the file and the reason.
        prompt --timeout 15000 Press a key for iPXE's shell, or wait 15 s to try again. && shell ||
        chain --replace http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01 || goto failed

        """

    @Test("A kernel with several initrds: each has a name of its own, and the kernel knows all")
    func kernel() throws {
        let profile = try Profile.kernel(
            "debian", title: "Debian 12", kernel: "debian/linux",
            initrds: ["debian/initrd.gz", "firmware/initrd.gz", "local/extra files.cpio"],
            commandLine: "priority=critical url={http}/preseed.cfg")
        #expect(
            try script(.profile("debian"), [profile]) == """
                #!ipxe
                echo netbootd: booting Debian 12
                imgfree
                kernel http://10.0.0.1/debian/linux initrd=initrd.gz initrd=initrd.gz-1 \
                initrd=extra_20files.cpio priority=critical url=http://10.0.0.1/preseed.cfg || goto failed
                initrd --name initrd.gz http://10.0.0.1/debian/initrd.gz || goto failed
                initrd --name initrd.gz-1 http://10.0.0.1/firmware/initrd.gz || goto failed
                initrd --name extra_20files.cpio http://10.0.0.1/local/extra%20files.cpio || goto failed
                boot || goto failed
                exit 1

                """ + retry)
    }

    @Test(
        "An initrd named like the kernel gets another name, or UEFI would load the kernel as its own initrd")
    func sameName() throws {
        let profile = try Profile.kernel(
            "a", kernel: "k/image", initrds: ["i/image", "image-1"], commandLine: "")
        let lines = try script(.profile("a"), [profile], platform: .uefiX64)
        #expect(
            lines.contains("kernel http://10.0.0.1/k/image initrd=image-1 initrd=image-1-1 || goto failed\n"))
    }

    @Test("A kernel elsewhere keeps its URL, and a port other than 80 is named")
    func urls() throws {
        let profile = try Profile.kernel("a", kernel: "http://mirror.example/linux?x=1", initrds: ["initrd"])
        let elsewhere = ServerLocation(address: IPv4Address(10, 0, 0, 1), httpPort: 8080)
        let lines = try script(.profile("a"), [profile], location: elsewhere)
        #expect(lines.contains("kernel http://mirror.example/linux?x=1 initrd=initrd quiet || goto failed\n"))
        #expect(lines.contains("initrd --name initrd http://10.0.0.1:8080/initrd || goto failed\n"))
    }

    @Test("A profile's own loader is fetched by TFTP, and told where its files are")
    func loader() throws {
        let profile = Profile(
            name: "pxelinux", loaders: [.bios: "bios/lpxelinux.0", .uefiX64: "shimx64.efi"])
        #expect(
            try script(.profile("pxelinux"), [profile]) == """
                #!ipxe
                echo netbootd: booting pxelinux
                set 210:string bios/
                chain tftp://10.0.0.1/bios/lpxelinux.0 || goto failed
                exit 1

                """ + retry)
        #expect(
            try script(.profile("pxelinux"), [profile], platform: .uefiX64) == """
                #!ipxe
                echo netbootd: booting pxelinux
                chain tftp://10.0.0.1/shimx64.efi || goto failed
                exit 1

                """ + retry)
        #expect(
            try script(.profile("pxelinux"), [profile], platform: .uefiARM64) == """
                #!ipxe
                echo netbootd: booting pxelinux
                echo Profile 'pxelinux' has nothing for this machine
                goto failed

                """ + retry)
    }

    @Test(
        "The local disk is left to the firmware, or started by iPXE",
        arguments: [
            (LocalBootMethod.exit, "echo netbootd: leaving this machine to its next boot device\nexit 1\n"),
            (.noBootFile, "echo netbootd: leaving this machine to its next boot device\nexit 1\n"),
            (
                .sanboot,
                "echo netbootd: booting from the first disk\nsanboot --no-describe --drive 0x80 || exit 1\n"
            ),
        ])
    func local(method: LocalBootMethod, lines: String) throws {
        #expect(try script(.local, [], localBoot: method) == "#!ipxe\n" + lines)
        #expect(
            try script(.local, [], dialect: .gpxe, localBoot: method)
                == "#!gpxe\necho netbootd: leaving this machine to its next boot device\nexit\n")
    }

    @Test("The menu has every profile, the local disk by the configured method, and a way back")
    func menu() throws {
        let profiles = [
            try Profile.kernel("a", title: "First $choice", initrds: []),
            try Profile.kernel("b", kernel: "b", initrds: [], commandLine: ""),
        ]
        #expect(
            try script(.menu, profiles, localBoot: .sanboot) == """
                #!ipxe
                :menu
                menu netbootd: what shall this machine boot?
                item entry0 First choice
                item entry1 b
                item local Boot from the local disk
                item shell iPXE shell
                choose --timeout 30000 --default local selected || goto shell
                goto ${selected}
                :local
                echo netbootd: booting from the first disk
                sanboot --no-describe --drive 0x80 || exit 1
                :shell
                shell
                goto menu
                :entry0
                echo netbootd: booting First choice
                imgfree
                kernel http://10.0.0.1/linux quiet || goto failed
                boot || goto failed
                goto menu
                :entry1
                echo netbootd: booting b
                imgfree
                kernel http://10.0.0.1/b || goto failed
                boot || goto failed
                goto menu

                """ + retry)
    }

    @Test("The menu leaves out what this machine cannot start")
    func unusable() throws {
        let profiles = [Profile(name: "arm", loaders: [.uefiARM64: "a.efi"]), try Profile.kernel("b")]
        let lines = try script(.menu, profiles)
        #expect(lines.contains("item entry0 b\n") && !lines.contains("arm"))
    }

    @Test("A menu without profiles offers the local disk")
    func emptyMenu() throws {
        #expect(try script(.menu, []).contains("choose --timeout 30000 --default local selected"))
        #expect(try script(.menu, [], dialect: .gpxe).hasSuffix("exit\n"))
    }

    @Test("gPXE gets no labels, no || and no names of initrds, and of a menu what it does unattended")
    func gpxe() throws {
        let profiles = [
            try Profile.kernel("a", title: "First", initrds: ["one", "two"]), try Profile.kernel("b"),
        ]
        let expected = """
            #!gpxe
            echo netbootd: booting First
            kernel http://10.0.0.1/linux quiet
            initrd http://10.0.0.1/one
            initrd http://10.0.0.1/two
            boot

            """
        #expect(try script(.profile("a"), profiles, dialect: .gpxe) == expected)
        #expect(
            try script(.menu, profiles, dialect: .gpxe)
                == "#!gpxe\necho netbootd: leaving this machine to its next boot device\nexit\n")
        let loader = Profile(name: "p", loaders: [.bios: "pxelinux.0"])
        #expect(
            try script(.profile("p"), [loader], dialect: .gpxe)
                == "#!gpxe\necho netbootd: booting p\nchain tftp://10.0.0.1/pxelinux.0\n")
        #expect(
            try script(.profile("p"), [loader], dialect: .gpxe, platform: .uefiX64)
                == "#!gpxe\necho netbootd: booting p\necho Profile 'p' has nothing for this machine\nexit\n")
    }

    @Test("Titles cannot end a line, begin another command or be expanded")
    func hostileTitle() throws {
        let profile = try Profile.kernel("a", title: "x\nshell ${net0/mac} || exit; # &", initrds: [])
        let lines = try script(.profile("a"), [profile])
        #expect(lines.hasPrefix("#!ipxe\necho netbootd: booting x shell net0/mac  exit  \nimgfree\n"))
    }

    @Test("A refusal is shown for a while and ends with an error")
    func refusal() {
        #expect(
            IPXEScript(dialect: .ipxe, scriptURL: url).render(refusal: "no\nentry")
                == "#!ipxe\necho netbootd: no entry\nsleep 10\nexit 1\n")
        #expect(
            IPXEScript(dialect: .gpxe, scriptURL: url).render(refusal: "no")
                == "#!gpxe\necho netbootd: no\nsleep 10\nexit\n")
    }
}
