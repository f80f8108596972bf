import Glibc

/// The bytes of a file, or its first `limit + 1` when it is longer than `limit`.
public func contents(ofFile path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw .last("open \(path)") }
    let file = OwnedDescriptor(fd)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
        let count = unsafe read(file.rawValue, &buffer, buffer.count)
        if count == 0 { break }
        if count < 0 {
            if errno == EINTR { continue }
            throw .last("read \(path)")
        }
        bytes += buffer.prefix(count)
    }
    return Array(bytes.prefix(limit + 1))
}
