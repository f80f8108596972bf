import BootCore
import BootMenus
import Glibc
import Kexec
import SystemIO

/// The small boot loader: what `kexec-join` is as the first process of an initramfs.
public enum BootLoader {
    /// Nil unless this process is the first one; otherwise it never comes back.
    public static func runIfFirst() {
        guard BootLoaderInit.isFirstProcess else { return }
        BootLoaderInit.run { surroundings in
            do {
                try BootLoaderMenu(surroundings).run()
                return 0
            } catch {
                StandardError.write("netbootd: \((error as? CommandFailure)?.reason ?? "\(error)")\n")
                return 1
            }
        }
    }
}

/// One menu of what the disks offer and what the boot server does.
private struct BootLoaderMenu {
    private let words: BootLoaderWords
    private let console = Console()
    private let disks = LocalDisks()
    private let local: LocalEntries
    /// The server's, by name; and what it would choose itself.
    private var offers: [JoinChoice] = []
    private var request = JoinRequest()
    private let isOnline: Bool

    init(_ surroundings: BootLoaderInit.Surroundings) {
        words = surroundings.words
        local = LocalEntries(on: disks, host: .running)
        for note in local.notes { console.say("note: \(note)") }
        // Without a word or a lease that names the server, DHCP is asked for it once more.
        request.server = words.server
        switch surroundings.network {
        case .none: isOnline = words.server != nil
        case .configuredBefore: isOnline = true
        case .leased(let lease):
            isOnline = true
            request.server = words.server ?? lease.nextServer.map { "http://\($0)" }
        }
        request.isImmediate = true
        request.isConfirmed = true
        request.isForced = true
        guard isOnline else { return }
        do {
            request.trustedKey = try words.trustedKey.map(JoinRequest.key)
            offers = try JoinSession(options: request, console: console).offers()
        } catch {
            console.say("the boot server: \((error as? CommandFailure)?.reason ?? "\(error)")")
        }
    }

    func run() throws {
        if let name = words.entry { return try boot(name) }
        let items =
            offers.map { MenuItem(title: $0.title, origin: request.server ?? "") }
            + local.entries.map(\.menuItem)
        guard !items.isEmpty else {
            throw CommandFailure("neither a disk nor a boot server has anything to boot")
        }
        // The server's word comes first: it is what this machine would boot by PXE.
        let selected = offers.isEmpty ? local.defaultEntry ?? 0 : 0
        let timeout = words.timeoutSeconds.map { Duration.seconds($0) } ?? local.timeout ?? .seconds(30)
        let menu = TerminalMenu(
            heading: "netbootd: what shall this machine boot?", items: items, selected: selected,
            timeout: timeout,
            at: .now)
        switch try CommandFailure.inWords({ try TerminalMenuDriver.run(menu) }) {
        case .start(let index, let commandLine):
            if index < offers.count { return try join(offers[index].name) }
            try boot(local.entries[index - offers.count], commandLine: commandLine)
        case .shell, .leave: return
        }
    }

    private func boot(_ name: String) throws {
        if offers.contains(where: { $0.name == name }) { return try join(name) }
        let entry: LocalEntry
        do throws(LocalFailure) {
            entry = try local.entry(named: name)
        } catch {
            // The server has entries that it does not offer to this machine, or offered nothing a minute ago.
            guard case .noSuchEntry = error, isOnline else { throw CommandFailure(error.description) }
            console.say("\(error); the boot server is asked for it")
            return try join(name)
        }
        try boot(entry, commandLine: nil)
    }

    private func join(_ name: String) throws {
        var request = request
        request.entry = name
        try JoinSession(options: request, console: console).run()
    }

    private func boot(_ entry: LocalEntry, commandLine: String?) throws {
        let started = ContinuousClock.now
        let artifacts = try CommandFailure.inWords {
            try disks.artifacts(of: entry, commandLine: commandLine ?? entry.entry.commandLine) {
                console.say("note: \($0)")
            }
        }
        var handover = Handover(console: console, name: entry.title, method: .auto, jump: .direct)
        handover.isConfirmed = true
        try handover.carryOut(artifacts, since: started, fetching: .now - started)
    }
}
