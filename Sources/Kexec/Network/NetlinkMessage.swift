import Wire

/// Bytes from the kernel that are no netlink messages.
enum NetlinkError: Error, Equatable {
    /// A length at `offset` says `length`, which is less than its own header or more than the `available` bytes.
    case badLength(offset: Int, length: Int, available: Int)
}

/// One message of rtnetlink(7), without its header.
struct NetlinkMessage: Equatable {
    var type: UInt16
    var flags: UInt16
    var body: [UInt8]

    static let headerBytes = 16

    /// All messages of one datagram.
    static func messages(in datagram: [UInt8]) throws(NetlinkError) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var offset = 0
        while offset < datagram.count {
            let available = datagram.count - offset
            let length = Int(datagram.hostWord32(at: offset) ?? 0)
            guard length >= headerBytes, length <= available else {
                throw .badLength(offset: offset, length: length, available: available)
            }
            messages.append(
                NetlinkMessage(
                    type: datagram.hostWord16(at: offset + 4) ?? 0,
                    flags: datagram.hostWord16(at: offset + 6) ?? 0,
                    body: Array(datagram[offset + headerBytes..<offset + length])))
            offset += (length + 3) & ~3
        }
        return messages
    }

    /// The attributes from `offset` of the body on, in their order.
    func attributes(from offset: Int) throws(NetlinkError) -> [NetlinkAttribute] {
        try NetlinkAttribute.attributes(in: body, from: offset)
    }
}

struct NetlinkAttribute: Equatable {
    var type: UInt16
    var value: [UInt8]

    static func attributes(in bytes: [UInt8], from start: Int = 0) throws(NetlinkError) -> [NetlinkAttribute]
    {
        var attributes: [NetlinkAttribute] = []
        var offset = start
        // Fewer than four bytes at the end are padding.
        while offset + 4 <= bytes.count {
            let length = Int(bytes.hostWord16(at: offset) ?? 0)
            guard length >= 4, offset + length <= bytes.count else {
                throw .badLength(offset: offset, length: length, available: bytes.count - offset)
            }
            // The two highest bits say "nested" and "big-endian".
            let type = (bytes.hostWord16(at: offset + 2) ?? 0) & 0x3fff
            attributes.append(NetlinkAttribute(type: type, value: Array(bytes[offset + 4..<offset + length])))
            offset += (length + 3) & ~3
        }
        return attributes
    }

    /// Text up to its NUL.
    var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
    var number: UInt32? { value.hostWord32(at: 0) }
}

/// All hosts that Linux can kexec on and netbootd knows are little-endian.
extension [UInt8] {
    func hostWord16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset + 2 <= count else { return nil }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func hostWord32(at offset: Int) -> UInt32? {
        guard let low = hostWord16(at: offset), let high = hostWord16(at: offset + 2) else { return nil }
        return UInt32(low) | UInt32(high) << 16
    }
}

/// What is asked of the kernel.
enum NetlinkRequest {
    static let newLink: UInt16 = 16
    static let newAddress: UInt16 = 20
    static let newRoute: UInt16 = 24
    static let newNeighbour: UInt16 = 28

    private static let dump: UInt16 = 0x300
    /// RTEXT_FILTER_SKIP_STATS: they are a third of the answer.
    private static let skipStatistics: [UInt8] = [8, 0, 29, 0, 8, 0, 0, 0]

    /// Every link, with its kind and its permanent address.
    static let links = message(18, dump, [UInt8](repeating: 0, count: 16) + skipStatistics)

    /// Every address of both families.
    static let addresses = message(22, dump, [UInt8](repeating: 0, count: 8))

    /// Which neighbour has which hardware address: `AF_INET`, `AF_INET6`, or `AF_BRIDGE` for what bridges learned.
    static func neighbours(family: UInt8) -> [UInt8] {
        message(30, dump, [family] + [UInt8](repeating: 0, count: 11))
    }

    /// The route that a packet to `destination` takes.
    static func route(to destination: IPAddress) -> [UInt8] {
        let bytes = destination.bytes
        let family: UInt8 = bytes.count == 4 ? 2 : 10
        let attribute = [UInt8(4 + bytes.count), 0, 1, 0] + bytes
        return message(
            26, 0, [family, UInt8(8 * bytes.count)] + [UInt8](repeating: 0, count: 10) + attribute)
    }

    private static func message(_ type: UInt16, _ flags: UInt16, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(NetlinkMessage.headerBytes + body.count)
        let request = flags | 1
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            + [UInt8(truncatingIfNeeded: type), UInt8(type >> 8)]
            + [UInt8(truncatingIfNeeded: request), UInt8(request >> 8), 1, 0, 0, 0, 0, 0, 0, 0] + body
    }
}
