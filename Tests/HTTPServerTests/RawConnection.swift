import Glibc
import SystemIO

/// A TCP connection whose bytes a test writes and reads as they are on the wire.
final class RawConnection {
    private let descriptor: OwnedDescriptor

    /// To a port of 127.0.0.1, from `source` (any address of 127/8 is this host's).
    init(port: UInt16, from source: String = "127.0.0.1", receiveBufferBytes: CInt? = nil) throws {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard fd >= 0 else { throw Failure(operation: "socket", code: errno) }
        descriptor = OwnedDescriptor(fd)
        if var bytes = receiveBufferBytes {
            unsafe setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        try check(unsafe Self.with(address: source, port: 0) { unsafe bind(fd, $0, $1) }, "bind")
        try check(
            unsafe Self.with(address: "127.0.0.1", port: port) { unsafe connect(fd, $0, $1) }, "connect")
    }

    struct Failure: Error {
        var operation: String
        var code: CInt
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        try check(
            CInt(unsafe Glibc.send(descriptor.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL))), "send")
    }

    /// Up to `count` bytes; none at the end of the connection. - Throws: after ten seconds of silence.
    func receive(_ count: Int = 65536) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let length = unsafe recv(descriptor.rawValue, buffer.baseAddress, count, 0)
            filled = max(0, length)
            try check(CInt(clamping: length), "recv")
        }
    }

    /// Everything until the server closes.
    func receiveAll() throws -> String {
        var bytes: [UInt8] = []
        while case let more = try receive(), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One reply: its header lines with the empty line after them, and a body of `Content-Length` bytes.
    func receiveReply(withBody: Bool = true) throws -> (header: String, body: [UInt8]) {
        var bytes: [UInt8] = []
        while bytes.suffix(4) != Array("\r\n\r\n".utf8)[...] {
            let next = try receive(1)
            guard !next.isEmpty else { throw Failure(operation: "read a header, got '\(bytes)'", code: 0) }
            bytes += next
        }
        let header = String(decoding: bytes, as: UTF8.self)
        let length = header.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
            .flatMap { Int($0.dropFirst(16)) }
        var body: [UInt8] = []
        while withBody, let length, body.count < length {
            let more = try receive(min(65536, length - body.count))
            guard !more.isEmpty else { break }
            body += more
        }
        return (header, body)
    }

    /// Whether the server has closed within ten seconds.
    func isClosed() -> Bool {
        do { return try receive(1).isEmpty } catch { return (error as? Failure)?.code == ECONNRESET }
    }

    private func check(_ result: CInt, _ operation: String) throws {
        if result < 0 { throw Failure(operation: operation, code: errno) }
    }

    private static func with(
        address: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var socketAddress = sockaddr_in()
        socketAddress.sin_family = sa_family_t(AF_INET)
        socketAddress.sin_port = port.bigEndian
        unsafe inet_pton(AF_INET, address, &socketAddress.sin_addr)
        return unsafe withUnsafePointer(to: &socketAddress) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
