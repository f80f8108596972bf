import BootFiles
import SystemIO

/// A reply on its way: bytes, and at places among them content of files, which goes from there to the socket.
///
/// The first four bytes are the record mark of a stream; a datagram leaves them out. One value is used again and again.
struct RPCReply {
    struct FilePart {
        /// How many of the bytes go before it.
        var position: Int
        var file: NodeDescriptor
        var offset: UInt64
        var count: Int
    }

    static let markBytes = 4

    var xdr = XDRWriter(capacity: 4096)
    private(set) var parts: [FilePart] = []

    mutating func begin() {
        xdr.removeAll()
        parts.removeAll(keepingCapacity: true)
        xdr.uint32(0)
    }

    /// Whether there is anything to send.
    var isEmpty: Bool { xdr.count <= Self.markBytes }

    /// Of the whole message, without its mark.
    var byteCount: Int { xdr.count - Self.markBytes + parts.reduce(0) { $0 + $1.count } }

    /// A variable-length opaque (RFC 4506 §4.10) that holds a file's bytes.
    mutating func content(_ content: NodeContent) {
        switch content {
        case .bytes(let bytes): xdr.opaque(bytes)
        case .file(let file, let offset, let count):
            xdr.uint32(UInt32(count))
            if count > 0 {
                parts.append(FilePart(position: xdr.count, file: file, offset: offset, count: count))
            }
            xdr.padding(of: count)
        }
    }

    /// Takes back what was written from `count` of the bytes on.
    mutating func shorten(to count: Int) {
        xdr.shorten(to: count)
        parts.removeAll { $0.position > count }
    }

    /// Fills in the mark of a record in one fragment (RFC 5531 §11).
    mutating func mark() { xdr.overwrite(1 << 31 | UInt32(byteCount), at: 0) }
}
