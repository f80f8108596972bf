public import ArgumentParser
import BootMenus
import Glibc
import Kexec
import SystemIO

/// `netbootd kexec-local`: what the boot loaders of this host's disks offer.
public struct LocalCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "kexec-local",
        abstract: "Boots an entry of a boot loader's menu on this host's disks, without its firmware.",
        discussion: """
            Reads GRUB 2 and GRUB legacy configurations, Boot Loader Specification entries, syslinux menus and \
            kexec-loader.conf. File systems are mounted read-only where they are not mounted already.
            """)

    @Flag(help: "List the entries, and what was not understood.")
    var list = false

    @Option(help: ArgumentHelp("The entry to boot: its id, its title, or SUBMENU>TITLE.", valueName: "name"))
    var entry: String?

    @Flag(help: "Choose in a menu: arrows, / to search, e to edit the command line, s for a shell.")
    var menu = false

    @Option(help: ArgumentHelp("Look at this device alone.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("Load the kernel modules of this folder first.", valueName: "folder"))
    var modules: String?

    @Option(help: ArgumentHelp("Seconds until the menu boots the default entry.", valueName: "seconds"))
    var timeout: Int?

    @OptionGroup(title: "The new system") var line: LocalLineOptions
    @OptionGroup(title: "How far, and how") var jump: JumpOptions

    public init() {}

    public func run() throws {
        try CommandFailure.shown(as: "kexec-local") { try act() }
    }

    private func act() throws {
        let console = Console()
        guard geteuid() == 0 else {
            throw CommandFailure("only root may read disks; run it by sudo, for instance")
        }
        if let modules { loadModules(modules, console) }
        let disks = LocalDisks()
        let only = try device.map { name throws(CommandFailure) in try disks.device(at: name) }
        let found = LocalEntries(on: disks, device: only, host: .running)
        if let entry {
            let chosen = try CommandFailure.inWords { try found.entry(named: entry) }
            try boot(chosen, commandLine: nil, disks, console)
        } else if menu {
            try choose(from: found, disks, console)
        } else {
            show(found, console)
        }
    }

    private func loadModules(_ path: String, _ console: Console) {
        var loader = ModuleLoader()
        let count = loader.load(from: ModuleFolder(path: path))
        console.say("\(count) modules loaded")
        for (name, code) in loader.failures.sorted(by: { $0.key < $1.key }) {
            console.say("warning: \(name): \(SystemError.text(of: code))")
        }
    }

    private func show(_ found: LocalEntries, _ console: Console) {
        for (index, local) in found.entries.enumerated() {
            console.say(found.defaultEntry == index ? "* \(local.title)" : "  \(local.title)")
            console.say("      id \(local.entry.id), on \(local.home.path), \(local.entry.place)")
            if let why = local.entry.unsupported {
                console.say("      cannot be booted: \(why)")
            } else {
                console.say("      \(local.entry.kernel?.path ?? "") \(local.entry.commandLine)")
            }
        }
        for note in found.notes { console.say("note: \(note)") }
        if found.entries.isEmpty { console.say("No boot loader's configuration was found.") }
    }

    private func choose(from found: LocalEntries, _ disks: LocalDisks, _ console: Console) throws {
        guard TerminalMenuDriver.isPossible else {
            throw CommandFailure("a menu needs a terminal; see --list and --entry")
        }
        let menu = TerminalMenu(
            heading: "What shall this machine boot?", items: found.entries.map(\.menuItem),
            selected: found.defaultEntry ?? 0, timeout: timeout.map { .seconds($0) }, at: .now)
        switch try CommandFailure.inWords({ try TerminalMenuDriver.run(menu) }) {
        case .start(let index, let commandLine):
            try boot(found.entries[index], commandLine: commandLine, disks, console, isChosen: true)
        case .shell, .leave: return
        }
    }

    private func boot(
        _ local: LocalEntry, commandLine: String?, _ disks: LocalDisks, _ console: Console,
        isChosen: Bool = false
    ) throws {
        let line = KernelCommandLine.assembled(
            entry: commandLine ?? local.entry.commandLine, reuse: try line.reuse(),
            running: HostFiles.live.text("/proc/cmdline") ?? "", append: [self.line.append].compactMap { $0 })
        let method = try jump.choice()
        if jump.dryRun {
            console.say("\(local.title), on \(local.home.path), \(local.entry.place)")
            console.say("  kernel        \(local.entry.kernel?.path ?? "none")")
            for initrd in local.entry.initrds { console.say("  initrd        \(initrd.path)") }
            console.say("  command line  \(line.text)")
            return
        }
        let leaving = try CommandFailure.inWords {
            try Handover.jump(isImmediate: jump.now, staysLoaded: jump.loadOnly)
        }
        let started = ContinuousClock.now
        let artifacts = try CommandFailure.inWords {
            try disks.artifacts(of: local, commandLine: line.text) { console.say("note: \($0)") }
        }
        var handover = Handover(console: console, name: local.title, method: method, jump: leaving)
        handover.delay = jump.delay?.duration ?? RemoteSession.delay()
        handover.isConfirmed = jump.yes || isChosen
        try handover.carryOut(artifacts, since: started, fetching: .now - started)
    }
}

/// What a local entry's kernel is told besides.
struct LocalLineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("More words for the kernel's command line.", valueName: "words"))
    var append: String?

    @Option(
        // Scanning for a value, the parser overlooks =all before another option.
        name: .customLong("reuse-cmdline"), defaultAsFlag: "allowlist", parsing: .next,
        help: ArgumentHelp(
            "Take over consoles and quirks of the running command line, or all of it.", valueName: "all"))
    var reuseCommandLine: String?

    func reuse() throws(CommandFailure) -> CommandLineReuse {
        guard let reuse = CommandLineReuse(rawValue: reuseCommandLine ?? "none") else {
            throw CommandFailure(
                "--reuse-cmdline: found '\(reuseCommandLine ?? "")'; expected nothing, or all")
        }
        return reuse
    }
}

extension LocalEntry {
    var title: String { (entry.submenus + [entry.title]).joined(separator: " > ") }

    var menuItem: MenuItem {
        MenuItem(
            title: entry.title, groups: entry.submenus, origin: "\(home.path) \(entry.place)",
            commandLine: entry.commandLine, problem: entry.unsupported?.description)
    }
}

extension MenuHost {
    static var running: MenuHost {
        let machine = HostFacts.kernelName().machine
        return MenuHost(
            architecture: machine == "aarch64" ? .arm64 : .x86_64,
            isEFI: HostFiles.live.exists("/sys/firmware/efi"))
    }
}

extension LocalDisks {
    func device(at path: String) throws(CommandFailure) -> BlockDevice {
        let name = path.hasPrefix("/dev/") ? String(path.dropFirst(5)) : path
        guard let device = devices.first(where: { $0.name == name }) else {
            let known = devices.map(\.path).joined(separator: ", ")
            throw CommandFailure(
                "there is no disk '\(path)'; this host has \(known.isEmpty ? "none" : known)")
        }
        return device
    }
}
