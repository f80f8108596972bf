import BootMenus
import Testing

@Suite("Real configurations of GRUB 2")
struct GRUBRealTests {
    private let debianDevice = DeviceReference(.fileSystemUUID("5d6dcb4f-3c0e-44d8-9d4a-2f3f4f6c1a77"))

    @Test("Debian's grub.cfg, as grub-mkconfig wrote it")
    func debian() throws {
        let menu = grub(try fixture("debian-grub.cfg"))
        #expect(menu.notes == [])
        #expect(menu.timeout == .seconds(5))
        #expect(menu.defaultEntry == 0)
        let advanced = ["Advanced options for Debian GNU/Linux"]
        #expect(menu.entries.map(\.submenus) == [[], advanced, advanced, advanced, advanced])
        #expect(
            menu.entries.map(\.title) == [
                "Debian GNU/Linux", "Debian GNU/Linux, with Linux 6.1.0-56-amd64",
                "Debian GNU/Linux, with Linux 6.1.0-56-amd64 (recovery mode)",
                "Debian GNU/Linux, with Linux 6.1.0-50-amd64",
                "Debian GNU/Linux, with Linux 6.1.0-50-amd64 (recovery mode)",
            ])
        #expect(
            menu.entries[0]
                == MenuEntry(
                    title: "Debian GNU/Linux", id: "gnulinux-simple-5d6dcb4f-3c0e-44d8-9d4a-2f3f4f6c1a77",
                    kernel: FileReference(device: debianDevice, path: "/boot/vmlinuz-6.1.0-56-amd64"),
                    initrds: [FileReference(device: debianDevice, path: "/boot/initrd.img-6.1.0-56-amd64")],
                    commandLine:
                        #"root=/dev/sda2 ro console=ttyS0,115200 "dyndbg=\"file x.c +p\"" quiet"#,
                    place: MenuPlace(file: "/boot/grub/grub.cfg", line: 89)))
    }

    @Test("Debian's environment block chooses an entry within a submenu by its id, once")
    func debianNextEntry() throws {
        let chosen =
            "gnulinux-advanced-5d6dcb4f-3c0e-44d8-9d4a-2f3f4f6c1a77"
            + ">gnulinux-6.1.0-50-amd64-advanced-5d6dcb4f-3c0e-44d8-9d4a-2f3f4f6c1a77"
        let block = "# GRUB Environment Block\nnext_entry=\(chosen)\n" + String(repeating: "#", count: 800)
        let menu = grub(try fixture("debian-grub.cfg"), ["/boot/grub/grubenv": block])
        #expect(menu.defaultEntry == 3)
        let byNumber = grub(try fixture("debian-grub.cfg"), ["/boot/grub/grubenv": "next_entry=1>2\n"])
        #expect(byNumber.defaultEntry == 3)
    }

    @Test("Debian's custom.cfg is read after all else")
    func debianCustom() throws {
        let custom = "menuentry mine { linux (hd1,msdos2)/k a=b }"
        let menu = grub(try fixture("debian-grub.cfg"), ["/boot/grub/custom.cfg": custom])
        let entry = try #require(menu.entries.last)
        #expect(entry.kernel == FileReference("(hd1,msdos2)/k", root: nil))
        #expect(entry.place == MenuPlace(file: "/boot/grub/custom.cfg", line: 1))
        #expect(menu.entries.count == 6)
    }

    @Test("Ubuntu's grub.cfg with Xen and memtest86+")
    func ubuntu() throws {
        let text = try fixture("ubuntu-xen-grub.cfg")
        let menu = grub(text, host: efiHost)
        #expect(menu.notes == [])
        #expect(menu.timeout == .zero)
        let xen = try #require(menu.entries.first { $0.kind == .multiboot2 })
        #expect(xen.kernel?.path == "/boot/xen-4.17-amd64.gz")
        #expect(xen.commandLine == "placeholder no-real-mode edd=off")
        #expect(
            xen.modules.map(\.file.path) == [
                "/boot/vmlinuz-6.1.0-56-amd64", "/boot/initrd.img-6.1.0-56-amd64",
            ])
        #expect(
            xen.modules.map(\.commandLine) == [
                "placeholder root=/dev/sda2 ro console=ttyS0,115200 quiet", "",
            ])
        #expect(grub(text).entries.first { $0.kind == .multiboot2 }?.commandLine == "placeholder")
        #expect(menu.entries.last?.kernel?.path == "/boot/memtest86+x64.bin")
        #expect(grub(text, ["/boot/grub/grubenv": "recordfail=1\n"]).timeout == .seconds(30))
        #expect(
            grub(text, ["/boot/grub/grubenv": "saved_entry=Memory test (memtest86+x64.bin)\n"]).defaultEntry
                == menu.entries.count - 2)
    }

    @Test("The Debian installer's grub.cfg: files beside the configuration, submenus three deep")
    func installer() throws {
        let menu = grub(try fixture("debian-installer-grub.cfg"))
        #expect(menu.notes == [])
        #expect(menu.timeout == nil)
        #expect(menu.entries.count == 26)
        #expect(menu.entries[0].kernel == FileReference(path: "/debian-installer/amd64/linux"))
        #expect(menu.entries[0].initrds == [FileReference(path: "/debian-installer/amd64/initrd.gz")])
        #expect(menu.entries[0].commandLine == "vga=788 --- quiet")
        #expect(
            menu.entries.map(\.submenus).max { $0.count < $1.count } == [
                "Advanced options ...", "... Desktop environment menu ...", "... GNOME desktop boot menu ...",
                "... GNOME advanced options ...",
            ])
    }

    @Test("Fedora's grub.cfg brings in the files of the Boot Loader Specification, the newest first")
    func fedora() throws {
        let entry = try fixture("fedora-entry.conf")
        let files = [
            "/loader/entries/abc-6.5.6-300.fc39.x86_64.conf": entry,
            "/loader/entries/abc-6.5.12-300.fc39.x86_64.conf": entry.replacing("6.5.6", with: "6.5.12"),
            "/loader/entries/abc-0-rescue.conf":
                "title Rescue\nlinux /vmlinuz-0-rescue\noptions root=/dev/sda1\n",
            "/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=abc-6.5.6-300.fc39.x86_64\n",
        ]
        let menu = grub(try fixture("fedora-grub.cfg"), files, host: efiHost)
        #expect(menu.notes == [])
        #expect(
            menu.entries.map(\.id) == [
                "abc-6.5.12-300.fc39.x86_64", "abc-6.5.6-300.fc39.x86_64", "abc-0-rescue", "uefi-firmware",
            ])
        #expect(menu.defaultEntry == 1)
        let device = DeviceReference(.fileSystemUUID("8a1b2c3d-1111-4222-8333-944455566677"))
        #expect(
            menu.entries[1].kernel == FileReference(device: device, path: "/vmlinuz-6.5.6-300.fc39.x86_64"))
        #expect(menu.entries[1].initrds.map(\.path) == ["/initramfs-6.5.6-300.fc39.x86_64.img"])
        #expect(menu.entries[1].title == "Fedora Linux (6.5.6-300.fc39.x86_64) 39 (Server Edition)")
        #expect(
            menu.entries[1].commandLine
                == "root=/dev/mapper/fedora-root ro rd.lvm.lv=fedora/root rhgb quiet")
        #expect(menu.entries[3].unsupported == .loaderCommand("fwsetup"))
    }

    @Test("Alpine's grub.cfg")
    func alpine() throws {
        let menu = grub(try fixture("alpine-grub.cfg"))
        #expect(menu.entries.map(\.title) == ["Linux lts"])
        #expect(menu.entries[0].commandLine == "modules=loop,squashfs,sd-mod,usb-storage quiet")
        #expect(menu.timeout == .seconds(1))
    }

    @Test("The short configuration of an EFI partition leads to the one of the system")
    func stub() {
        let stub = """
            search.fs_uuid 5d6dcb4f-3c0e-44d8-9d4a-2f3f4f6c1a77 root hd0,gpt2
            set prefix=($root)'/boot/grub'
            configfile $prefix/grub.cfg
            """
        let files = FixtureFiles([
            "/EFI/debian/grub.cfg": stub,
            "/boot/grub/grub.cfg":
                "set timeout=7\nset default=1\nmenuentry a { linux /a }\nmenuentry b { linux /b }",
        ])
        let menu = BootMenu(
            reading: FileReference(path: "/EFI/debian/grub.cfg"), as: .grub, files: files, host: efiHost)
        #expect(
            menu.entries.map(\.kernel) == ["/a", "/b"].map { FileReference(device: debianDevice, path: $0) })
        #expect(menu.timeout == .seconds(7))
        #expect(menu.defaultEntry == 1)
    }
}
