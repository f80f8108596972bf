import CLinux
import Glibc

/// Does `body` as the kernel would let another user do it with files; nothing else of this thread changes.
///
/// Only root can do that. The user has no groups beside its own, like a server that gave up root.
///
/// - Throws: when the kernel does not allow the change; then `body` has not been called.
public func withFileSystemIdentity<Result>(
    userID: UInt32, groupID: UInt32, _ body: () -> Result
) throws(SystemError) -> Result {
    let formerUser = geteuid()
    let formerGroup = getegid()
    let groupCount = getgroups(0, nil)
    var formerGroups = [gid_t](repeating: 0, count: max(0, Int(groupCount)))
    guard groupCount >= 0, unsafe getgroups(groupCount, &formerGroups) == groupCount,
        netbootd_thread_groups(0, nil) == 0
    else { throw .last("drop the groups of a thread") }
    defer {
        let isBack =
            netbootd_thread_file_identity(formerUser, formerGroup) == 0
            && (unsafe netbootd_thread_groups(formerGroups.count, formerGroups)) == 0
        precondition(isBack, "a thread that cannot become itself again must not go on")
    }
    guard netbootd_thread_file_identity(userID, groupID) == 0 else {
        throw .last("use files as the user \(userID)")
    }
    return body()
}

/// Checks that this thread may enter a folder, and may make files in it if `forWriting`.
///
/// - Throws: ENOENT and ENOTDIR as the kernel tells them, EACCES, EROFS.
public func checkFolder(_ path: String, forWriting: Bool = false) throws(SystemError) {
    let mode = X_OK | (forWriting ? W_OK : 0)
    // With "/." a file in the folder's place is ENOTDIR.
    guard unsafe netbootd_accessible(path + "/.", mode) == 0 else {
        throw .last(forWriting ? "write into \(path)" : "enter \(path)")
    }
}

/// The names in a folder, without `.` and `..`; none when it cannot be read.
func names(inFolder path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    return unsafe names(inOpenFolder: folder)
}

/// The same of a folder that is open; it is closed.
func names(inOpenFolder folder: OpaquePointer) -> [String] {
    defer { unsafe closedir(folder) }
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
        // An entry is as long as it says, and most often shorter than the type.
        let bytes = unsafe UnsafeRawBufferPointer(
            start: entry, count: min(Int(entry.pointee.d_reclen), MemoryLayout<dirent>.size))
        let name = unsafe String(
            decoding: bytes.dropFirst(nameOffset).prefix { $0 != 0 }, as: UTF8.self)
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
