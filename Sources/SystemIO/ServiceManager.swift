import CLinux
import Glibc

/// The service manager that started this process, if one did.
public final class ServiceManager: Sendable {
    private let path: String?

    /// Reads `NOTIFY_SOCKET`, which systemd sets for services of `Type=notify`; without it nothing is sent.
    public init() {
        path = unsafe getenv("NOTIFY_SOCKET").map { unsafe String(cString: $0) }
    }

    /// Sends a state as in sd_notify(3): `READY=1`, `STATUS=…`, `RELOADING=1`, `STOPPING=1`.
    public func notify(_ state: String) throws(SystemError) {
        guard let path else { return }
        guard unsafe netbootd_send_unix(path, state, state.utf8.count) == 0 else {
            throw .last("notify the service manager at \(path)")
        }
    }
}
