import BootFiles

/// What a client is given to name a node with: 49 bytes, of which the last 16 prove that we made them.
///
///     version 1 | export 4 | volume 8 | number 8 | generation 4 | parent 8 | code 16
struct FileHandle: Hashable {
    /// Of the export's path or fsid, so that it does not follow the order of the configuration.
    var export: UInt32
    var node: NodeReference

    static let byteCount = 49
    private static let version: UInt8 = 1
    private static let signedBytes = 33

    init(export: UInt32, node: NodeReference) {
        self.export = export
        self.node = node
    }

    /// Nil when these are not bytes of ours.
    init?(_ bytes: [UInt8], key: SipHashKey) {
        guard bytes.count == Self.byteCount, bytes[0] == Self.version else { return nil }
        let code = sipHash128(bytes, count: Self.signedBytes, key)
        // No byte's difference shows in the time that this takes.
        let difference =
            (code.low ^ Self.number(bytes, 33, 8)) | (code.high ^ Self.number(bytes, 41, 8))
        guard difference == 0 else { return nil }
        export = UInt32(Self.number(bytes, 1, 4))
        node = NodeReference(
            identity: NodeIdentity(volume: Self.number(bytes, 5, 8), number: Self.number(bytes, 13, 8)),
            generation: UInt32(Self.number(bytes, 21, 4)), parent: Self.number(bytes, 25, 8))
    }

    func bytes(key: SipHashKey) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(Self.version)
        Self.append(UInt64(export), 4, to: &bytes)
        Self.append(node.identity.volume, 8, to: &bytes)
        Self.append(node.identity.number, 8, to: &bytes)
        Self.append(UInt64(node.generation), 4, to: &bytes)
        Self.append(node.parent, 8, to: &bytes)
        let code = sipHash128(bytes, count: Self.signedBytes, key)
        Self.append(code.low, 8, to: &bytes)
        Self.append(code.high, 8, to: &bytes)
        return bytes
    }

    private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + count { value = value << 8 | UInt64(bytes[index]) }
        return value
    }
}
