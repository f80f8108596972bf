import BootFiles
import Logging
import Synchronization
import SystemIO

/// SHA-256 digests of boot files, computed once for each state of a file, by a thread that has time.
///
/// Whoever asks for one that is not there yet is told so, and it is computed next. Nothing is ever computed on the
/// asker's thread. It is safe from any thread.
final class FileDigests: Sendable {
    enum Wanted: Hashable, Sendable {
        /// A file of the tree.
        case boot(BootPath)
        /// The static `kexec-join`, a path of this host.
        case executable(String)
    }

    private struct State {
        var tree: BootTree?
        var digests: [FileIdentity: String] = [:]
        /// The identities in `digests`, the oldest first.
        var order: [FileIdentity] = []
        var executable: JoinExecutable?
        var queue: [Wanted] = []
        var inProgress: Wanted?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let logger: Logger
    private let onWork: @Sendable () -> Void

    static let maximumDigests = 4096
    static let maximumQueue = 4096

    /// - Parameter onWork: called when there is something for `performNext` to do.
    init(logger: Logger, onWork: @escaping @Sendable () -> Void = {}) {
        self.logger = logger
        self.onWork = onWork
    }

    /// Takes files to do in advance, in place of those that were waiting; from now on `tree` has the boot files.
    func prepare(_ wanted: [Wanted], in tree: BootTree) {
        state.withLock { state in
            state.tree = tree
            state.queue = Array(wanted.prefix(Self.maximumQueue))
        }
        onWork()
    }

    /// Of `file`, which was opened as `wanted`: 64 hexadecimal digits; nil when it will be computed next.
    func sha256(of file: OpenFile, as wanted: Wanted) -> String? {
        let known = state.withLock { state in
            let known = state.digests[file.identity]
            if known == nil { Self.putFirst(wanted, in: &state) }
            return known
        }
        if known == nil { onWork() }
        return known
    }

    /// What is known of the executable at `path`, open as `file`; nil when that will be found out next.
    func executable(_ file: OpenFile, at path: String) -> JoinExecutable? {
        let known = state.withLock { state -> JoinExecutable? in
            if let executable = state.executable, executable.identity == file.identity { return executable }
            Self.putFirst(.executable(path), in: &state)
            return nil
        }
        if known == nil { onWork() }
        return known
    }

    private static func putFirst(_ wanted: Wanted, in state: inout State) {
        guard state.inProgress != wanted, state.queue.first != wanted else { return }
        state.queue.removeAll { $0 == wanted }
        if state.queue.count >= maximumQueue { state.queue.removeLast() }
        state.queue.insert(wanted, at: 0)
    }

    /// Lets `performNext` come to an end soon, and do nothing from then on.
    func stop() {
        state.withLock { $0.isStopping = true }
        onWork()
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }
}

// MARK: - The thread's part

extension FileDigests {
    /// Does what has waited longest, unless somebody waits for something else.
    ///
    /// - Returns: false when there was nothing to do.
    func performNext() -> Bool {
        let next = state.withLock { state -> (Wanted, BootTree)? in
            guard !state.isStopping, let tree = state.tree, !state.queue.isEmpty else { return nil }
            let wanted = state.queue.removeFirst()
            state.inProgress = wanted
            return (wanted, tree)
        }
        guard let (wanted, tree) = next else { return false }
        perform(wanted, in: tree)
        state.withLock { $0.inProgress = nil }
        return true
    }

    private func perform(_ wanted: Wanted, in tree: BootTree) {
        do throws(DigestFailure) {
            switch wanted {
            case .boot(let path):
                try digest { () throws(OpenFailure) in try tree.open(path) }
            case .executable(let path):
                let file = try digest { () throws(OpenFailure) in try JoinExecutable.open(path) }
                try prepareExecutable(file)
            }
        } catch {
            switch error {
            // Whoever asks for the file is told so by its route.
            case .stopped, .unopened: break
            case .unstable, .system:
                logger.error(
                    "digest failed", metadata: ["file": "\(wanted.name)", "reason": "\(error.words)"])
            }
        }
    }

    /// The file whose digest is known afterwards. One that changes meanwhile is read again.
    @discardableResult
    private func digest(_ open: () throws(OpenFailure) -> OpenFile) throws(DigestFailure) -> OpenFile {
        for _ in 0..<8 {
            let file: OpenFile
            do throws(OpenFailure) { file = try open() } catch { throw .unopened(error) }
            if state.withLock({ $0.digests[file.identity] != nil }) { return file }
            let digest = try FileHash.sha256(of: file) { self.isStopping }
            do throws(SystemError) {
                guard try file.currentIdentity() == file.identity else { continue }
            } catch {
                throw .system(error)
            }
            state.withLock { Self.keep(digest, of: file.identity, in: &$0) }
            return file
        }
        throw .unstable
    }

    private static func keep(_ digest: String, of identity: FileIdentity, in state: inout State) {
        if state.digests.updateValue(digest, forKey: identity) == nil { state.order.append(identity) }
        while state.order.count > maximumDigests {
            state.digests[state.order.removeFirst()] = nil
        }
    }

    private func prepareExecutable(_ file: OpenFile) throws(DigestFailure) {
        let (digest, known) = state.withLock { ($0.digests[file.identity], $0.executable) }
        guard let digest, known?.identity != file.identity || known?.compressed == nil else { return }
        var executable = JoinExecutable(file, sha256: digest)
        // Without its compressed form it can be served already.
        state.withLock { $0.executable = executable }
        executable.compressed = try FileHash.compressed(file) { self.isStopping }
        state.withLock { $0.executable = executable }
    }
}

extension FileDigests.Wanted {
    fileprivate var name: String {
        switch self {
        case .boot(let path): path.text
        case .executable(let path): path
        }
    }
}

/// Why there is no digest.
enum DigestFailure: Error, Equatable {
    case unopened(OpenFailure)
    /// It changed each time while it was read.
    case unstable
    case system(SystemError)
    case stopped

    var words: String {
        switch self {
        case .unopened(let failure): "\(failure)"
        case .unstable: "the file is being written to"
        case .system(let error): error.description
        case .stopped: "the server stops"
        }
    }
}
