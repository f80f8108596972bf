import CLinux
import Glibc
public import SystemIO

/// Shows a menu on this process's terminal and reads its keys.
public enum TerminalMenuDriver {
    /// How long the rest of a key may take: on a slow serial line its bytes come one by one.
    private static let keyPauseMilliseconds: CInt = 100

    /// Whether there is a terminal that somebody could press keys on.
    public static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Shows the menu until somebody chooses, or its time is over. A shell is run from here, and the menu comes back.
    ///
    /// The terminal is as it was before when this returns or throws, and when a signal ends the process.
    public static func run(_ menu: TerminalMenu) throws(SystemError) -> MenuChoice {
        var menu = menu
        while true {
            let choice = try choose(&menu)
            guard choice == .shell else { return choice }
            runShell()
        }
    }

    private static func choose(_ menu: inout TerminalMenu) throws(SystemError) -> MenuChoice {
        guard netbootd_terminal_take(STDIN_FILENO) == 0 else {
            throw SystemError("read keys from the terminal", code: errno)
        }
        defer {
            netbootd_terminal_leave()
            StandardError.write("\u{1b}[H\u{1b}[J")
        }
        var decoder = MenuKeyDecoder()
        let asciiOnly = !showsUnicode
        var drawn: MenuFrame?
        while true {
            var now = ContinuousClock.now
            if let choice = menu.event(size, at: now) ?? menu.event(.timePassed, at: now) { return choice }
            let frame = menu.frame(at: now, asciiOnly: asciiOnly)
            if frame != drawn { StandardError.write(sequence(frame, after: drawn)) }
            drawn = frame
            let milliseconds: CInt =
                decoder.isWaiting
                ? keyPauseMilliseconds : menu.startsAt == nil ? -1 : untilNextSecond(menu, now)
            var keys: [MenuKey] = []
            switch netbootd_terminal_wait(STDIN_FILENO, milliseconds) {
            case 0: if let key = decoder.pause() { keys = [key] }
            case 1...: keys = decoder.take(try bytes())
            default:
                guard errno == EINTR else { throw SystemError("wait for a key", code: errno) }
                // Another size, or back from a stop: what stands there is not ours.
                drawn = nil
            }
            now = .now
            for key in keys {
                if key == .redraw { drawn = nil }
                if let choice = menu.event(.key(key), at: now) { return choice }
            }
        }
    }

    /// What a terminal tells; what does not know its size is a serial line.
    private static var size: MenuEvent {
        var (columns, rows): (CInt, CInt) = (80, 24)
        _ = unsafe netbootd_terminal_size(STDERR_FILENO, &columns, &rows)
        return .resized(columns: Int(columns), rows: Int(rows))
    }

    private static func untilNextSecond(_ menu: TerminalMenu, _ now: ContinuousClock.Instant) -> CInt {
        let rest = menu.startsAt.map { max(0, ($0 - now) / .milliseconds(1)) } ?? 0
        return CInt(rest.truncatingRemainder(dividingBy: 1000)) + 1
    }

    private static func bytes() throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        // The line was hung up.
        guard count > 0 else { throw SystemError("read a key", code: count == 0 ? EIO : errno) }
        return Array(buffer[..<count])
    }

    /// The lines that are not there already, and the cursor.
    private static func sequence(_ frame: MenuFrame, after drawn: MenuFrame?) -> String {
        let escape = "\u{1b}["
        var text =
            escape + "?25l" + (drawn?.lines.count == frame.lines.count ? "" : escape + "H" + escape + "J")
        for (row, line) in frame.lines.enumerated() {
            if let drawn, drawn.lines.count == frame.lines.count, drawn.lines[row] == line { continue }
            text += "\(escape)\(row + 1);1H\(escape)K"
            text += line.isSelected ? "\(escape)7m\(line.text)\(escape)0m" : line.text
        }
        if let cursor = frame.cursor {
            text += "\(escape)\(cursor.row + 1);\(cursor.column + 1)H\(escape)?25h"
        }
        return text
    }

    /// Whether the terminal shows more than ASCII: the locale says it, and the Linux console does it.
    private static var showsUnicode: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            let value = unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
            if !value.isEmpty {
                return value.lowercased().replacing("-", with: "").contains("utf8")
            }
        }
        return unsafe getenv("TERM").map { unsafe String(cString: $0) == "linux" } ?? false
    }

    /// `$SHELL`, or /bin/sh where that is not there; what it ends with is nobody's concern.
    private static func runShell() {
        let named = unsafe getenv("SHELL").map { unsafe String(cString: $0) } ?? ""
        let isThere = unsafe access(named, X_OK) == 0
        let shell = isThere ? named : "/bin/sh"
        StandardError.write("exit brings the menu back.\r\n")
        // Ctrl-C is the shell's here.
        let before = signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, before) }
        do throws(SystemError) {
            _ = try Command(shell).run()
        } catch {
            StandardError.write("\(error)\r\n")
            sleep(2)
        }
    }
}
