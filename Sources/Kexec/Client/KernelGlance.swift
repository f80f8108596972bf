public import BootCore

/// What the beginning of a kernel on a server tells, before all of it is fetched.
public struct KernelGlance: Equatable, Sendable {
    /// `uname -m` of the machines that it is for; nil when its first bytes do not tell.
    public var machine: String?
    /// The memory that it takes while it unpacks itself, in bytes.
    public var initByteCount: Int64?
    /// Of the file.
    public var byteCount: Int64?

    /// Setup headers end far before it, and a PE file's machine number stands there, too.
    private static let headBytes = 4096

    /// - Parameter head: the file's first bytes; fewer tell less.
    init(head: [UInt8], byteCount: Int64? = nil) {
        self.byteCount = byteCount
        if head.hasBytes(LinuxHeader.magic, at: 0x202) {
            // Whether the file is whole is seen once it is here.
            guard let header = try? LinuxHeader(head: head, fileByteCount: .max) else { return }
            machine = header.hasLongEntry ? "x86_64" : "i386"
            initByteCount = header.initialByteCount == 0 ? nil : Int64(clamping: header.initialByteCount)
        } else if head.hasBytes("ARM\u{64}".utf8, at: 0x38) {
            machine = "aarch64"
            initByteCount = head.little(UInt64.self, at: 0x10).flatMap { $0 == 0 ? nil : Int64(clamping: $0) }
        } else if head.hasBytes("MZ".utf8, at: 0), let start = head.little(UInt32.self, at: 0x3c),
            head.hasBytes([0x50, 0x45, 0, 0], at: Int(start))
        {
            // EFI zboot and unified images say it as every PE file does.
            switch head.little(UInt16.self, at: Int(start) + 4) {
            case 0x8664: machine = "x86_64"
            case 0xaa64: machine = "aarch64"
            case .none, .some: break
            }
        }
    }

    /// Asks the server for the first bytes alone.
    ///
    /// - Returns: nil when the connection breaks; the fetch, which tries again, will tell.
    /// - Throws: when the server has no such file, or does not give it.
    public static func of(
        _ kernel: JoinArtifact, by client: HTTPClient
    ) throws(FetchError) -> KernelGlance? {
        guard let url = try? HTTPURL(kernel.url) else { return nil }
        let range = (name: "Range", value: "bytes=0-\(headBytes - 1)")
        guard let response = try? client.open(HTTPRequest(.get, url, fields: [range])) else { return nil }
        // The connection is good for more only if this body is short.
        defer { if response.status != 206 { client.drop() } }
        switch response.status {
        case 200, 206: break
        case 400..<500 where ![408, 416, 425, 429].contains(response.status):
            throw .status(url, response.status, attempts: 1)
        case _: return nil
        }
        var head = [UInt8](repeating: 0, count: headBytes)
        var filled = 0
        while filled < head.count {
            let count = unsafe head.withUnsafeMutableBytes { buffer in
                unsafe try? client.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            }
            guard let count else { return nil }
            if count == 0 { break }
            filled += count
        }
        let total = response.status == 206 ? response.head.contentRange?.total : response.bodyByteCount
        return KernelGlance(head: Array(head[..<filled]), byteCount: total)
    }
}
