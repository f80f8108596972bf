import CLinux
import Glibc

/// Another program, started by its name (from `PATH`) or its path.
public struct Command: Equatable, Sendable {
    public var words: [String]

    public init(_ words: String...) { self.words = words }
    public init(_ words: [String]) { self.words = words }

    public enum Output: Equatable, Sendable {
        /// Ours.
        case inherited
        case discarded
    }

    /// As one would type it.
    public var text: String {
        words.map { word in
            word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:@%+,".contains($0) } && !word.isEmpty
                ? word : "'\(word)'"
        }.joined(separator: " ")
    }

    /// Starts it and waits for its end.
    ///
    /// - Returns: its exit status; 128 and the signal's number when a signal ended it.
    public func run(output: Output = .inherited) throws(SystemError) -> Int32 {
        let pid = try start(output: output, isDetached: false)
        var status: CInt = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw .last("wait for \(text)") }
        }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    /// Starts it in a session of its own, without a terminal: it goes on when we and the terminal are gone.
    public func startDetached() throws(SystemError) {
        _ = try start(output: .discarded, isDetached: true)
    }

    private func start(output: Output, isDetached: Bool) throws(SystemError) -> pid_t {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        defer {
            for index in unsafe arguments.indices { unsafe free(arguments[index]) }
        }
        let code = unsafe netbootd_spawn(&pid, &arguments, output == .discarded ? 1 : 0, isDetached ? 1 : 0)
        guard code == 0 else { throw SystemError("start \(text)", code: code) }
        return pid
    }
}
