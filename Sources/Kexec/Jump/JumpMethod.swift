public import SystemIO

/// How a host leaves for the kernel that is loaded.
public enum JumpMethod: String, CaseIterable, Sendable {
    /// `systemctl kexec`: services are stopped, file systems unmounted.
    case systemd
    /// `reboot` under OpenRC, whose last service jumps.
    case openrc
    /// At once: file systems are synced and made read-only, nothing is stopped.
    case direct

    /// What this host's init can do; nil when it has neither systemd nor OpenRC.
    public static func orderly(on host: HostFiles) -> JumpMethod? {
        // sd_booted(3) looks for the same folder.
        if host.exists("/run/systemd/system") { return .systemd }
        if host.exists("/run/openrc/softlevel") { return .openrc }
        return nil
    }
}

/// Why a host did not jump.
public enum JumpFailure: Error, Equatable, Sendable {
    case noOrderlyWay
    /// The kernel has no image to jump to.
    case nothingLoaded
    /// In a container, reboot() ends the container.
    case inPIDNamespace
    case commandFailed(command: String, status: Int32)
    case notInstalled(service: String)
    case system(SystemError)
}

extension JumpFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noOrderlyWay:
            "this host runs neither systemd nor OpenRC, so nothing here can stop its services first; "
                + "--now jumps all the same, once file systems are synced and read-only"
        case .nothingLoaded: "no kernel is loaded to jump to"
        case .inPIDNamespace: "this is a container: only the host itself can start another kernel"
        case .commandFailed(let command, let status): "'\(command)' failed with status \(status)"
        case .notInstalled(let service):
            "OpenRC has no service that jumps at the end of its shutdown: "
                + "kexec-join --install-service openrc makes \(service); or --now jumps at once"
        case .system(let error): "\(error)"
        }
    }
}
