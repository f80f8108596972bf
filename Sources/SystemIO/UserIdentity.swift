import CLinux
import Glibc

/// A user of this host, as far as files and processes are concerned.
public struct UserIdentity: Equatable, Sendable {
    public var name: String
    public var userID: UInt32
    public var groupID: UInt32

    public init(name: String, userID: UInt32, groupID: UInt32) {
        self.name = name
        self.userID = userID
        self.groupID = groupID
    }

    /// Nil when there is no user of that name.
    public init?(name: String) {
        var entry = unsafe passwd()
        var buffer = [CChar](repeating: 0, count: 16_384)
        var found: UnsafeMutablePointer<passwd>?
        guard unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil
        else { return nil }
        self.name = name
        userID = unsafe entry.pw_uid
        groupID = unsafe entry.pw_gid
    }

    /// Who runs this process.
    public static var current: UserIdentity {
        UserIdentity(name: geteuid() == 0 ? "root" : "\(geteuid())", userID: geteuid(), groupID: getegid())
    }

    public var isRoot: Bool { userID == 0 }
}
