import Wire

/// Why arguments could not be decoded.
enum XDRError: Error, Equatable {
    case truncated(offset: Int, needed: Int, available: Int)
    /// An opaque, string or array of `found` at `offset`, longer than the `limit` that its type has.
    case tooLong(offset: Int, found: UInt32, limit: Int)
    /// Neither 0 nor 1.
    case notABoolean(offset: Int, found: UInt32)
    /// A union's or an enumeration's value that its type does not have.
    case unknownChoice(offset: Int, found: UInt32)
}

typealias XDRReader = ByteReader

/// Reads XDR (RFC 4506) from front to back.
extension XDRReader {
    mutating func uint32() throws(XDRError) -> UInt32 {
        do throws(ByteReaderError) { return try readUInt32() } catch { throw XDRError(error) }
    }

    mutating func uint64() throws(XDRError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    mutating func bool() throws(XDRError) -> Bool {
        let start = offset
        switch try uint32() {
        case 0: return false
        case 1: return true
        case let value: throw .notABoolean(offset: start, found: value)
        }
    }

    /// A variable-length opaque or string of at most `limit` bytes. What pads it is skipped, whatever it holds.
    mutating func opaque(limit: Int) throws(XDRError) -> [UInt8] {
        let start = offset
        let count = try uint32()
        guard count <= limit else { throw .tooLong(offset: start, found: count, limit: limit) }
        return try fixedOpaque(Int(count))
    }

    mutating func fixedOpaque(_ count: Int) throws(XDRError) -> [UInt8] {
        do throws(ByteReaderError) {
            let value = try readBytes(count)
            try skip(paddingBytes(count))
            return value
        } catch {
            throw XDRError(error)
        }
    }

    mutating func skipOpaque(limit: Int) throws(XDRError) {
        let start = offset
        let count = try uint32()
        guard count <= limit else { throw .tooLong(offset: start, found: count, limit: limit) }
        do throws(ByteReaderError) {
            try skip(Int(count) + paddingBytes(Int(count)))
        } catch {
            throw XDRError(error)
        }
    }

    /// How many elements an array has; each takes at least `elementBytes`, so that a count says nothing of bytes that
    /// are not there.
    mutating func count(limit: Int, elementBytes: Int = 4) throws(XDRError) -> Int {
        let start = offset
        let count = try uint32()
        guard count <= limit else { throw .tooLong(offset: start, found: count, limit: limit) }
        guard Int(count) * elementBytes <= remaining else {
            throw .truncated(offset: start, needed: Int(count) * elementBytes, available: remaining)
        }
        return Int(count)
    }
}

/// The bytes that fill an opaque up to a multiple of four.
func paddingBytes(_ count: Int) -> Int { (4 - count & 3) & 3 }

extension XDRError {
    fileprivate init(_ error: ByteReaderError) {
        switch error {
        case .truncated(let offset, let needed, let available):
            self = .truncated(offset: offset, needed: needed, available: available)
        }
    }
}

/// Appends XDR (RFC 4506).
struct XDRWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    var count: Int { bytes.count }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Takes back what was written from `count` on.
    mutating func shorten(to count: Int) { bytes.removeLast(bytes.count - count) }

    mutating func uint32(_ value: UInt32) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func uint64(_ value: UInt64) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func bool(_ value: Bool) { uint32(value ? 1 : 0) }

    mutating func opaque(_ value: some Collection<UInt8>) {
        uint32(UInt32(value.count))
        fixedOpaque(value)
    }

    mutating func fixedOpaque(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
        padding(of: value.count)
    }

    /// The zeros behind an opaque of `count` bytes.
    mutating func padding(of count: Int) {
        for _ in 0..<paddingBytes(count) { bytes.append(0) }
    }

    mutating func string(_ value: String) { opaque(Array(value.utf8)) }

    mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }

    /// Overwrites four bytes that were written before.
    mutating func overwrite(_ value: UInt32, at offset: Int) {
        for index in 0..<4 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
        }
    }
}
