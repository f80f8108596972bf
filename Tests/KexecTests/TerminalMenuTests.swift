import Testing

@testable import Kexec

/// A menu, what is pressed, and what it says.
private struct Dialogue {
    var menu: TerminalMenu
    var now = ContinuousClock.now
    var choice: MenuChoice?
    private var decoder = MenuKeyDecoder()

    init(_ items: [MenuItem], selected: Int = 0, timeout: Duration? = nil) {
        menu = TerminalMenu(heading: "netbootd", items: items, selected: selected, timeout: timeout, at: now)
    }

    /// Presses what a terminal would send, then a pause.
    mutating func press(_ bytes: String) {
        for key in decoder.take(bytes.utf8) + [decoder.pause()].compactMap({ $0 }) where choice == nil {
            choice = menu.event(.key(key), at: now)
        }
    }

    mutating func wait(_ time: Duration) {
        now = now.advanced(by: time)
        choice = choice ?? menu.event(.timePassed, at: now)
    }

    mutating func resize(_ columns: Int, _ rows: Int) {
        _ = menu.event(.resized(columns: columns, rows: rows), at: now)
    }

    /// The lines that say something; the chosen one in brackets.
    func screen(asciiOnly: Bool = true) -> [String] {
        menu.frame(at: now, asciiOnly: asciiOnly).lines.filter { !$0.text.allSatisfy { $0 == " " } }
            .map { $0.isSelected ? "[\($0.text)]" : $0.text }
    }
}

private let few = [
    MenuItem(title: "Debian", origin: "/boot/grub/grub.cfg:89", commandLine: "root=/dev/sda2 ro quiet"),
    MenuItem(
        title: "Recovery", groups: ["Advanced"], origin: "/boot/grub/grub.cfg:107", commandLine: "single"),
    MenuItem(title: "Windows", origin: "/boot/grub/grub.cfg:140", problem: "starts a boot sector (+1)"),
]
private let help = " Enter: start  e: edit  /: search  s: shell  Esc: leave  arrows or j k: move"
private let up = "\u{1b}[A"
private let down = "\u{1b}[B"

