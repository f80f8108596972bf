/// The one's-complement sum of RFC 1071, over 16-bit words.
struct InternetChecksum {
    private var sum: UInt32 = 0

    /// Adds bytes; an odd last byte is padded with zero, so only the last call may have one.
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            add(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]))
            index += 2
        }
        if index < bytes.endIndex { add(UInt16(bytes[index]) << 8) }
    }

    mutating func add(_ word: UInt16) {
        sum += UInt32(word)
        sum = (sum & 0xffff) + (sum >> 16)
    }

    mutating func add(_ address: IPv4Address) {
        add(UInt16(truncatingIfNeeded: address.rawValue >> 16))
        add(UInt16(truncatingIfNeeded: address.rawValue))
    }

    var value: UInt16 { ~UInt16(truncatingIfNeeded: (sum & 0xffff) + (sum >> 16)) }
}

/// An Ethernet frame that carries one unfragmented IPv4 UDP datagram.
///
/// What a server needs to reach a client that has no address yet and so cannot answer ARP (RFC 2131 §4.1).
public struct UDPFrame: Equatable, Sendable {
    public var sourceMAC: MACAddress
    public var destinationMAC: MACAddress
    public var source: IPv4Endpoint
    public var destination: IPv4Endpoint
    public var payload: [UInt8]

    public init(
        sourceMAC: MACAddress, destinationMAC: MACAddress, source: IPv4Endpoint, destination: IPv4Endpoint,
        payload: [UInt8]
    ) {
        self.sourceMAC = sourceMAC
        self.destinationMAC = destinationMAC
        self.source = source
        self.destination = destination
        self.payload = payload
    }

    /// The most bytes that fit into an IPv4 datagram after its 20-byte header and UDP's 8.
    public static let maximumPayloadBytes = 65_535 - 28

    /// The frame's bytes, without the padding and check sequence that the NIC adds.
    ///
    /// The payload must be at most `maximumPayloadBytes` long.
    public func encoded() -> [UInt8] {
        precondition(payload.count <= Self.maximumPayloadBytes)
        let udpLength = UInt16(8 + payload.count)
        var writer = ByteWriter(capacity: 42 + payload.count)
        writer.write(destinationMAC)
        writer.write(sourceMAC)
        writer.write(UInt16(0x0800))

        writer.write(UInt16(0x4500))
        writer.write(20 + udpLength)
        writer.write(UInt32(0))  // identification; neither DF nor a fragment, as relays and old ROMs expect
        writer.write(UInt16(64 << 8 | 17))
        writer.write(UInt16(0))
        writer.write(source.address)
        writer.write(destination.address)
        var checksum = InternetChecksum()
        checksum.add(writer.bytes[14..<34])
        writer.overwrite(checksum.value, at: 24)

        writer.write(source.port)
        writer.write(destination.port)
        writer.write(udpLength)
        writer.write(UInt16(0))
        writer.write(payload)
        checksum = InternetChecksum()
        checksum.add(source.address)
        checksum.add(destination.address)
        checksum.add(UInt16(17))
        checksum.add(udpLength)
        checksum.add(writer.bytes[34...])
        writer.overwrite(checksum.value == 0 ? 0xffff : checksum.value, at: 40)
        return writer.bytes
    }
}
