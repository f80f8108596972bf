import BootMenus
import SystemIO
import TestSupport
import Testing

@testable import Kexec

@Suite("Entries of boot loaders on local disks")
final class LocalEntriesTests {
    /// Their folders are there for as long as the test.
    private var kept: [FakeDisks] = []

    private static let uuid = "11111111-2222-3333-4444-555555555555"

    /// A disk whose only partition is a folder with what `write` puts there.
    private func disks(_ files: [String: String]) throws -> (FakeDisks, LocalDisks) {
        var fake = try FakeDisks()
        try fake.add(disk: "sda", number: "8:0", contents: DeviceFixtures.mbr)
        try fake.add(
            disk: "sda", partition: "sda1", number: try fake.mountableNumber(), contents: DeviceFixtures.ext4)
        for (path, text) in files { try fake.folder.write("disk/\(path)", text) }
        try fake.mount("disk")
        kept.append(fake)
        return (fake, LocalDisks(host: fake.host))
    }

    /// A GRUB configuration of one entry.
    private func grub(_ title: String, uuid: String? = nil, _ kernel: String, _ initrds: String = "")
        -> String
    {
        """
        set default=0
        set timeout=5
        menuentry '\(title)' {
            \(uuid.map { "search --no-floppy --fs-uuid --set=root \($0)" } ?? "")
            linux \(kernel) root=/dev/sda1 quiet
            \(initrds.isEmpty ? "" : "initrd \(initrds)")
        }
        """
    }

    private let host = MenuHost(architecture: .x86_64, isEFI: false)

    @Test("A configuration is found on a mounted disk, and its files are read into sealed memory")
    func found() throws {
        let (_, disks) = try disks([
            "boot/grub/grub.cfg": grub("Debian", uuid: Self.uuid, "/boot/vmlinuz", "/boot/one /boot/two"),
            "boot/vmlinuz": "kernel", "boot/one": "first", "boot/two": "second",
        ])
        let entries = LocalEntries(on: disks, host: host)
        #expect(entries.entries.map(\.entry.title) == ["Debian"])
        #expect(entries.defaultEntry == 0)
        #expect(entries.timeout == .seconds(5))
        let boot = try disks.load(try entries.entry(named: "Debian"))
        #expect(try boot.kernel.bytes(at: 0, count: 100) == Array("kernel".utf8))
        switch boot.initrd {
        case nil: Issue.record("there is no initrd")
        case .some(let initrd):
            #expect(initrd.byteCount == 1024)
            #expect(try initrd.bytes(at: 512, count: 6) == Array("second".utf8))
        }
        #expect(boot.guesses.isEmpty)
    }

    @Test("What two configurations offer alike is offered once, and the first default counts")
    func duplicates() throws {
        let (_, disks) = try disks([
            "boot/grub/grub.cfg": grub("Debian", uuid: Self.uuid, "/boot/vmlinuz"),
            "EFI/debian/grub.cfg": grub("Debian", "/boot/vmlinuz"),
            "syslinux.cfg": "LABEL Rescue\nKERNEL /rescue\n",
        ])
        let entries = LocalEntries(on: disks, host: host)
        #expect(entries.entries.map(\.entry.title) == ["Debian", "Rescue"])
        #expect(entries.entries.map(\.format) == [.grub, .syslinux])
        #expect(entries.defaultEntry == 0)
    }

    @Test("Links count from the top of their file system and cannot leave it")
    func containment() throws {
        let (fake, disks) = try disks([
            "boot/grub/grub.cfg": grub("Debian", "/vmlinuz"), "boot/vmlinuz-6": "kernel", "away/x": "",
        ])
        try fake.folder.write("secret", "secret")
        fake.folder.link("disk/vmlinuz", to: "/boot/vmlinuz-6")
        fake.folder.link("disk/outside", to: "../secret")
        fake.folder.link("disk/host", to: "/etc/passwd")
        let home = try #require(disks.devices.first { $0.name == "sda1" })
        let entries = LocalEntries(on: disks, host: host)
        let boot = try disks.load(try entries.entry(named: "Debian"))
        #expect(try boot.kernel.bytes(at: 0, count: 100) == Array("kernel".utf8))
        for path in ["/outside", "/host", "/nothing"] {
            #expect(
                throws: LocalFailure.cannotOpen(file: path, device: "/dev/sda1", .notFound)
            ) { try disks.open(FileReference(path: path), home: home) }
        }
        #expect(throws: LocalFailure.cannotOpen(file: "/away", device: "/dev/sda1", .notARegularFile)) {
            try disks.open(FileReference(path: "/away"), home: home)
        }
    }

    @Test("Names that are not there, or are there twice, are errors that say what there is")
    func names() throws {
        let (_, disks) = try disks(["grub/grub.cfg": grub("A", "/a"), "isolinux.cfg": "LABEL A\nKERNEL /b\n"])
        let entries = LocalEntries(on: disks, host: host)
        #expect(throws: LocalFailure.noSuchEntry("B", known: ["A", "A"])) { try entries.entry(named: "B") }
        #expect(
            throws: LocalFailure.ambiguousEntry(
                "A", places: ["/dev/sda1 /grub/grub.cfg:3", "/dev/sda1 /isolinux.cfg:1"])
        ) { try entries.entry(named: "A") }
    }

    @Test("An entry that cannot be loaded says why")
    func unsupported() throws {
        let (_, disks) = try disks(["grub/grub.cfg": grub("A", "/a")])
        var local = try LocalEntries(on: disks, host: host).entry(named: "A")
        local.entry.unsupported = .anotherLoader("/EFI/x.efi")
        do throws(LocalFailure) {
            _ = try disks.load(local)
            Issue.record("it was loaded")
        } catch {
            #expect(
                error.description
                    == "the entry A starts another boot loader (/EFI/x.efi), which kexec cannot")
        }
    }
}
