import BootMenus
import Testing

@Suite("The language of GRUB 2")
struct GRUBLanguageTests {
    /// The command line that a script in front of an entry and the entry's own give.
    private func line(_ arguments: String, after script: String = "") -> String? {
        grub("\(script)\nmenuentry t { linux /k \(arguments)\n}").entries.first?.commandLine
    }

    @Test(
        "Words, quotes and variables become arguments as GRUB hands them over",
        arguments: [
            ("a  b\tc", "a b c"), ("'a b' c", #""a b" c"#), (#""a $v""#, #""a one two""#),
            ("a $v", "a one two"),
            ("x$v", "xone two"), ("${v}x", "one twox"), ("'$v'", "$v"), (#"\$v"#, "$v"), (#""\$v""#, "$v"),
            (#"a\ b"#, #""a b""#), ("$none a", "a"), (#""$none" a"#, "a"), (#"a=\"b\""#, #"a=\"b\""#),
            (#"a=\\x41"#, #"a=\x41"#), ("a \\\n b", "a b"), ("a # b", "a"), ("a#b", "a#b"), ("$", "$"),
            ("a; linux /k z", "z"), (#""a\nb""#, #"a\\nb"#), ("$1", "t"), ("é", "é"),
        ])
    func words(written: String, arguments: String) {
        #expect(line(written, after: "v='one two'") == arguments)
    }

    @Test(
        "A test decides",
        arguments: [
            ("[ a = a ]", true), ("[ a == b ]", false), ("test a != b", true), ("[ -n '' ]", false),
            ("[ -z '' ]", true), ("[ '' ]", false), ("[ a ]", true), ("[ ! a ]", false),
            ("[ 3 -lt 10 ]", true),
            ("[ 3 -ge 10 ]", false), ("[ a '<' b ]", true), ("[ b '>' a ]", true), ("[ -f /f ]", true),
            ("[ -s /empty ]", false), ("[ -e /empty ]", true), ("[ -d /d ]", true), ("[ -f /d ]", false),
            ("[ -e /no ]", false), ("[ a = a -a b = c ]", false), ("[ a = b -o b = b ]", true),
            ("[ ! -e /no -a -f /f ]", true), ("[ ( a = b ) -o c ]", true), ("[ -f (hd0,1)/f ]", true),
            ("true", true), ("false", false), ("[ ]", false), ("[ -n ]", true), ("[ 1 -eq 1 ]", true),
            ("[ 1 -ne 1 ]", false), ("[ 2 -gt 1 ]", true), ("[ 2 -le 1 ]", false),
        ])
    func tests(condition: String, isTrue: Bool) {
        let script = "if \(condition); then r=yes; else r=no; fi\nmenuentry t { linux /k $r\n}"
        let menu = grub(script, ["/f": "x", "/empty": "", "/d/x": "x"])
        #expect(menu.entries.first?.commandLine == (isTrue ? "yes" : "no"))
        #expect(menu.notes == [])
    }

    @Test(
        "Control of flow",
        arguments: [
            ("for i in 1 2 3; do s=$s$i; done", "123"),
            ("for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; s=$s$i; done", "13"),
            ("for i in 1 2 3; do if [ $i = 2 ]; then break; fi; s=$s$i; done", "1"),
            ("i=0; while [ $i -lt 3 ]; do s=x$s; increment i; done", "xxx"),
            ("i=3; until [ $i -eq 0 ]; do s=x$s; decrement i; done", "xxx"),
            ("function f { s=$1-$#; return; s=no; }\nf a b", "a-2"),
            ("function f {\n shift\n s=$1\n}\nf a b", "b"),
            ("if false; then s=1; elif true; then s=2; else s=3; fi", "2"),
            ("if false\nthen s=1\nelif false\nthen s=2\nelse\n s=3\nfi", "3"),
            ("eval 's=\"a b\"'", "a b"), ("set s=1; unset s; s=${s}2", "2"), ("false; s=$?", "1"),
            ("source /inc", "included"), ("exit; s=1", ""),
        ])
    func flow(script: String, value: String) {
        let menu = grub("menuentry t { linux /k $s\n}\n\(script)", ["/inc": "s=included\n"])
        #expect(menu.entries.first?.commandLine == value)
        #expect(menu.notes == [])
    }

    @Test("A submenu sees the exported variables only; an entry sees what the menu's last line left")
    func contexts() {
        let menu = grub(
            """
            a=1; export b=2
            submenu s { menuentry i { linux /k a=$a b=$b; } }
            menuentry o { linux /k a=$a }
            a=3
            """)
        #expect(menu.entries.map(\.commandLine) == ["a= b=2", "a=3"])
        #expect(menu.entries.map(\.submenus) == [["s"], []])
    }

    @Test("A menu entry takes title, id and arguments in any order")
    func entries() {
        let menu = grub(
            "menuentry --class os --id=x 'T t' --unrestricted --hotkey=a two {\n linux /k $1 $2 $chosen\n}")
        #expect(menu.entries[0].title == "T t")
        #expect(menu.entries[0].id == "x")
        #expect(menu.entries[0].commandLine == "T t two x")
    }

    @Test(
        "Where a file lies",
        arguments: [
            ("linux /k", nil),
            ("set root=(hd0,1); linux /k", .drive(.init(.hardDisk, 0), partition: .init(1))),
            ("linux (hd1,gpt3)/k", .drive(.init(.hardDisk, 1), partition: .init(3, scheme: .gpt))),
            ("search --label --set 'My disk'; linux /k", .fileSystemLabel("My disk")),
            ("search --no-floppy --set=d -f /.id; linux ($d)/k", .holding("/.id")),
            ("search --set root --fs-uuid 1234-ABCD; linux /k", .fileSystemUUID("1234-ABCD")),
            ("search.fs_label L root; linux /k", .fileSystemLabel("L")),
            ("loopback loop /a.iso; linux (loop)/k", .image(FileReference(path: "/a.iso"))),
            ("set root=lvm/vg-root; linux /k", .node("mapper/vg-root")),
        ] as [(String, DeviceReference.Name?)])
    func devices(commands: String, name: DeviceReference.Name?) {
        let menu = grub("menuentry t { \(commands)\n}")
        #expect(menu.entries[0].kernel == FileReference(device: name.map { DeviceReference($0) }, path: "/k"))
    }

    @Test("probe tells the UUID that search was given, or that of the disk")
    func probe() {
        let script =
            "search --set=root --fs-uuid U; probe --set u --fs-uuid $root\nmenuentry t { linux /k $u\n}"
        #expect(grub(script).entries[0].commandLine == "U")
        let files = FixtureFiles(
            ["/grub.cfg": "probe -u --set=u ($root)\nmenuentry t { linux /k $u\n}"], uuid: "live")
        let menu = BootMenu(
            reading: FileReference(path: "/grub.cfg"), as: .grub, files: files, host: biosHost)
        #expect(menu.entries[0].commandLine == "live")
    }

    @Test(
        "What cannot be loaded says why",
        arguments: [
            ("chainloader +1", .bootSector("+1")),
            (
                "chainloader /EFI/Microsoft/Boot/bootmgfw.efi",
                .anotherLoader("/EFI/Microsoft/Boot/bootmgfw.efi")
            ),
            ("reboot", .loaderCommand("reboot")), ("true", .noKernel),
            ("linux (tftp)/k", .onNetwork("(tftp)/k")),
            ("linux (http,10.0.0.1)/k", .onNetwork("(http,10.0.0.1)/k")),
            ("linux /k; initrd newc:a:/b", .form("newc:a:/b")),
            ("xnu_kernel /x", .loaderCommand("xnu_kernel")),
        ] as [(String, UnsupportedEntry)])
    func unsupported(commands: String, reason: UnsupportedEntry) {
        #expect(grub("menuentry t { \(commands)\n}").entries[0].unsupported == reason)
    }

    @Test(
        "The default names a number, a title or an id on each level",
        arguments: [
            ("0", 0), ("1", 1), ("s>1", 2), ("1>b", 2), ("c", 3), ("i-c", 3), ("2", 3), ("9", 0), ("no", 0),
            ("s", 1),
            ("x>>y", 4), ("", 0), ("-1", 0),
        ])
    func defaults(choice: String, index: Int) {
        let menu = grub(
            """
            default='\(choice)'
            menuentry z { linux /z; }
            submenu s { menuentry a { linux /a; }; menuentry b { linux /b; } }
            menuentry c --id i-c { linux /c; }
            menuentry 'x>y' { linux /y; }
            """)
        #expect(menu.defaultEntry == index)
    }

    @Test("An entry that opens a configuration becomes a menu")
    func opens() {
        let menu = grub(
            "menuentry o { configfile /other.cfg; }",
            ["/other.cfg": "default=1\nmenuentry a { linux /a; }\nmenuentry b { linux /b; }"])
        #expect(menu.entries.map(\.submenus) == [["o"], ["o"]])
        #expect(menu.defaultEntry == 1)
    }

    @Test("A script that loads without a menu is one entry")
    func noMenu() {
        let menu = grub("linux /vmlinuz a\ninitrd /i\nboot")
        #expect(menu.entries.map(\.title) == ["vmlinuz"])
        #expect(menu.entries[0].initrds == [FileReference(path: "/i")])
    }

    @Test("What is not understood is noted with its place, and the rest is read")
    func notes() {
        let menu = grub("frobnicate a\nif x\nmenuentry a { linux /a; }\n}\nsource /none")
        #expect(menu.entries.map(\.title) == ["a"])
        let file = "/boot/grub/grub.cfg"
        #expect(
            menu.notes.contains(MenuNote(.unknownCommand("frobnicate"), at: MenuPlace(file: file, line: 1))))
        #expect(menu.notes.contains(MenuNote(.missingFile("/none"), at: MenuPlace(file: file, line: 5))))
        #expect(menu.notes.contains { if case .syntax = $0.problem { true } else { false } })
        for note in menu.notes { #expect(note.description.hasPrefix(file)) }
    }
}
