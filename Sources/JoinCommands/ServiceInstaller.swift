import Kexec
import SystemIO

/// Puts the services of `ShutdownServices` onto this host, and takes them off.
struct ServiceInstaller {
    let console: Console
    private let files = HostFiles.live
    private static let installed = "/usr/local/sbin/kexec-join"

    init(console: Console) { self.console = console }

    func install(_ manager: ShutdownServices.Manager, options: [String]) throws {
        let running = JumpMethod.orderly(on: files)
        guard running?.rawValue == manager.rawValue else {
            throw CommandFailure(
                "this host does not run \(manager.rawValue); what it runs is "
                    + (running.map { "\($0.rawValue)" } ?? "neither systemd nor OpenRC"))
        }
        let services = ShutdownServices(manager: manager, program: try lastingProgram(), options: options)
        for file in services.files {
            let folder = String(file.path[..<(file.path.lastIndex(of: "/") ?? file.path.startIndex)])
            try CommandFailure.inWords {
                try files.makeFolder(folder, mode: 0o755)
                try files.write(Array(file.text.utf8), to: file.path, mode: file.mode)
            }
            console.say("wrote \(file.path)")
        }
        for command in services.enabling { try run(command) }
        console.say("Done: the next reboot loads what the boot server says, and starts it.")
    }

    func uninstall(_ manager: ShutdownServices.Manager) throws {
        guard ShutdownServices.paths(manager).contains(where: files.exists) else {
            return console.say("The services are not installed.")
        }
        for command in ShutdownServices.disabling(manager) { try run(command) }
        for path in ShutdownServices.paths(manager) where files.remove(path) {
            console.say("removed \(path)")
        }
        if case .systemd = manager { try run(Command("systemctl", "daemon-reload")) }
    }

    private func run(_ command: Command) throws {
        let status = try CommandFailure.inWords { try command.run() }
        guard status == 0 else { throw CommandFailure("'\(command.text)' failed with status \(status)") }
    }

    /// This program with netbootd's subcommand, or a copy of it where it is not in a folder for good.
    private func lastingProgram() throws -> [String] {
        guard let path = Program.path else { throw CommandFailure("/proc/self/exe cannot be read") }
        let isLasting = ["/usr/", "/opt/", "/bin/", "/sbin/"].contains { path.hasPrefix($0) }
        if isLasting { return [path] + Program.subcommand }
        try CommandFailure.inWords {
            // Alpine has none.
            try files.makeFolder("/usr/local/sbin", mode: 0o755)
            try files.copy("/proc/self/exe", to: Self.installed, mode: 0o755)
        }
        console.say("wrote \(Self.installed)")
        return [Self.installed]
    }
}
