/// Puts together the records of an RPC stream, whose fragments have four bytes in front (RFC 5531 §11).
///
/// The usual record, a whole one in one piece, is handed on from where it lies.
struct RecordAssembler {
    /// What ends a connection: such a stream cannot be followed any further.
    enum Violation: Error, Equatable {
        case tooLong(byteCount: Int, limit: Int)
        case tooManyFragments(limit: Int)
    }

    /// Enough for the longest call of a server that nobody can write to; the longest compound of Linux has 8 operations.
    static let maximumRecordBytes = 65_536
    static let maximumFragments = 64

    /// Whole fragments of a record that has not ended.
    private var partial: [UInt8] = []
    private var fragments = 0

    /// Whether a record has begun and not ended.
    var isInside: Bool { fragments > 0 }

    enum Step: Equatable {
        /// There are no more whole fragments; what lies before `consumed` has been taken over.
        case needsMore(consumed: Int)
        /// A record lies at these bytes of the input; the rest of the input is behind `consumed`.
        case record(Range<Int>, consumed: Int)
        /// A record was put together: `takeRecord` has it.
        case assembled(consumed: Int)
    }

    /// Looks for the next record from `start` of the input on.
    mutating func next(in input: [UInt8], from start: Int, to end: Int) throws(Violation) -> Step {
        var position = start
        while end - position >= 4 {
            let mark =
                UInt32(input[position]) << 24 | UInt32(input[position + 1]) << 16
                | UInt32(input[position + 2]) << 8 | UInt32(input[position + 3])
            let length = Int(mark & 0x7fff_ffff)
            let isLast = mark >> 31 == 1
            guard partial.count + length <= Self.maximumRecordBytes else {
                throw .tooLong(byteCount: partial.count + length, limit: Self.maximumRecordBytes)
            }
            guard fragments < Self.maximumFragments else {
                throw .tooManyFragments(limit: Self.maximumFragments)
            }
            guard end - position - 4 >= length else { break }
            let content = position + 4..<position + 4 + length
            position = content.upperBound
            if isLast, fragments == 0 { return .record(content, consumed: position) }
            partial += input[content]
            fragments += 1
            if isLast { return .assembled(consumed: position) }
        }
        return .needsMore(consumed: position)
    }

    mutating func takeRecord() -> [UInt8] {
        defer {
            partial = []
            fragments = 0
        }
        return partial
    }
}
