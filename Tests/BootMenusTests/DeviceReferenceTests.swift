import BootMenus
import Testing

@Suite("Names of devices")
struct DeviceReferenceTests {
    @Test(
        "What boot loaders and people write is understood",
        arguments: [
            ("LABEL=x", .fileSystemLabel("x")), ("uuid=\"1-2\"", .fileSystemUUID("1-2")),
            ("PARTUUID=p", .partitionUUID("p")),
            ("PARTLABEL=EFI system", .partitionLabel("EFI system")), ("/dev/sda1", .node("sda1")),
            ("sda1", .node("sda1")),
            ("(sda1)", .node("sda1")), ("hda1", .node("hda1")),
            ("(hd0,1)", .drive(.init(.hardDisk, 0), partition: .init(1))),
            ("hd0", .drive(.init(.hardDisk, 0), partition: nil)),
            ("fd0", .drive(.init(.floppy, 0), partition: nil)),
            ("cd", .drive(.init(.opticalDisc, 0), partition: nil)),
            ("cd1", .drive(.init(.opticalDisc, 1), partition: nil)),
            ("hd1,msdos5", .drive(.init(.hardDisk, 1), partition: .init(5, scheme: .msdos))),
            ("hd1,gpt2", .drive(.init(.hardDisk, 1), partition: .init(2, scheme: .gpt))),
            ("lvm/vg-lv", .node("mapper/vg-lv")),
            ("md/0", .node("md0")), ("md/name", .node("md/name")),
            ("/dev/disk/by-uuid/u", .fileSystemUUID("u")),
            ("/dev/disk/by-label/l", .fileSystemLabel("l")), ("/dev/disk/by-partuuid/u", .partitionUUID("u")),
            ("/dev/disk/by-id/ata-x-part1", .node("disk/by-id/ata-x-part1")),
            ("nvme0n1p2", .node("nvme0n1p2")),
            ("hd0,0", .unknown("hd0,0")), ("hd0,msdos1,bsd1", .unknown("hd0,msdos1,bsd1")),
            ("tftp", .unknown("tftp")),
            ("mduuid/a", .unknown("mduuid/a")), ("/dev/../etc", .unknown("/dev/../etc")), ("", .unknown("")),
            ("LABEL=", .unknown("LABEL=")),
            ("hd99999999999999999999", .node("hd99999999999999999999")),
        ] as [(String, DeviceReference.Name)])
    func parsing(text: String, name: DeviceReference.Name) { #expect(DeviceReference(text).name == name) }

    @Test("A file system's type may stand before it, and GRUB legacy counts partitions from 0")
    func variants() {
        #expect(DeviceReference("ext4:sda1") == DeviceReference(.node("sda1"), fileSystemType: "ext4"))
        #expect(DeviceReference("auto:LABEL=a:b") == DeviceReference(.fileSystemLabel("a:b")))
        #expect(DeviceReference("LABEL=a:b") == DeviceReference(.fileSystemLabel("a:b")))
        #expect(
            DeviceReference("(hd0,0)", firstPartition: 0).name
                == .drive(.init(.hardDisk, 0), partition: .init(1)))
    }

    @Test(
        "What is shown can be read again",
        arguments: ["LABEL=x", "UUID=1-2", "/dev/sda1", "(hd0,1)", "(hd1,gpt2)", "ext4:/dev/sda1", "(fd0)"])
    func description(text: String) {
        #expect(DeviceReference(text).description == text)
        let file = FileReference("(\(text))/boot/k", root: nil)
        #expect(FileReference(file.description, root: nil) == file)
    }

    @Test(
        "A path is one from the top of its file system and does not leave it",
        arguments: [
            ("boot//vmlinuz", "/boot/vmlinuz"), ("/a/./b/../c", "/a/c"), ("/../../x", "/x"), ("", "/"),
            ("/", "/"),
        ])
    func normalized(written: String, path: String) { #expect(FileReference(path: written).path == path) }
}
