import CLinux
import Glibc

/// What this process may do.
public enum Privileges {
    /// Turns root into an ordinary user for good, with `CAP_NET_BIND_SERVICE` and `CAP_NET_RAW` and nothing else
    /// (a reload may need them). To be called before any other thread is started.
    public static func become(_ user: UserIdentity) throws(SystemError) {
        let kept = UInt64(1) << UInt64(CAP_NET_BIND_SERVICE) | UInt64(1) << UInt64(CAP_NET_RAW)
        guard netbootd_become(user.userID, user.groupID, kept) == 0 else {
            throw .last("become the user \(user.name)")
        }
    }

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