@Suite("The menu of a terminal")
struct TerminalMenuTests {
    @Test("It shows the items, what the chosen one is, and the keys")
    func looks() {
        var menu = Dialogue(few)
        #expect(
            menu.screen() == [
                " netbootd", "[ > Debian]", "   Advanced > Recovery", " - Windows", " /boot/grub/grub.cfg:89",
                " root=/dev/sda2 ro quiet", help,
            ])
        menu.press(down + down)
        #expect(menu.screen().suffix(3) == ["[ > Windows]", " It starts a boot sector (+1).", help])
    }

    @Test(
        "Keys move the choice, and Enter starts it",
        arguments: [
            ("\r", 0), (down + "\r", 1), ("j\r", 1), ("jk\r", 0), (up + "\r", 0), ("\u{1b}[6~\u{1b}[5~\r", 0),
            ("\u{1b}OB\r", 1), ("G\u{1b}[H\r", 0), ("\u{1b}[4~k\r", 1), ("\u{1b}[F" + up + "\n", 1),
        ])
    func moving(keys: String, index: Int) {
        var menu = Dialogue(few)
        menu.press(keys)
        #expect(menu.choice == .start(index: index, commandLine: few[index].commandLine))
    }

    @Test("What cannot be started says why and is not")
    func problem() {
        var menu = Dialogue(few, selected: 2)
        menu.press("\r")
        #expect(menu.choice == nil)
        #expect(menu.screen().contains(" cannot be started: it starts a boot sector (+1)"))
        menu.press("e")
        #expect(menu.choice == nil)
        menu.press(up)
        #expect(menu.screen().contains(" /boot/grub/grub.cfg:107"))
    }

    @Test(
        "Esc and Ctrl-C leave, s asks for a shell",
        arguments: [("\u{1b}", MenuChoice.leave), ("\u{3}", .leave), ("s", .shell)])
    func leaving(keys: String, choice: MenuChoice) {
        var menu = Dialogue(few)
        menu.press(keys)
        #expect(menu.choice == choice)
    }

    @Test("The time runs down and starts the choice; any key stops it")
    func timeout() {
        var menu = Dialogue(few, selected: 1, timeout: .seconds(5))
        #expect(menu.screen().last == " Starts in 5 s. Any key stops that.")
        menu.wait(.milliseconds(3500))
        #expect(menu.screen().last == " Starts in 2 s. Any key stops that.")
        #expect(menu.choice == nil)
        var stopped = menu
        stopped.press("x")
        stopped.wait(.seconds(100))
        #expect(stopped.choice == nil)
        #expect(stopped.screen().last == help)
        menu.wait(.milliseconds(1500))
        #expect(menu.choice == .start(index: 1, commandLine: "single"))
        var none = Dialogue(few)
        none.wait(.seconds(1000))
        #expect(none.choice == nil)
        var atOnce = Dialogue(few, timeout: .zero)
        atOnce.wait(.zero)
        #expect(atOnce.choice == .start(index: 0, commandLine: few[0].commandLine))
        var empty = Dialogue([], timeout: .zero)
        empty.wait(.seconds(1))
        empty.press("\r" + down + "/a\r")
        #expect(empty.choice == nil)
        #expect(empty.screen().contains("   nothing was found") || empty.screen().contains("   no match"))
    }

    @Test("A search narrows while one types; Enter keeps it, a second one starts, Esc shows all")
    func search() {
        var menu = Dialogue(few)
        menu.press("/re")
        #expect(menu.screen()[1...2] == [" /re", "[ > Advanced > Recovery]"])
        menu.press("x")
        #expect(menu.screen()[1...2] == [" /rex", "   no match"])
        menu.press("\u{7f} ADV\r")
        #expect(menu.choice == nil)
        #expect(menu.screen()[1...2] == [" /re ADV   (Esc shows all)", "[ > Advanced > Recovery]"])
        var back = menu
        back.press("\u{1b}")
        #expect(back.screen().count == 7)
        #expect(back.screen()[2] == "[ > Advanced > Recovery]")
        menu.press("\r")
        #expect(menu.choice == .start(index: 1, commandLine: "single"))
    }

    @Test(
        "The command line is edited, and Enter starts with it",
        arguments: [
            (" x", "root=/dev/sda2 ro quiet x"), ("\u{17}", "root=/dev/sda2 ro "),
            ("\u{1}a ", "a root=/dev/sda2 ro quiet"),
            ("\u{15}", ""), ("\u{1b}b\u{b}", "root=/dev/sda2 ro "),
            ("\u{1b}[1;5D\u{1b}[1;5Drw \u{1b}[3~", "root=/dev/sda2 rw o quiet"),
            ("\u{1b}[H\u{1b}[C\u{1b}[C\u{7f}", "rot=/dev/sda2 ro quiet"),
            ("\u{1b}[1~\u{1b}f\u{b}", "root=/dev/sda2"),
            ("\u{1b}[D\u{4}é", "root=/dev/sda2 ro quieé"),
        ])
    func editing(keys: String, result: String) {
        var menu = Dialogue(few)
        menu.press("e")
        #expect(menu.screen()[1...2] == [" Command line of Debian:", " root=/dev/sda2 ro quiet"])
        menu.press(keys + "\r")
        #expect(menu.choice == .start(index: 0, commandLine: result))
    }

    @Test("Esc in the editor keeps the old line")
    func editingAbandoned() {
        var menu = Dialogue(few)
        menu.press("e\u{15}abc")
        menu.press("\u{1b}")
        menu.press("\r")
        #expect(menu.choice == .start(index: 0, commandLine: few[0].commandLine))
    }

    @Test("A long line is edited over several rows, with the cursor in view")
    func longLine() {
        let long = String(repeating: "word ", count: 100)
        var menu = Dialogue([MenuItem(title: "t", commandLine: long)])
        menu.resize(40, 10)
        menu.press("e")
        var frame = menu.menu.frame(at: menu.now, asciiOnly: true)
        #expect(frame.lines.count == 10)
        #expect(frame.cursor.map { $0.row < 9 && $0.column < 40 } == true)
        menu.press("\u{1}")
        frame = menu.menu.frame(at: menu.now, asciiOnly: true)
        #expect(frame.cursor?.row == 3)
        #expect(frame.cursor?.column == 1)
        #expect(frame.lines.allSatisfy { $0.text.count < 40 })
    }

    @Test("A long list scrolls with the choice; every frame fits every size of screen")
    func scrolling() {
        let items = (1...100).map { MenuItem(title: "entry \($0) " + String(repeating: "é漢", count: 60)) }
        var menu = Dialogue(items)
        for (columns, rows) in [(80, 24), (132, 50), (20, 8), (1, 1), (40, 12)] {
            menu.resize(columns, rows)
            for keys in ["G", "g", "\u{1b}[6~", "jjj"] {
                menu.press(keys)
                for ascii in [true, false] {
                    let frame = menu.menu.frame(at: menu.now, asciiOnly: ascii)
                    #expect(frame.lines.count == max(8, rows))
                    #expect(frame.lines.count { $0.isSelected } == 1)
                    #expect(frame.lines.allSatisfy { TextWidth.columns(of: $0.text) < max(20, columns) })
                    #expect(!ascii || frame.lines.allSatisfy { $0.text.utf8.allSatisfy { $0 < 0x80 } })
                }
            }
        }
        menu.resize(80, 24)
        menu.press("G")
        #expect(menu.screen().contains(" 100 of 100"))
    }

    @Test("Titles cannot write on the screen, and are cut by columns, not by characters")
    func titles() {
        var menu = Dialogue([
            MenuItem(title: "a\u{1b}[2Jb\u{202e}c"), MenuItem(title: String(repeating: "漢", count: 60)),
        ])
        #expect(menu.screen(asciiOnly: false)[1] == "[ > a?[2Jb?c]")
        menu.resize(20, 24)
        #expect(menu.screen(asciiOnly: false)[2] == "   漢漢漢漢漢漢漢…")
        #expect(menu.screen(asciiOnly: true)[2] == "   " + String(repeating: "?", count: 15) + ">")
    }

    @Test("Bytes that are no keys, and any bytes at all, do no harm")
    func bytes() {
        var state: UInt64 = 88_172_645_463_325_252
        var decoder = MenuKeyDecoder()
        var menu = Dialogue(few)
        let marks: [UInt8] = [
            0x1b, 0x5b, 0x4f, 0x65, 0x2f, 0x0d, 0x7f, 0x3b, 0x7e, 0xc3, 0xa9, 0xf0, 0x00, 0x41, 0x31,
        ]
        for _ in 0..<20_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            for key in decoder.take([marks[Int(state % UInt64(marks.count))]]) where key != .interrupt {
                _ = menu.menu.event(.key(key), at: menu.now)
            }
        }
        #expect(menu.screen().count > 2)
        #expect(decoder.take(Array("\u{1b}[999999999999999999999".utf8)) == [])
        #expect(decoder.pause() == nil)
        #expect(decoder.take([0x1b, 0x5b, 0x5b, 0x41, 0xff, 0x61]) == [.up, .character("a")])
        #expect(decoder.take([0xc3]) == [])
        #expect(decoder.take([0xa9]) == [.character("é")])
    }
}
