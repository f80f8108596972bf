import Glibc

/// The files with which a Linux tells of itself (`/proc`, `/sys`, `/etc`, `/boot`), beneath a root that tests choose.
public struct HostFiles: Sendable {
    /// Without a slash at its end; empty for the host itself.
    public let root: String

    public static let live = HostFiles(root: "")

    public init(root: String) { self.root = root }

    public func path(_ path: String) -> String { root + path }

    /// The bytes of a file up to `limit`; nil when it is not there or may not be read.
    public func bytes(_ path: String, limit: Int = 4 << 20) -> [UInt8]? {
        (try? contents(ofFile: root + path, limit: limit - 1))
    }

    /// The same as text without white space at its end.
    public func text(_ path: String) -> String? {
        guard let bytes = bytes(path) else { return nil }
        let end = bytes.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    public func exists(_ path: String) -> Bool { unsafe access(root + path, F_OK) == 0 }

    /// The names in a folder, sorted, without `.` and `..`; empty when it is not there.
    public func names(inFolder path: String) -> [String] { SystemIO.names(inFolder: root + path).sorted() }

    /// Where a symbolic link leads, as it is written; nil when it is none.
    public func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(root + path, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
