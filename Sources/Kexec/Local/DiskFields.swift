/// Fields of on-disk structures, which are little-endian; zero where the bytes end before them.
extension [UInt8] {
    func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type, at offset: Int
    ) -> UInt64 {
        UInt64(little(type, at: offset) ?? 0)
    }

    /// A field of up to `byteCount` bytes that NUL ends earlier, without spaces at its end; nil when it is empty.
    func text(at offset: Int, byteCount: Int) -> String? {
        guard offset >= 0, offset < count else { return nil }
        let field = self[offset..<Swift.min(count, offset + byteCount)].prefix { $0 != 0 }
        guard let last = field.lastIndex(where: { $0 != 0x20 }) else { return nil }
        return String(decoding: field[...last], as: UTF8.self)
    }

    /// `byteCount` bytes; nil when there are fewer.
    func field(at offset: Int, byteCount: Int) -> [UInt8]? {
        guard offset >= 0, byteCount <= count, offset <= count - byteCount else { return nil }
        return Array(self[offset..<offset + byteCount])
    }
}
