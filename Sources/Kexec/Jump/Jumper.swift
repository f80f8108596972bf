import Glibc
public import SystemIO

/// Carries out the last step: the host's services are stopped and the loaded kernel starts.
public struct Jumper {
    private let host: HostFiles
    private let system: any KexecSystem

    public init(host: HostFiles = .live, system: any KexecSystem) {
        self.host = host
        self.system = system
    }

    /// What `method` is going to do, in words for a plan.
    public static func words(for method: JumpMethod) -> String {
        switch method {
        case .systemd: "systemctl kexec: stop all services, then start the new kernel"
        case .openrc: "reboot by OpenRC, whose last service starts the new kernel"
        case .direct: "at once: sync, make file systems read-only, start the new kernel"
        }
    }

    /// Whether `method` can work here.
    public func check(_ method: JumpMethod) throws(JumpFailure) {
        guard case .openrc = method else { return }
        guard host.exists(ShutdownServices.openRCJump) else {
            throw .notInstalled(service: ShutdownServices.openRCJump)
        }
    }

    /// Jumps. Systemd and OpenRC come back from this at once, and end this process later.
    ///
    /// - Parameter warn: is told what goes wrong on a direct jump without stopping it.
    /// - Throws: when the host goes on living.
    public func jump(_ method: JumpMethod, warn: (String) -> Void) throws(JumpFailure) {
        switch method {
        case .systemd:
            try run(Command("systemctl", "kexec"))
        case .openrc:
            try arm()
            let command =
                host.exists("/sbin/openrc-shutdown")
                ? Command("/sbin/openrc-shutdown", "--reboot", "now") : Command("reboot")
            do {
                try run(command)
            } catch {
                disarm()
                throw error
            }
        case .direct:
            for warning in DirectJump(host: host).prepare() { warn(warning) }
            try execute()
        }
    }

    /// Starts the loaded kernel now; for the services that call it at the very end.
    public func execute() throws(JumpFailure) {
        guard host.isKexecLoaded == true else { throw .nothingLoaded }
        do {
            try system.restart()
        } catch {
            throw error.code == EINVAL ? .inPIDNamespace : .system(error)
        }
    }

    /// Lets the next reboot jump: a copy of this program where it outlives the file systems, and the flag.
    public func arm() throws(JumpFailure) {
        do {
            try host.makeFolder(ShutdownServices.runFolder, mode: 0o755)
            try host.copy("/proc/self/exe", to: ShutdownServices.jumper, mode: 0o755)
            try host.write([], to: ShutdownServices.armedFlag, mode: 0o644)
        } catch {
            throw .system(error)
        }
    }

    public func disarm() { host.remove(ShutdownServices.armedFlag) }

    private func run(_ command: Command) throws(JumpFailure) {
        do {
            let status = try command.run()
            guard status == 0 else { throw JumpFailure.commandFailed(command: command.text, status: status) }
        } catch let failure as JumpFailure {
            throw failure
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .commandFailed(command: command.text, status: -1)
        }
    }
}
