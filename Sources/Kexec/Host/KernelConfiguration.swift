import CZlib
public import SystemIO

/// How the running kernel was built: its `CONFIG_…` words that are `y` or `m`.
public struct KernelConfiguration: Equatable, Sendable {
    /// The file that told.
    public var path: String
    public var enabled: Set<String>

    public init(path: String, enabled: Set<String>) {
        self.path = path
        self.enabled = enabled
    }

    init(path: String, text: some StringProtocol) {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("CONFIG_") }
        let words = lines.compactMap { line -> String? in
            guard line.hasSuffix("=y") || line.hasSuffix("=m") else { return nil }
            return String(line.dropFirst(7).dropLast(2))
        }
        self.init(path: path, enabled: Set(words))
    }

    public func has(_ option: String) -> Bool { enabled.contains(option) }

    /// From `/proc/config.gz`, else from the file that distributions put beside the kernel; nil without either.
    public static func read(release: String, files: HostFiles = .live) -> KernelConfiguration? {
        let packed = "/proc/config.gz"
        if let bytes = files.bytes(packed), let plain = unpacked(bytes, limit: 4 << 20) {
            return KernelConfiguration(path: packed, text: String(decoding: plain, as: UTF8.self))
        }
        for path in [
            "/boot/config-\(release)", "/lib/modules/\(release)/config", "/usr/lib/modules/\(release)/config",
        ] {
            if let text = files.text(path) { return KernelConfiguration(path: path, text: text) }
        }
        return nil
    }

    /// What gzip packed; nil for anything else, and for more than `limit` bytes.
    static func unpacked(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var input = bytes
        var output = [UInt8](repeating: 0, count: limit)
        var stream = unsafe z_stream()
        // 16 says: gzip's header and no other.
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        let ended = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                return unsafe inflate(&stream, Z_FINISH) == Z_STREAM_END
            }
        }
        return ended ? Array(output.prefix(Int(unsafe stream.total_out))) : nil
    }
}
