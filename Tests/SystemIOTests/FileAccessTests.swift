import Glibc
import SystemIO
import Testing

@Suite("Files and folders, as another user finds them")
struct FileAccessTests {
    private static let nobody: UInt32 = 65534
    private static let isRoot = geteuid() == 0

    private func errorOfFolder(_ path: String, forWriting: Bool = false) -> CInt? {
        do throws(SystemError) {
            try checkFolder(path, forWriting: forWriting)
            return nil
        } catch {
            return error.code
        }
    }

    /// A folder that goes when `body` is done.
    private func withFolder(mode: mode_t, _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/netbootd-access-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        unsafe chmod(path, mode)
        defer {
            unsafe unlink(path + "/file")
            unsafe rmdir(path)
        }
        try body(path)
    }

    @Test("A folder is checked without touching it")
    func folders() throws {
        try withFolder(mode: 0o700) { path in
            #expect(errorOfFolder(path) == nil && errorOfFolder(path, forWriting: true) == nil)
            #expect(errorOfFolder(path + "/absent") == ENOENT)
            let file = OwnedDescriptor(unsafe open(path + "/file", O_CREAT | O_WRONLY, 0o600))
            #expect(file.rawValue >= 0)
            #expect(errorOfFolder(path + "/file") == ENOTDIR)
        }
    }

    @Test("Root sees a folder and a file as another user does, and is itself again", .enabled(if: isRoot))
    func identity() throws {
        try withFolder(mode: 0o711) { path in
            let file = OwnedDescriptor(unsafe open(path + "/file", O_CREAT | O_WRONLY, 0o600))
            #expect(file.rawValue >= 0)
            func readable() -> Bool {
                let fd = unsafe open(path + "/file", O_RDONLY)
                if fd >= 0 { close(fd) }
                return fd >= 0
            }
            #expect(readable())
            let asNobody = try withFileSystemIdentity(userID: Self.nobody, groupID: Self.nobody) {
                (readable(), errorOfFolder(path), errorOfFolder(path, forWriting: true))
            }
            #expect(asNobody == (false, nil, EACCES))
            #expect(readable() && errorOfFolder(path, forWriting: true) == nil)
            unsafe chmod(path, 0o700)
            let shut = try withFileSystemIdentity(userID: Self.nobody, groupID: Self.nobody) {
                errorOfFolder(path)
            }
            #expect(shut == EACCES)
        }
    }

    @Test("Root's groups do not help, and come back", .enabled(if: isRoot))
    func groups() throws {
        let before = groupsOfThread()
        try withFolder(mode: 0o750) { path in
            let state = try withFileSystemIdentity(userID: Self.nobody, groupID: Self.nobody) {
                (groupsOfThread(), errorOfFolder(path))
            }
            #expect(state.0 == "" && state.1 == EACCES)
        }
        #expect(groupsOfThread() == before)
    }

    /// The line of `/proc/thread-self/status`, without its name.
    private func groupsOfThread() -> String? {
        guard let bytes = try? contents(ofFile: "/proc/thread-self/status", limit: 1 << 16) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("Groups:") }
            .map { String($0.dropFirst("Groups:".count).filter { $0 != " " && $0 != "\t" }) }
    }

    @Test("A file is read up to its limit and one byte more, by which one sees that it is longer")
    func fileContents() throws {
        let whole = try contents(ofFile: "/proc/self/comm", limit: 100)
        #expect(!whole.isEmpty)
        #expect(try contents(ofFile: "/proc/self/comm", limit: 1).count == 2)
        #expect(throws: SystemError.self) { try contents(ofFile: "/proc/absent", limit: 1) }
    }
}
