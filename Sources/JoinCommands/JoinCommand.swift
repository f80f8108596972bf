public import ArgumentParser
import Glibc
import Kexec
import SystemIO

/// `netbootd kexec-join`, which is also a program of its own.
public struct JoinCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "kexec-join",
        abstract: "Boots this running host into what the boot server says, without its firmware.",
        discussion: """
            Asks the server for the entry that this machine's firmware would get by PXE, checks that this host can do \
            it, fetches and verifies kernel and initrd, loads them with kexec, and jumps. Start with --dry-run, which \
            says what would be done and does none of it.
            """)

    @OptionGroup(title: "The server") var server: ServerOptions
    @OptionGroup(title: "The new system") var line: CommandLineOptions
    @OptionGroup(title: "How far, and how") var jump: JumpOptions
    @OptionGroup var checks: CheckOptions
    @OptionGroup(title: "Without a server's entry") var artifacts: ArtifactOptions

    @Flag(help: "Take a loaded kernel out again.")
    var unload = false

    @Flag(help: "Start the loaded kernel now, without stopping anything.")
    var execute = false

    @Option(
        help: ArgumentHelp(
            "Make every reboot a jump: write services that load what the server says at shutdown, and start it.",
            valueName: "systemd|openrc"))
    var installService: ShutdownServices.Manager?

    @Option(help: ArgumentHelp("Remove these services.", valueName: "systemd|openrc"))
    var uninstallService: ShutdownServices.Manager?

    /// The service calls this at shutdown.
    @Flag(help: .hidden) var forService = false
    /// A process that outlives the one that loaded.
    @Option(name: .customLong("jump"), help: .hidden) var method: JumpMethod?

    public init() {}

    /// Where this program has the name, it is `kexec-join` and nothing else, whatever it was built as.
    public static var isNamedLikeThisProgram: Bool { Program.isNamedKexecJoin }

    public func validate() throws {
        let modes = [
            ("--unload", unload), ("--execute", execute), ("--install-service", installService != nil),
            ("--uninstall-service", uninstallService != nil), ("--load-only", jump.loadOnly),
            ("--now", jump.now),
        ].filter(\.1).map(\.0)
        guard modes.count < 2 else {
            throw ValidationError("\(modes.joined(separator: " and ")) do not go together.")
        }
    }

    public func run() throws {
        try CommandFailure.shown(as: "kexec-join") { try act() }
    }

    private func act() throws {
        let console = Console(standardOutputIsForJSON: checks.json)
        let jumper = Jumper(system: LiveKexecSystem())
        if unload {
            let loader = KexecLoader()
            guard loader.isLoaded == true else { return console.say("No kernel is loaded.") }
            try CommandFailure.inWords { try loader.unload() }
            jumper.disarm()
            console.say("The kernel is unloaded.")
        } else if execute {
            try CommandFailure.inWords { try jumper.execute() }
        } else if let method {
            try Departure(jumper: jumper, method: method, delay: jump.delay?.duration ?? .zero)
                .departLater { console.say("warning: \($0)") }
        } else if let uninstallService {
            try ServiceInstaller(console: console).uninstall(uninstallService)
        } else if let installService {
            _ = try request()  // what the services would be told must make sense now
            try ServiceInstaller(console: console).install(installService, options: serviceOptions)
        } else {
            try JoinSession(options: request(), console: console).run()
        }
    }

    private func request() throws -> JoinRequest {
        let file: JoinSettingsFile
        if let text = HostFiles.live.text(JoinSettingsFile.path) {
            do throws(JoinSettingsFile.Mistake) { file = try JoinSettingsFile(parsing: text) } catch {
                throw CommandFailure("\(JoinSettingsFile.path):\(error)")
            }
        } else {
            file = JoinSettingsFile(values: [:])
        }
        return try JoinRequest(
            server, artifacts, line, jump, checks, isForService: forService, file: file)
    }

    /// What each join by the services is to be told again.
    var serviceOptions: [String] {
        let values: [(String, String?)] =
            [
                ("--server", server.server), ("--interface", server.interface), ("--entry", server.entry),
                ("--trust-key", server.trustKey.map(Self.absolute)), ("--ip", line.ip),
                ("--append", line.append),
                ("--reuse-cmdline", line.reuseCommandLine),
                ("--method", jump.method == "auto" ? nil : jump.method),
                ("--kernel", artifacts.kernel), ("--netboot", artifacts.netboot),
                ("--sha256sums", artifacts.digestList),
                ("--cmdline", artifacts.commandLine.isEmpty ? nil : artifacts.commandLine),
                ("--initramfs", artifacts.kernel ?? artifacts.netboot == nil ? nil : artifacts.initramfs),
            ] + artifacts.initrd.map { ("--initrd", $0) } + artifacts.digests.map { ("--sha256", $0) }
        return values.flatMap { name, value in value.map { ["\(name)=\($0)"] } ?? [] }
    }

    private static func absolute(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}

extension ShutdownServices.Manager: ExpressibleByArgument {}
extension JumpMethod: ExpressibleByArgument {}
