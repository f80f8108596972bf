/// The headers of kernels are little-endian, on every machine that they are for.
extension [UInt8] {
    /// The number at `offset`; nil when it is not wholly there.
    func little<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type, at offset: Int) -> Number? {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, offset <= count - size else { return nil }
        return self[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    func hasBytes(_ expected: some Collection<UInt8>, at offset: Int) -> Bool {
        offset >= 0 && offset <= count - expected.count
            && self[offset..<offset + expected.count].elementsEqual(expected)
    }

    /// Overwrites the number at `offset`, which must be there.
    mutating func put(_ value: some FixedWidthInteger & UnsignedInteger, at offset: Int) {
        for (index, byte) in value.littleEndianBytes.enumerated() { self[offset + index] = byte }
    }

    mutating func appendLittle(_ value: some FixedWidthInteger & UnsignedInteger) {
        append(contentsOf: value.littleEndianBytes)
    }

    /// Appends zeros until the count is a multiple of `alignment`.
    mutating func pad(to alignment: Int) {
        append(contentsOf: repeatElement(0, count: (alignment - count % alignment) % alignment))
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    var littleEndianBytes: [UInt8] {
        (0..<MemoryLayout<Self>.size).map { UInt8(truncatingIfNeeded: self >> Self($0 * 8)) }
    }

    /// The next multiple of `alignment`; nil past the last number.
    func roundedUp(to alignment: Self) -> Self? {
        let surplus = self % alignment
        guard surplus > 0 else { return self }
        let (sum, overflow) = addingReportingOverflow(alignment - surplus)
        return overflow ? nil : sum
    }
}
