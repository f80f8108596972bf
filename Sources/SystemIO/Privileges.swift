import CLinux
import Glibc

/// What this process may do.
public enum Privileges {
    /// What servers may need at any time: a reload opens ports, too.
    private static let servers = mask(CAP_NET_BIND_SERVICE, CAP_NET_RAW)
    /// Reads every file and enters every folder, and no more than that.
    private static let readingAll = mask(CAP_DAC_READ_SEARCH)

    private static func mask(_ capabilities: CInt...) -> UInt64 {
        capabilities.reduce(0) { $0 | UInt64(1) << UInt64($1) }
    }

    /// Turns root into an ordinary user for good, with `CAP_NET_BIND_SERVICE` and `CAP_NET_RAW` and nothing else
    /// (a reload may need them). To be called before any other thread is started.
    ///
    /// - Parameter readingAllFiles: with `CAP_DAC_READ_SEARCH`, too, until `giveUpReadingAllFiles`.
    public static func become(_ user: UserIdentity, readingAllFiles: Bool = false) throws(SystemError) {
        let kept = servers | (readingAllFiles ? readingAll : 0)
        guard netbootd_become(user.userID, user.groupID, kept) == 0 else {
            throw .last("become the user \(user.name)")
        }
    }

    /// Leaves the calling thread, and those that it starts from now on, without `CAP_DAC_READ_SEARCH`. Threads that
    /// were started before keep it.
    public static func giveUpReadingAllFiles() throws(SystemError) {
        guard netbootd_cap_drop(readingAll) == 0 else { throw .last("give up a capability") }
    }

    /// Whether this thread may read every file.
    public static var mayReadAllFiles: Bool { netbootd_cap_effective() & readingAll != 0 }

    /// Allows as many open files as this process may have at all: each transfer takes one or two.
    public static func raiseDescriptorLimit() throws(SystemError) {
        guard netbootd_raise_descriptor_limit() > 0 else { throw .last("raise the limit of open files") }
    }

    /// Makes a folder (and those above it) that belongs to `user`.
    ///
    /// One that is there already is given to the user with those files in it whose names start with `prefix`,
    /// if it is empty or has such a file: nobody's home or `/var/lib` is to change hands by a slip of the pen.
    ///
    /// - Throws: EEXIST for a folder that holds something else.
    public static func provideFolder(
        _ path: String, for user: UserIdentity, filesNamed prefix: String
    ) throws(SystemError) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for segment in path.split(separator: "/") {
            partial += segment + "/"
            guard unsafe mkdir(partial, 0o755) == 0 || errno == EEXIST else {
                throw .last("make the folder \(partial)")
            }
        }
        guard !folder(path, belongsTo: user) else { return }
        guard mayGiveFolder(path, filesNamed: prefix) else {
            throw SystemError("give \(path), which holds other things, to \(user.name)", code: EEXIST)
        }
        let files = names(inFolder: path).filter { $0.hasPrefix(prefix) }.map { "\(path)/\($0)" }
        for item in files + [path] {
            guard unsafe lchown(item, user.userID, user.groupID) == 0 else {
                throw .last("give \(item) to \(user.name)")
            }
        }
    }

    /// Whether `provideFolder` would give an existing folder away.
    public static func mayGiveFolder(_ path: String, filesNamed prefix: String) -> Bool {
        let contents = names(inFolder: path)
        return contents.isEmpty || contents.contains { $0.hasPrefix(prefix) }
    }

    private static func folder(_ path: String, belongsTo user: UserIdentity) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_uid == user.userID
    }
}
