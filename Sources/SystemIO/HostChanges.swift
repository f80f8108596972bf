import Glibc

/// What is written to a host: service files and flags.
extension HostFiles {
    /// Makes a folder and those above it; one that is there stays as it is.
    public func makeFolder(_ path: String, mode: UInt32) throws(SystemError) {
        var partial = root
        for segment in path.split(separator: "/") {
            partial += "/" + segment
            guard unsafe mkdir(partial, mode_t(mode)) == 0 || errno == EEXIST else {
                throw .last("make the folder \(partial)")
            }
        }
    }

    /// Replaces a file as a whole: who reads it sees the old or the new one.
    public func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(SystemError) {
        try replace(path, mode: mode) { (fd) throws(SystemError) in
            var written = 0
            while written < bytes.count {
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(fd, $0.baseAddress.map { unsafe $0 + written }, bytes.count - written)
                }
                guard count > 0 else { throw .last("write \(path)") }
                written += count
            }
        }
    }

    /// Copies a file of this host (not beneath the root) to `path`.
    public func copy(_ source: String, to path: String, mode: UInt32) throws(SystemError) {
        let fd = unsafe open(source, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw .last("open \(source)") }
        let from = OwnedDescriptor(fd)
        try replace(path, mode: mode) { (to) throws(SystemError) in
            while true {
                let count = sendfile(to, from.rawValue, nil, 1 << 20)
                guard count >= 0 else { throw .last("copy \(source) to \(path)") }
                if count == 0 { return }
            }
        }
    }

    /// - Returns: whether there was something to remove.
    @discardableResult
    public func remove(_ path: String) -> Bool { unsafe unlink(root + path) == 0 }

    private func replace(
        _ path: String, mode: UInt32, _ fill: (CInt) throws(SystemError) -> Void
    ) throws(SystemError) {
        let temporary = root + path + ".new"
        let fd = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode_t(mode))
        guard fd >= 0 else { throw .last("write \(root + path)") }
        let file = OwnedDescriptor(fd)
        do throws(SystemError) {
            // The mode above was subject to the umask.
            guard fchmod(fd, mode_t(mode)) == 0 else { throw .last("set the mode of \(path)") }
            try fill(file.rawValue)
            guard unsafe rename(temporary, root + path) == 0 else { throw .last("write \(root + path)") }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }
}
