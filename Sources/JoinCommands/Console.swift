import Glibc
import SystemIO

/// Where a command speaks: to people on standard output, or on standard error when that is kept for JSON.
struct Console {
    private let descriptor: CInt
    let isTerminal: Bool
    /// In columns.
    let width: Int

    init(standardOutputIsForJSON: Bool = false) {
        descriptor = standardOutputIsForJSON ? 2 : 1
        isTerminal = isatty(descriptor) == 1
        width = terminalColumns(of: descriptor) ?? 80
    }

    func say(_ text: String) { write(text + "\n") }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            }
            if count < 0 && errno != EINTR { return }
            written += max(0, count)
        }
    }

    /// Asks on the terminal that this process belongs to, for standard input may be a script.
    ///
    /// - Parameter signals: what they block is heeded here, and means no.
    /// - Returns: nil when there is no terminal to ask on.
    static func confirm(_ question: String, unless signals: SignalQueue? = nil) -> Bool? {
        let fd = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard fd >= 0 else { return nil }
        let terminal = OwnedDescriptor(fd)
        let prompt = Array((question + " [y/N] ").utf8)
        guard unsafe Glibc.write(terminal.rawValue, prompt, prompt.count) == prompt.count else { return nil }
        let readable = waitUntilReadable([terminal.rawValue] + (signals.map { [$0.rawDescriptor] } ?? []))
        guard readable[0] else {
            // The prompt's line is left.
            _ = unsafe Glibc.write(terminal.rawValue, "\n", 1)
            return false
        }
        var answer = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(terminal.rawValue, &answer, answer.count)
        return count > 0 && (answer[0] | 0x20) == UInt8(ascii: "y")
    }
}
