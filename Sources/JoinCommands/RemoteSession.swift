import Glibc
import SystemIO

/// Whether somebody at the other end of SSH waits for this command.
enum RemoteSession {
    /// sshd is gone before it could say goodbye: without a delay its client would hang.
    static func delay(files: HostFiles = .live) -> Duration {
        let isTold = unsafe getenv("SSH_CONNECTION") != nil
        return isTold || isBelowSSH(getppid(), files: files) ? .seconds(6) : .zero
    }

    /// `sudo` takes the variables away, but the processes above stay what they are.
    static func isBelowSSH(_ pid: pid_t, files: HostFiles) -> Bool {
        var pid = pid
        // As deep as no session is; a damaged /proc ends it, too.
        for _ in 0..<64 where pid > 1 {
            var fields: [Substring: Substring] = [:]
            for line in (files.text("/proc/\(pid)/status") ?? "").split(separator: "\n").prefix(12) {
                let parts = line.split(separator: "\t", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            if let name = fields["Name:"], ["sshd", "sshd-session", "dropbear"].contains(name) {
                return true
            }
            guard let parent = fields["PPid:"].flatMap({ pid_t($0) }) else { return false }
            pid = parent
        }
        return false
    }
}
