import BootMenus
import Testing

private func read(
    _ format: MenuFormat, _ path: String, _ files: [String: String], host: MenuHost = efiHost
) -> BootMenu {
    BootMenu(reading: FileReference(path: path), as: format, files: FixtureFiles(files), host: host)
}

@Suite("GRUB legacy")
struct GRUBLegacyTests {
    @Test("A grub.conf of CentOS 6, with partitions counted from 0")
    func centos() throws {
        let menu = read(.grubLegacy, "/grub/grub.conf", ["/grub/grub.conf": try fixture("redhat-grub.conf")])
        #expect(menu.notes == [])
        #expect(menu.timeout == .seconds(5))
        #expect(menu.defaultEntry == 1)
        #expect(menu.entries.count == 4)
        let first = menu.entries[0]
        #expect(first.title == "CentOS (2.6.32-754.el6.x86_64)")
        #expect(first.kernel?.device == DeviceReference(.drive(.init(.hardDisk, 0), partition: .init(1))))
        #expect(first.kernel?.path == "/vmlinuz-2.6.32-754.el6.x86_64")
        #expect(
            first.commandLine
                == "ro root=/dev/mapper/VolGroup-lv_root rd_NO_LUKS LANG=en_US.UTF-8 rhgb quiet")
        #expect(
            menu.entries[1].kernel?.device
                == DeviceReference(.drive(.init(.hardDisk, 1), partition: .init(3))))
        #expect(menu.entries[1].commandLine == "ro root=/dev/mapper/VolGroup-lv_root")
        #expect(menu.entries[2].kind == .multiboot)
        #expect(menu.entries[2].commandLine == "dom0_mem=1G")
        #expect(
            menu.entries[2].modules.map(\.file.path) == ["/vmlinuz-2.6.18-xen", "/initrd-2.6.18-xen.img"])
        #expect(menu.entries[3].unsupported == .bootSector("+1"))
    }

    @Test("A saved default stands in a file beside; uuid names the disk")
    func saved() {
        let text = "default saved\ntitle a\nuuid U-1\nkernel /k\ntitle b\nfind --set-root /x\nkernel /k\n"
        let menu = read(
            .grubLegacy, "/boot/grub/menu.lst", ["/boot/grub/menu.lst": text, "/boot/grub/default": "1\n#\n"])
        #expect(menu.defaultEntry == 1)
        #expect(menu.entries[0].kernel?.device?.name == .fileSystemUUID("U-1"))
        #expect(menu.entries[1].kernel?.device?.name == .holding("/x"))
    }
}

@Suite("Boot Loader Specification")
struct LoaderEntryTests {
    private func entries(_ files: [String: String], loader: String = "") -> BootMenu {
        var all = files
        if !loader.isEmpty { all["/loader/loader.conf"] = loader }
        return read(.loaderEntries, "/loader/entries", all)
    }

