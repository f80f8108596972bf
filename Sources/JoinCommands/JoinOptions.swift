import ArgumentParser
import Kexec

/// Where the server is, and who asks it.
struct ServerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The boot server, as http://10.0.0.1.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The interface that leads to the boot server.", valueName: "name"))
    var interface: String?

    @Option(
        help: ArgumentHelp(
            "The entry to load, in place of the one that this machine would boot.", valueName: "name"))
    var entry: String?

    @Option(
        help: ArgumentHelp(
            "The server's public key, or a file with it: a manifest without its signature is refused.",
            valueName: "file or key"))
    var trustKey: String?
}

/// What to load when no server says it.
struct ArtifactOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A kernel to load, without asking a server for an entry.", valueName: "url"))
    var kernel: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("An initrd for it; several are concatenated in this order.", valueName: "url"))
    var initrd: [String] = []

    @Option(help: ArgumentHelp("A netboot.tar.gz in which kernel and initrd are.", valueName: "url"))
    var netboot: String?

    @Option(
        name: .customLong("sha256"), parsing: .singleValue,
        help: ArgumentHelp("The SHA-256 of the files above, in their order.", valueName: "hex"))
    var digests: [String] = []

    @Option(
        name: .customLong("sha256sums"),
        help: ArgumentHelp("A SHA256SUMS file that lists them.", valueName: "url"))
    var digestList: String?

    @Option(
        name: .customLong("cmdline"), help: ArgumentHelp("The kernel's command line.", valueName: "words"))
    var commandLine: String = ""

    @Option(
        help: ArgumentHelp(
            "Whose words for the network the initrd understands: "
                + "initramfs-tools, dracut, alpine, nixos or none.",
            valueName: "dialect"))
    var initramfs: String = "initramfs-tools"
}

/// What the new kernel is told besides.
struct CommandLineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The new system's address: auto, dhcp, static (the one that is here now), none, or words of your own.",
            valueName: "how"))
    var ip: String?

    @Option(help: ArgumentHelp("More words for the kernel's command line.", valueName: "words"))
    var append: String?

    @Option(
        // Scanning for a value, the parser overlooks =all before another option.
        name: .customLong("reuse-cmdline"), defaultAsFlag: "allowlist", parsing: .next,
        help: ArgumentHelp(
            "Take over words of the running kernel's command line: consoles and quirks of this machine, "
                + "or with =all everything that does not name this system's own root and kernel.",
            valueName: "all"))
    var reuseCommandLine: String?
}

/// How far to go, and how.
struct JumpOptions: ParsableArguments {
    @Flag(help: "Say what would be done, and do none of it.")
    var dryRun = false

    @Flag(help: "Load the kernel and stay; 'systemctl kexec' or --execute starts it.")
    var loadOnly = false

    @Flag(help: "Jump at once, without stopping services; file systems are synced and made read-only.")
    var now = false

    @Option(
        help: ArgumentHelp(
            "Wait before the jump, in the background: an SSH session can end.", valueName: "6s"))
    var delay: DelayArgument?

    @Flag(name: [.short, .long], help: "Ask nothing.")
    var yes = false

    @Option(
        help: ArgumentHelp(
            "kexec_file_load (file), kexec_load (segments), or whichever works.",
            valueName: "auto|file|segments"))
    var method: String = "auto"

    func choice() throws(CommandFailure) -> KexecLoader.Choice {
        guard let choice = KexecLoader.Choice(rawValue: method) else {
            throw CommandFailure("--method: found '\(method)'; expected auto, file or segments")
        }
        return choice
    }
}

/// What is found out first.
struct CheckOptions: ParsableArguments {
    @Flag(help: "With --dry-run: the plan as JSON.")
    var json = false

    @Flag(help: "Go on in spite of warnings; failures stay failures.")
    var force = false
}

/// `6s`, `500ms`, `2m`, or seconds without a unit; a day at most.
struct DelayArgument: ExpressibleByArgument {
    var duration: Duration

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let second: Int64 = 1000
        let unit: Int64
        switch argument.dropFirst(digits.count) {
        case "", "s": unit = second
        case "ms": unit = 1
        case "m": unit = 60 * second
        default: return nil
        }
        guard number <= 86_400 * second / unit else { return nil }
        duration = .milliseconds(number * unit)
    }
}
