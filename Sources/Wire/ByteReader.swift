/// What a `ByteReader` could not read.
public enum ByteReaderError: Error, Equatable {
    /// `needed` bytes were asked for at `offset`, and only `available` were left.
    case truncated(offset: Int, needed: Int, available: Int)
}

/// Reads big-endian fields from front to back out of bytes it does not own.
///
/// Parsers use it and drop it; nothing past a parser keeps a span.
public struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// The offset of the next byte, from 0 to the number of bytes.
    public private(set) var offset: Int

    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
        self.offset = 0
    }

    public var remaining: Int { bytes.count - offset }

    public mutating func readUInt8() throws(ByteReaderError) -> UInt8 {
        try require(1)
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func readUInt16() throws(ByteReaderError) -> UInt16 {
        try require(2)
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    public mutating func readUInt32() throws(ByteReaderError) -> UInt32 {
        try require(4)
        defer { offset += 4 }
        return UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16
            | UInt32(bytes[offset + 2]) << 8 | UInt32(bytes[offset + 3])
    }

    /// The next `count` bytes, copied.
    public mutating func readBytes(_ count: Int) throws(ByteReaderError) -> [UInt8] {
        try require(count)
        defer { offset += count }
        return bytes.extracting(offset..<offset + count).toArray()
    }

    /// All bytes that are left, copied.
    public mutating func readRest() -> [UInt8] {
        defer { offset = bytes.count }
        return bytes.extracting(offset..<bytes.count).toArray()
    }

    public mutating func skip(_ count: Int) throws(ByteReaderError) {
        try require(count)
        offset += count
    }

    /// The bytes up to the next NUL, copied; the NUL is consumed too. Nil when there is no NUL.
    public mutating func readBytesUntilNUL() -> [UInt8]? {
        var end = offset
        while end < bytes.count && bytes[end] != 0 { end += 1 }
        guard end < bytes.count else { return nil }
        defer { offset = end + 1 }
        return bytes.extracting(offset..<end).toArray()
    }

    private func require(_ count: Int) throws(ByteReaderError) {
        guard count >= 0, count <= remaining else {
            throw .truncated(offset: offset, needed: count, available: remaining)
        }
    }
}

extension Span<UInt8> {
    /// The bytes, copied.
    public func toArray() -> [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