    @Test("An entry of Arch, its two initrds and its two lines of options")
    func arch() throws {
        let menu = entries(
            ["/loader/entries/arch.conf": try fixture("arch-entry.conf")],
            loader: "timeout 3\ndefault arch*\nconsole-mode max\n")
        #expect(menu.timeout == .seconds(3))
        #expect(menu.defaultEntry == 0)
        #expect(
            menu.entries == [
                MenuEntry(
                    title: "Arch Linux (linux)", id: "arch", kernel: FileReference(path: "/vmlinuz-linux"),
                    initrds: ["/intel-ucode.img", "/initramfs-linux.img"].map { FileReference(path: $0) },
                    commandLine: "root=PARTUUID=4a2b3c4d-0002 zswap.enabled=0 rw rootfstype=ext4",
                    place: MenuPlace(file: "/loader/entries/arch.conf", line: 1))
            ])
    }

    @Test("Entries stand by key, then the newest version first; what was tried too often stands last")
    func order() {
        let menu = entries([
            "/loader/entries/b-6.1.conf": "linux /k", "/loader/entries/b-6.10.conf": "linux /k",
            "/loader/entries/b-6.2~rc1.conf": "linux /k", "/loader/entries/b-6.2.conf": "linux /k",
            "/loader/entries/b-7+0-3.conf": "linux /k", "/loader/entries/b-6.3+2-1.conf": "linux /k",
            "/loader/entries/s1.conf": "linux /k\nsort-key deb\nversion 1",
            "/loader/entries/s2.conf": "linux /k\nsort-key deb\nversion 2",
        ])
        #expect(
            menu.entries.map(\.id) == ["s2", "s1", "b-6.10", "b-6.3", "b-6.2", "b-6.2~rc1", "b-6.1", "b-7"])
        #expect(menu.timeout == .zero)
    }

    @Test(
        "Versions are in the order of the UAPI group's format",
        arguments: [
            ("122.1", "123~rc1-1"), ("123~rc1-1", "123"), ("123", "123-a"), ("123-a", "123-a.1"),
            ("123-a.1", "123-1"),
            ("123-1", "123-1.1"), ("123-1.1", "123^post1"), ("123^post1", "123.a-1"), ("123.a-1", "123.1-1"),
            ("123.1-1", "123a-1"), ("123a-1", "124-1"), ("5.9", "5.10"), ("a", "b"), ("A", "a"), ("1", "1a"),
            ("", "a"),
        ])
    func versions(older: String, newer: String) {
        let menu = entries([
            "/loader/entries/a.conf": "linux /k\nsort-key k\nversion \(older)\ntitle older",
            "/loader/entries/b.conf": "linux /k\nsort-key k\nversion \(newer)\ntitle newer",
        ])
        #expect(menu.entries.map(\.title) == ["newer", "older"])
    }

    @Test("Unified images are entries; programs, variables and other architectures are told apart")
    func others() {
        let menu = entries(
            [
                "/loader/entries/m.conf": "title mem\nefi /EFI/memtest.efi",
                "/EFI/Linux/arch-linux.efi": "MZ",
                "/loader/entries/o.conf": "linux /k\narchitecture AA64", "/EFI/Linux/readme.txt": "x",
                "/loader/entries/f.conf":
                    "linux /k\ninitrd /i $tuned_initrd\noptions $kernelopts a $tuned_params",
                "/loader/entries/u.conf": "uki /EFI/u.efi", "/loader/entries/e.conf": "title e",
            ], loader: "default ARCH-*.efi\ntimeout menu-force\n")
        #expect(menu.timeout == nil)
        #expect(menu.entries.map(\.id) == ["u", "m", "f", "e", "arch-linux"])
        #expect(menu.defaultEntry == 4)
        #expect(menu.entries[4].kind == .unifiedImage)
        #expect(menu.entries[4].kernel?.path == "/EFI/Linux/arch-linux.efi")
        #expect(menu.entries[0].kind == .unifiedImage)
        #expect(menu.entries[1].unsupported == .anotherLoader("/EFI/memtest.efi"))
        #expect(menu.entries[2].unsupported == .variable("$kernelopts"))
        #expect(menu.entries[2].commandLine == "a")
        #expect(menu.entries[2].initrds.map(\.path) == ["/i"])
        #expect(menu.entries[3].unsupported == .noKernel)
        #expect(menu.notes.map(\.problem) == [.otherArchitecture("AA64")])
    }
}

