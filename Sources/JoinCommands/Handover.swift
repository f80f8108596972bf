import BootCore
import Kexec
import SystemIO
import Wire

/// From files in memory to the jump; whatever goes wrong in between, no image stays loaded.
struct Handover {
    let console: Console
    /// What people know the new system by.
    let name: String
    let method: KexecLoader.Choice
    /// Nil: load and stay.
    let jump: JumpMethod?
    var delay = Duration.zero
    /// Nobody is asked before the jump.
    var isConfirmed = false
    /// The reboot that is under way is to jump.
    var isForService = false
    /// Tells the server's journal.
    var report: (JoinStage, String?) -> Void = { _, _ in }

    private let loader = KexecLoader()
    private let jumper = Jumper(system: LiveKexecSystem())

    init(console: Console, name: String, method: KexecLoader.Choice, jump: JumpMethod?) {
        self.console = console
        self.name = name
        self.method = method
        self.jump = jump
    }

    /// What this host can do, or why it cannot.
    static func jump(isImmediate: Bool, staysLoaded: Bool) throws(JumpFailure) -> JumpMethod? {
        if staysLoaded { return nil }
        if isImmediate { return .direct }
        guard let orderly = JumpMethod.orderly(on: .live) else { throw .noOrderlyWay }
        try Jumper(system: LiveKexecSystem()).check(orderly)
        return orderly
    }

    /// - Parameters:
    ///   - started: when all of it began.
    ///   - fetching: what it took until the artifacts were in memory.
    func carryOut(
        _ artifacts: borrowing KernelArtifacts, since started: ContinuousClock.Instant, fetching: Duration
    ) throws {
        // From here to the jump no signal ends this process, for the image would stay behind it.
        let signals = try CommandFailure.inWords { try SignalQueue(heedsQuit: true) }
        console.say("Loading \(artifacts.image.words) …")
        let result = try CommandFailure.inWords { try loader.load(artifacts, method: method) }
        do {
            try heed(signals)
            report(.loaded, result.method == .file ? "kexec_file_load" : "kexec_load")
            let took = ContinuousClock.now - started
            console.say(
                "Loaded after \(took.seconds): \(fetching.seconds) to fetch, "
                    + "\(result.duration.seconds) in the kernel's own loader.")
            try leave(signals)
        } catch {
            do { try loader.unload() } catch let failure {
                throw CommandFailure("\(reason(error)); and \(failure)")
            }
            throw error
        }
    }

    private func reason(_ error: any Error) -> String { (error as? CommandFailure)?.reason ?? "\(error)" }

    private func heed(_ signals: SignalQueue) throws(CommandFailure) {
        if signals.next() != nil {
            throw CommandFailure("a signal ends it: the kernel is unloaded again, and this system lives on")
        }
    }

    private func leave(_ signals: SignalQueue) throws {
        try heed(signals)
        if isForService {
            try CommandFailure.inWords { try jumper.arm() }
            // The network is gone by the time of the jump itself.
            return report(.jumping, "at the end of this shutdown")
        }
        guard let jump else {
            return console.say(
                "'systemctl kexec' or 'kexec-join --execute' starts it, 'kexec-join --unload' takes it out.")
        }
        if !isConfirmed {
            let question = "Leave this system for '\(harmlessText(name))' now?"
            switch Console.confirm(question, unless: signals) {
            case true: break
            case false:
                try heed(signals)
                throw CommandFailure("not now: the kernel is unloaded again")
            case nil: throw CommandFailure("there is no terminal to ask on: --yes jumps without asking")
            }
        }
        report(.jumping, jump.rawValue)
        try heed(signals)
        console.say(delay > .zero ? "Leaving in \(delay.words)." : "Leaving.")
        try Departure(jumper: jumper, method: jump, delay: delay).depart { [console] in
            console.say("warning: \($0)")
        }
    }
}
