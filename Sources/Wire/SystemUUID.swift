/// A machine's SMBIOS UUID.
///
/// Firmware sends it in GUID order: the first three fields are little-endian on the wire (RFC 4578 §2.3,
/// as EDK2 and iPXE do it). `12345678-9abc-def0-…` travels as `78 56 34 12 bc 9a f0 de …`. Some clients
/// and some people write the wire's bytes as they stand; `swapped` is that other spelling.
public struct SystemUUID: Hashable, Sendable {
    /// The sixteen bytes in the order in which they are written down.
    public let bytes: [UInt8]

    /// Nil unless there are exactly sixteen bytes, in written order.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Nil unless there are exactly sixteen bytes, in GUID order as in DHCP option 97.
    public init?(wireBytes: [UInt8]) {
        guard wireBytes.count == 16 else { return nil }
        bytes = Self.swapFields(wireBytes)
    }

    /// Reads `12345678-9abc-def0-1234-56789abcdef0`, in either case.
    public init?(_ text: some StringProtocol) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            let bytes = hexadecimalBytes(groups.joined())
        else { return nil }
        self.bytes = bytes
    }

    /// The same machine in the other byte order.
    public var swapped: SystemUUID { SystemUUID(verified: Self.swapFields(bytes)) }

    public var wireBytes: [UInt8] { Self.swapFields(bytes) }

    /// All zeros or all ones: what boards without a UUID report, so no identity.
    public var isMeaningless: Bool {
        bytes.allSatisfy { $0 == 0 } || bytes.allSatisfy { $0 == 0xff }
    }

    private init(verified bytes: [UInt8]) { self.bytes = bytes }

    private static func swapFields(_ b: [UInt8]) -> [UInt8] {
        [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]] + b[8...]
    }
}

extension SystemUUID: CustomStringConvertible {
    public var description: String {
        [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
            .map { hexadecimal($0) }.joined(separator: "-")
    }
}
