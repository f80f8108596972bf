import Glibc
import SystemIO
import Testing

/// A client program of another maker.
struct Program {
    let path: String

    /// Nil, and a word about it in the test's output, when the program is not installed.
    init?(_ name: String) {
        guard
            let folder = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].first(where: {
                unsafe access("\($0)/\(name)", X_OK) == 0
            })
        else {
            print("\(name) is not installed: this test is left out")
            return nil
        }
        path = "\(folder)/\(name)"
    }

    /// Runs it to its end, with its output thrown away.
    ///
    /// - Returns: its exit status; nil when a signal ended it.
    func run(_ arguments: [String]) throws -> Int? {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [CInt(0), 1, 2] {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var pid = pid_t()
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe words.indices { unsafe free(words[index]) } }
        var noEnvironment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        let code = unsafe posix_spawn(&pid, path, &actions, nil, &words, &noEnvironment)
        guard code == 0 else { throw SystemError("run \(path)", code: code) }
        var status = CInt(0)
        while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? Int(status >> 8) & 0xff : nil
    }
}
