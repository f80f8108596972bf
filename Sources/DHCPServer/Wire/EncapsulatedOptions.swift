import Wire

/// Options within an option: codes and lengths like their parent's (82: RFC 3046, 43: PXE 2.1, 175: iPXE).
///
/// What comes after a length that leads too far is not seen.
struct EncapsulatedOptions: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>
    /// Code 0 is padding and 255 the end, as in 43 and 175; in 82 they are codes like any other.
    private let hasPadding: Bool

    init(_ bytes: ArraySlice<UInt8>, hasPadding: Bool) {
        rest = bytes
        self.hasPadding = hasPadding
    }

    mutating func next() -> (code: UInt8, value: ArraySlice<UInt8>)? {
        while hasPadding, rest.first == DHCPOptionCode.pad.rawValue { rest.removeFirst() }
        guard let code = rest.first, !(hasPadding && code == DHCPOptionCode.end.rawValue) else { return nil }
        let lower = rest.startIndex + 2
        guard rest.count >= 2, rest.count >= 2 + Int(rest[lower - 1]) else {
            rest = []
            return nil
        }
        let upper = lower + Int(rest[lower - 1])
        defer { rest = rest[upper...] }
        return (code, rest[lower..<upper])
    }

    /// The first value under `code`.
    subscript(code: UInt8) -> ArraySlice<UInt8>? { first { $0.code == code }?.value }
}