@Suite("Syslinux and its kin")
struct SyslinuxTests {
    @Test("The Debian installer's menu: files included, a menu within, what only leads back left out")
    func debian() throws {
        let folder = "/debian-installer/amd64/boot-screens/"
        var files: [String: String] = [:]
        for name in ["menu", "txt", "adtxt", "rqtxt", "prompt", "stdmenu"] {
            files[folder + name + ".cfg"] = try fixture("debian-installer-\(name).cfg")
        }
        files["/pxelinux.cfg/default"] = try fixture("debian-installer-syslinux.cfg")
        let menu = read(.syslinux, "/pxelinux.cfg/default", files)
        #expect(menu.timeout == nil)
        #expect(menu.entries.map(\.id) == ["install", "expert", "rescue", "auto"])
        #expect(
            menu.entries.map(\.title) == ["Install", "Expert install", "Rescue mode", "Automated install"])
        #expect(
            menu.entries.map(\.submenus) == [
                [], ["Advanced options"], ["Advanced options"], ["Advanced options"],
            ])
        #expect(menu.entries[0].kernel == FileReference(path: "/debian-installer/amd64/linux"))
        #expect(menu.entries[0].initrds == [FileReference(path: "/debian-installer/amd64/initrd.gz")])
        #expect(menu.entries[0].commandLine == "vga=788 --- quiet")
        #expect(menu.notes.allSatisfy { if case .missingFile = $0.problem { true } else { false } })
    }

    @Test("Alpine's extlinux.conf: paths relative to it, a time in tenths of a second")
    func alpine() throws {
        let menu = read(
            .syslinux, "/boot/extlinux.conf", ["/boot/extlinux.conf": try fixture("alpine-extlinux.conf")])
        #expect(menu.notes == [])
        #expect(menu.timeout == .seconds(3))
        #expect(menu.entries.map(\.title) == ["Linux lts"])
        #expect(menu.entries[0].kernel == FileReference(path: "/boot/vmlinuz-lts"))
        #expect(menu.entries[0].initrds == [FileReference(path: "/boot/initramfs-lts")])
        #expect(
            menu.entries[0].commandLine.hasPrefix("root=UUID=1c3e45d6-3d4e-4a0a-9a1c-0c6c0f9f0001 modules="))
    }

    @Test("An append for all, one of a label's own, and none")
    func append() {
        let text = """
            append quiet initrd=/all
            label a
              kernel k
            label b
              kernel k
              append own initrd=x,/y
            label c
              kernel k
              append -
            label d
              menu label ^D
              menu default
              linux http://server/k
            """
        let menu = read(.syslinux, "/isolinux/isolinux.cfg", ["/isolinux/isolinux.cfg": text])
        #expect(menu.entries.map(\.commandLine) == ["quiet", "own", "", "quiet"])
        #expect(menu.entries[0].initrds.map(\.path) == ["/all"])
        #expect(menu.entries[1].initrds.map(\.path) == ["/isolinux/x", "/y"])
        #expect(menu.entries[2].initrds == [])
        #expect(menu.entries[3].unsupported == .onNetwork("http://server/k"))
        #expect(menu.defaultEntry == 3)
    }

    @Test(
        "What a kernel's name says",
        arguments: [
            ("kernel reboot.c32", .chain, .loaderCommand("reboot.c32")),
            ("localboot 0x80", .chain, .loaderCommand("localboot")),
            ("kernel x.bs", .chain, .bootSector("x.bs")),
            ("kernel pxelinux.0", .chain, .anotherLoader("pxelinux.0")),
            ("linux memtest.bin", .linux, nil),
            ("kernel mboot.c32\nappend -c boot.cfg", .chain, .form("mboot.c32 -c boot.cfg")),
            ("com32 mboot.c32\nappend xen.gz a --- k b --- i", .multiboot, nil),
            ("config x.cfg", .linux, nil),
        ] as [(String, MenuEntry.Kind, UnsupportedEntry?)])
    func kinds(lines: String, kind: MenuEntry.Kind, reason: UnsupportedEntry?) {
        let menu = read(
            .syslinux, "/syslinux.cfg",
            ["/syslinux.cfg": "label t\n\(lines)\n", "/x.cfg": "label i\nlinux /k"])
        #expect(menu.entries.map(\.kind) == [kind])
        #expect(menu.entries.first?.unsupported == reason)
    }

    @Test(
        "mboot.c32 parts kernel and modules; a configuration that is opened is a menu; hidden entries are left out"
    )
    func more() {
        let text = """
            default x
            ontimeout b
            label a
              com32 mboot.c32
              append xen.gz dom0_mem=1G --- vmlinuz root=/dev/sda1 --- initrd.gz
            label b
              menu hide
              linux /b
            label c
              menu hide
              linux /c
            label d
              kernel vesamenu.c32
              append other.cfg
            """
        let menu = read(
            .syslinux, "/s/syslinux.cfg", ["/s/syslinux.cfg": text, "/s/other.cfg": "label e\nlinux e"])
        #expect(menu.entries.map(\.id) == ["a", "b", "e"])
        #expect(menu.entries[0].kernel?.path == "/s/xen.gz")
        #expect(menu.entries[0].commandLine == "dom0_mem=1G")
        #expect(menu.entries[0].modules.map(\.commandLine) == ["root=/dev/sda1", ""])
        #expect(menu.defaultEntry == 1)
        #expect(menu.entries[2].submenus == ["d"])
        let bare = read(
            .syslinux, "/syslinux.cfg", ["/syslinux.cfg": "default linux initrd=i root=/dev/sda1\n"])
        #expect(bare.entries.map(\.commandLine) == ["root=/dev/sda1"])
        #expect(bare.entries.map(\.kernel) == [FileReference(path: "/linux")])
    }
}

@Suite("kexec-loader.conf")
struct KexecLoaderTests {
    @Test("The manual's example, with the menu of a GRUB behind it")
    func example() throws {
        let menu = read(
            .kexecLoader, "/kexec-loader.conf",
            [
                "/kexec-loader.conf": try fixture("kexec-loader.conf"),
                "/boot/grub/menu.lst": "title g\nroot (hd0,1)\nkernel /k\ninitrd (hd1,0)/i\n",
            ])
        #expect(menu.notes == [])
        #expect(menu.timeout == .seconds(10))
        #expect(menu.defaultEntry == 1)
        #expect(
            menu.entries.map(\.title) == [
                "Generic Linux System (Kernel 2.6.20)", "Another disk", "Hypervisor", "g",
            ])
        #expect(
            menu.entries[0].kernel
                == FileReference(device: DeviceReference(.node("hda1")), path: "/boot/vmlinuz-2.6.20"))
        #expect(menu.entries[0].commandLine == "root=/dev/hda1 ro")
        #expect(
            menu.entries[1].kernel?.device?.name == .fileSystemUUID("75ac0d6c-5dc0-402f-9f0f-9ab313816439"))
        #expect(menu.entries[1].initrds.first?.device?.name == .fileSystemLabel("otherdisk"))
        #expect(menu.entries[2].kind == .multiboot)
        #expect(menu.entries[2].kernel?.device == DeviceReference(.node("sda1"), fileSystemType: "ext4"))
        #expect(menu.entries[2].modules.map(\.commandLine) == ["console=hvc0"])
        // grub-map says that hd0 is sdb.
        #expect(menu.entries[3].kernel?.device?.name == .node("sdb2"))
        #expect(
            menu.entries[3].initrds.first?.device?.name == .drive(.init(.hardDisk, 1), partition: .init(1)))
    }
}
