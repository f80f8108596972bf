import Wire

/// Why bytes are no DHCP message.
enum DHCPMessageError: Error, Equatable {
    /// Shorter than the header with its cookie.
    case tooShort(bytes: Int)
    case tooLong(bytes: Int)
    /// No magic cookie: BOOTP as of 1985, or something else.
    case noCookie
    case hardwareAddressTooLong(UInt8)
    /// This option's length leads out of the options, or out of `file` or `sname`.
    case truncatedOption(UInt8, offset: Int)
    case tooManyOptions(limit: Int)
}

/// A DHCP message as it came: the header's fields that a server heeds, and the options as one array with ranges
/// into it (RFC 2131 §2, options of RFC 2132 from byte 240).
struct DHCPMessage: Equatable, Sendable {
    let operation: UInt8
    /// `xid`.
    let transactionID: UInt32
    let flags: UInt16
    /// `ciaddr`.
    let clientAddress: IPv4Address
    /// `giaddr`.
    let relayAddress: IPv4Address
    /// `chaddr`, as far as `hlen` makes it count.
    let hardwareAddress: HardwareAddress

    /// The whole datagram.
    let bytes: [UInt8]
    /// Where each option's value lies in `bytes`, in the order of RFC 3396: options, `file`, `sname`.
    private let entries: [Entry]
    private let present: DHCPOptionSet

    private struct Entry: Equatable {
        var code: UInt8
        var lower: UInt16
        var upper: UInt16
    }

    static let requestOperation: UInt8 = 1
    static let replyOperation: UInt8 = 2
    static let broadcastFlag: UInt16 = 0x8000
    static let headerBytes = 240
    static let cookie: UInt32 = 0x6382_5363
    static let hardwareAddressField = 28..<44
    static let serverNameField = 44..<108
    static let bootFileField = 108..<236
    /// More than any client sends; it bounds the work for one packet.
    static let maximumOptions = 256
    static let maximumBytes = Int(UInt16.max)

    init(parsing span: Span<UInt8>) throws(DHCPMessageError) {
        guard span.count >= Self.headerBytes else { throw .tooShort(bytes: span.count) }
        guard span.count <= Self.maximumBytes else { throw .tooLong(bytes: span.count) }
        let bytes = span.toArray()
        self.bytes = bytes
        func word(_ offset: Int) -> UInt32 {
            UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
                | UInt32(bytes[offset + 3])
        }
        guard word(236) == Self.cookie else { throw .noCookie }
        guard
            let hardwareAddress = HardwareAddress(
                type: bytes[1], length: bytes[2], field: bytes[Self.hardwareAddressField])
        else { throw .hardwareAddressTooLong(bytes[2]) }
        operation = bytes[0]
        transactionID = word(4)
        flags = UInt16(truncatingIfNeeded: word(8))
        clientAddress = IPv4Address(rawValue: word(12))
        relayAddress = IPv4Address(rawValue: word(24))
        self.hardwareAddress = hardwareAddress

        var entries: [Entry] = []
        entries.reserveCapacity(20)
        try Self.walk(bytes, in: Self.headerBytes..<bytes.count, into: &entries)
        let overload =
            entries.first { $0.code == DHCPOptionCode.overload.rawValue }
            .flatMap { $0.upper == $0.lower + 1 ? bytes[Int($0.lower)] : nil } ?? 0
        if overload & 1 != 0 { try Self.walk(bytes, in: Self.bootFileField, into: &entries) }
        if overload & 2 != 0 { try Self.walk(bytes, in: Self.serverNameField, into: &entries) }
        self.entries = entries
        var present = DHCPOptionSet()
        for entry in entries { present.insert(entry.code) }
        self.present = present
    }

    /// Notes the options in one field. An END may be missing, as it is from some old clients.
    private static func walk(
        _ bytes: [UInt8], in field: Range<Int>, into entries: inout [Entry]
    ) throws(DHCPMessageError) {
        var offset = field.lowerBound
        while offset < field.upperBound {
            let code = bytes[offset]
            if code == DHCPOptionCode.end.rawValue { return }
            if code == DHCPOptionCode.pad.rawValue {
                offset += 1
                continue
            }
            guard offset + 1 < field.upperBound else { throw .truncatedOption(code, offset: offset) }
            let lower = offset + 2
            let upper = lower + Int(bytes[offset + 1])
            guard upper <= field.upperBound else { throw .truncatedOption(code, offset: offset) }
            guard entries.count < maximumOptions else { throw .tooManyOptions(limit: maximumOptions) }
            entries.append(Entry(code: code, lower: UInt16(lower), upper: UInt16(upper)))
            offset = upper
        }
    }

    /// An option's value, its parts joined where it was split (RFC 3396); nil when it is not there.
    subscript(code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        guard present.contains(code) else { return nil }
        var found: Entry?
        var joined: [UInt8] = []
        for entry in entries where entry.code == code.rawValue {
            if let first = found {
                if joined.isEmpty { joined = Array(bytes[Int(first.lower)..<Int(first.upper)]) }
                joined += bytes[Int(entry.lower)..<Int(entry.upper)]
            } else {
                found = entry
            }
        }
        guard let found else { return nil }
        return joined.isEmpty ? bytes[Int(found.lower)..<Int(found.upper)] : joined[...]
    }
}
