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

    /// Makes a folder (and those above it) that belongs to `user`; one that is there already is given to it.
    public static func provideFolder(_ path: String, for user: UserIdentity?) throws(SystemError) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for segment in path.split(separator: "/") {
            partial += segment + "/"
            guard unsafe mkdir(partial, 0o755) == 0 || errno == EEXIST else {
                throw .last("make the folder \(partial)")
            }
        }
        guard let user, UserIdentity.current.isRoot else { return }
        guard unsafe chown(path, user.userID, user.groupID) == 0 else {
            throw .last("give the folder \(path) to \(user.name)")
        }
    }
}
