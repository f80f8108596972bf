import ArgumentParser
import BootCore
import Configuration
import HTTPServer
import Kexec
import SystemIO
import Wire

struct Journal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how far live hosts are on their way into another system.",
        discussion: """
            One line an event, the newest last: joined, preflight, fetched, loaded, jumping, then returned or missing; or \
            failed, with the reason.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("This machine alone.", valueName: "mac"))
    var mac: MACArgument?

    @Option(help: ArgumentHelp("Another server than the configuration's.", valueName: "url"))
    var server: String?

    @Flag(help: "The JSON that the server sends.")
    var json = false

    func run() throws {
        do {
            let url = try server.map { try HTTPURL(server: $0) } ?? configuredServer()
            let (text, lines) = try JournalClient().journal(of: url, mac: mac?.mac.description)
            if json { return print(text, terminator: "") }
            for line in lines { print(Self.row(line)) }
            if lines.isEmpty { print("No host has joined since the server started.") }
        } catch {
            StandardError.write("journal: \(error)\n")
            throw ExitCode.failure
        }
    }

    /// Where the server that the configuration describes is found.
    private func configuredServer() throws -> HTTPURL {
        let checked = CheckedConfiguration(path: options.path, ports: .mayBeOurs)
        guard let deployment = checked.deployment else {
            throw JournalFailure(reason: "\(checked.verdict); name the server with --server URL")
        }
        return try HTTPURL(deployment.httpSettings.location.httpBase)
    }

    private static func row(_ line: JournalLine) -> String {
        let columns = [
            line.time, line.mac, line.event + String(repeating: " ", count: max(0, 9 - line.event.count)),
            line.entry ?? "-",
        ]
        let rest = [line.by.map { "by \($0)" }, line.detail].compactMap { $0 }
        return harmlessText((columns + rest).joined(separator: "  "))
    }
}

private struct JournalFailure: Error, CustomStringConvertible {
    var reason: String
    var description: String { reason }
}

struct MACArgument: ExpressibleByArgument {
    var mac: MACAddress

    init?(argument: String) {
        guard let mac = MACAddress(argument) else { return nil }
        self.mac = mac
    }
}
