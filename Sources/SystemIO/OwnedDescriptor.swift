import Glibc

/// A file descriptor that is closed when its owner goes.
public struct OwnedDescriptor: ~Copyable, Sendable {
    public let rawValue: CInt

    /// Takes over an open descriptor.
    public init(_ rawValue: CInt) { self.rawValue = rawValue }

    /// Gives the descriptor up to somebody else who will close it.
    public consuming func release() -> CInt {
        let value = rawValue
        discard self
        return value
    }

    deinit { close(rawValue) }
}
