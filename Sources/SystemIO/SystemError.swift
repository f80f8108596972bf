import Glibc

/// A system call that failed, with its errno.
public struct SystemError: Error, Equatable, Sendable {
    /// What was attempted, in words: "bind UDP port 67".
    public let operation: String
    public let code: CInt

    public init(_ operation: String, code: CInt) {
        self.operation = operation
        self.code = code
    }

    /// Reads errno, so it must be made before any other call.
    static func last(_ operation: @autoclosure () -> String) -> SystemError {
        let code = errno
        return SystemError(operation(), code: code)
    }

    public var isAddressInUse: Bool { code == EADDRINUSE }
    public var isPermission: Bool { code == EACCES || code == EPERM }
    public var isMissing: Bool { code == ENOENT }
    public var isTimeout: Bool { code == ETIMEDOUT }
    /// The socket's or the interface's buffer is full for the moment.
    public var isBufferFull: Bool { code == EAGAIN || code == ENOBUFS }
    /// What Linux answers where it cannot cut these segments for this peer: a route with a smaller MTU, say.
    public var isSegmentationRefusal: Bool {
        isSegmentationUnsupported || code == EINVAL || code == EMSGSIZE
    }
    /// What Linux answers where it cuts no segments at all: a device without checksum offload.
    public var isSegmentationUnsupported: Bool {
        code == EIO || code == EOPNOTSUPP || code == ENOPROTOOPT
    }
}

extension SystemError: CustomStringConvertible {
    public var description: String { "\(operation): \(Self.text(of: code))" }

    /// The C library's words for an errno.
    public static func text(of code: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
