import Glibc
public import SystemIO

/// A folder under `/tmp` that goes, with all that is in it, when its owner goes.
public final class TemporaryFolder {
    public let path: String

    public init() throws(SystemError) {
        // mkdtemp(3) puts six characters of its own where the X stand.
        var template = Array("/tmp/netbootd-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("make a folder", code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// What is in it, in alphabetical order.
    public var files: [String] { Self.names(in: path).sorted() }

    /// Writes a file, and the folders above it.
    public func write(_ name: String, _ content: [UInt8]) throws(SystemError) {
        var parent = path
        for segment in name.split(separator: "/").dropLast() {
            parent += "/" + segment
            unsafe mkdir(parent, 0o755)
        }
        let fd = unsafe open("\(path)/\(name)", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError("open \(name)", code: errno) }
        let file = OwnedDescriptor(fd)
        guard unsafe Glibc.write(file.rawValue, content, content.count) == content.count else {
            throw SystemError("write \(name)", code: errno)
        }
    }

    public func write(_ name: String, _ text: String) throws(SystemError) {
        try write(name, Array(text.utf8))
    }

    public func read(_ name: String) throws -> [UInt8] {
        let file = try FileRoot(path: path).open(name)
        return try file.bytes(at: 0, count: Int(file.byteCount))
    }

    public func link(_ name: String, to target: String) { unsafe symlink(target, "\(path)/\(name)") }

    private static func remove(_ path: String) {
        for name in names(in: path) {
            // A link is removed, not followed.
            if unsafe unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        }
        unsafe rmdir(path)
    }

    private static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
