import ArgumentParser
import Configuration
import SystemIO

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says everything in the configuration that would keep a machine from booting.",
        discussion: """
            Reads the file as `serve` does, then looks at this host: interface, addresses, ports, boot files. \
            Exit status 0 when `serve` would start, 1 when it would not.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let checked = CheckedConfiguration(path: options.path, ports: .mayBeOurs)
        for line in checked.warnings + checked.errors { print(line) }
        guard let deployment = checked.deployment else {
            print(checked.verdict)
            throw ExitCode.failure
        }
        print("No errors. It would serve: \(deployment.summary).")
    }
}
