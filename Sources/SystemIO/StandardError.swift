import CLinux
import Glibc

/// This process's standard error.
public enum StandardError {
    public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard error goes to journald, which says in `JOURNAL_STREAM` which file that is
    /// (systemd.exec(5)).
    public static var isJournal: Bool {
        guard let stream = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }) else {
            return false
        }
        var status = stat()
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Writes the whole text, in one write where the kernel takes it whole.
    public static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                // Nobody is left who could be told.
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// How many characters a line of the terminal behind a descriptor has; nil when it does not say.
public func terminalColumns(of descriptor: CInt) -> Int? {
    let columns = netbootd_terminal_columns(descriptor)
    return columns > 0 ? Int(columns) : nil
}
