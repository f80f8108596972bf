import ArgumentParser
import JoinCommands

@main
struct Netbootd: ParsableCommand {
    /// Of the program; the same as in CHANGELOG.md.
    static let version = "0.1.0"

    /// A copy with the name `kexec-join` is that program: `--install-service` makes one.
    static func main() {
        JoinCommand.isNamedLikeThisProgram ? JoinCommand.main(nil) : main(nil)
    }

    static let configuration = CommandConfiguration(
        commandName: "netbootd",
        abstract: "The one boot server of a subnet: DHCP, TFTP, HTTP and NFS from one configuration file.",
        discussion: """
            Start with `netbootd check`, which reads the configuration and says everything that would keep a \
            machine from booting; then `netbootd serve`.
            """,
        version: version,
        subcommands: [
            Serve.self, Check.self, Exports.self, Journal.self, Keygen.self, JoinCommand.self,
            LocalCommand.self,
            InitramfsCommand.self,
        ])
}

/// What every subcommand that reads the configuration takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp("The configuration file.", valueName: "file"))
    var path = "/etc/netbootd/netbootd.yaml"
}
