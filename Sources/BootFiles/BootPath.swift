/// A path in the tree, the same on every protocol: relative, without `.`, `..` or empty segments.
public struct BootPath: Hashable, Sendable, CustomStringConvertible {
    /// `alpine/vmlinuz-lts`; empty for the tree itself.
    public let text: String

    public var description: String { text }

    public var segments: [Substring] { text.split(separator: "/") }

    /// What is wrong with a requested path.
    public enum Refusal: Error, Equatable, Sendable {
        case empty
        /// More than `BootPath.maximumBytes`.
        case tooLong(byteCount: Int)
        /// A NUL or another control byte, at this offset.
        case controlByte(UInt8, offset: Int)
        /// A `..` segment.
        case climbs
        case notUTF8
    }

    /// Linux's own limit for a path is 4096 with its NUL; loaders stay far below this.
    public static let maximumBytes = 1024

    /// Takes a path as a client sent it.
    ///
    /// Backslashes become slashes (Windows PE), leading and doubled slashes go (pxelinux), and so does one last
    /// byte 0xFF (ROMs that read past an unterminated option 67). Nothing is percent-decoded here: HTTP does
    /// that once, before.
    public init(requested bytes: some Collection<UInt8>) throws(Refusal) {
        var bytes = Array(bytes)
        if bytes.last == 0xff { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Self.maximumBytes else { throw .tooLong(byteCount: bytes.count) }
        for (offset, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x7f {
            throw .controlByte(byte, offset: offset)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        var segments: [Substring] = []
        for segment in text.split(whereSeparator: { $0 == "/" || $0 == "\\" }) where segment != "." {
            guard segment != ".." else { throw .climbs }
            segments.append(segment)
        }
        self.text = segments.joined(separator: "/")
    }

    /// Takes a path from the configuration or from our own code.
    public init(_ text: String) throws(Refusal) { try self.init(requested: Array(text.utf8)) }
}
