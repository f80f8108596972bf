import Glibc
import Kexec
import SystemIO

/// The jump, now or in a while.
struct Departure {
    let jumper: Jumper
    let method: JumpMethod
    let delay: Duration

    /// - Parameter say: is told what goes wrong without stopping it.
    func depart(say: (String) -> Void) throws {
        guard delay > .zero else {
            try CommandFailure.inWords { try jumper.jump(method, warn: say) }
            return
        }
        let later = Self.command(method, delay: delay)
        switch method {
        case .systemd:
            // A transient timer: a child of ours would go with the service or the session that we are in.
            let status = try later.run(output: .discarded)
            guard status == 0 else { throw CommandFailure("'\(later.text)' failed with status \(status)") }
        case .openrc, .direct: try later.startDetached()
        }
    }

    /// The jump of a process that `depart` has started: it unloads what it does not jump to.
    func departLater(say: (String) -> Void) throws {
        let signals = try CommandFailure.inWords { try SignalQueue(heedsQuit: true) }
        do {
            guard signals.next(within: delay) == nil else {
                throw CommandFailure("a signal ends it before the jump: the kernel is unloaded again")
            }
            try CommandFailure.inWords { try jumper.jump(method, warn: say) }
        } catch {
            try CommandFailure.inWords { try KexecLoader().unload() }
            throw error
        }
    }

    private static func command(_ method: JumpMethod, delay: Duration) -> Command {
        let milliseconds = Int64(delay / .milliseconds(1))
        switch method {
        case .systemd:
            return Command(
                "systemd-run", "--collect", "--on-active=\(milliseconds)ms",
                "--timer-property=AccuracySec=100ms", "systemctl", "kexec")
        case .openrc, .direct:
            return Command(
                Program.running.words + ["--jump", method.rawValue, "--delay", "\(milliseconds)ms"])
        }
    }
}

/// This program, as another process can be told to start it.
struct Program {
    /// The path, and netbootd's subcommand.
    var words: [String]

    /// By the link in `/proc`, which works even when the file is gone meanwhile.
    static var running: Program { Program(words: ["/proc/self/exe"] + subcommand) }

    /// The file's own path.
    static var path: String? { HostFiles.live.link("/proc/self/exe") }

    /// netbootd knows `kexec-join` as one of its commands, unless it is a copy with that name.
    static var subcommand: [String] { isNamedKexecJoin ? [] : ["kexec-join"] }

    /// A program that was replaced or removed meanwhile has a word behind its path.
    static var isNamedKexecJoin: Bool {
        path?.split(separator: "/").last?.split(separator: " ").first == "kexec-join"
    }
}
