/// A text file cut into blocks of netascii, one after the other.
///
/// LF becomes CR LF and CR becomes CR NUL, so a block's place in the file depends on all before it. Blocks are
/// therefore made in turn, and the last one is kept for sending it again.
struct NetasciiBlocks: Sendable {
    private let blockSizeBytes: Int
    /// Of the block in `bytes`, from 1; 0 before the first.
    private(set) var number = UInt64(0)
    private(set) var bytes: [UInt8] = []
    /// All bytes so far.
    private(set) var wireBytes = UInt64(0)
    /// The second byte of a pair that did not fit the block before.
    private var carried: UInt8?
    private var input: [UInt8] = []
    private var inputIndex = 0
    private var fileOffset: Int64 = 0

    private static let chunkBytes = 4096

    init(blockSizeBytes: Int) {
        self.blockSizeBytes = blockSizeBytes
        bytes.reserveCapacity(blockSizeBytes)
    }

    /// The end of the file is in the block at hand.
    var isLast: Bool { number > 0 && bytes.count < blockSizeBytes }

    /// Makes the next block.
    ///
    /// - Parameter read: gives up to so many bytes of the file from an offset; none at its end.
    mutating func advance<Failure: Error>(
        reading read: (_ offset: Int64, _ byteCount: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) {
        bytes.removeAll(keepingCapacity: true)
        if let carried { bytes.append(carried) }
        carried = nil
        while bytes.count < blockSizeBytes {
            if inputIndex == input.count {
                input = try read(fileOffset, Self.chunkBytes)
                inputIndex = 0
                fileOffset += Int64(input.count)
                if input.isEmpty { break }
            }
            append(input[inputIndex])
            inputIndex += 1
        }
        number += 1
        wireBytes += UInt64(bytes.count)
    }

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): append(UInt8(ascii: "\r"), and: UInt8(ascii: "\n"))
        case UInt8(ascii: "\r"): append(UInt8(ascii: "\r"), and: 0)
        default: bytes.append(byte)
        }
    }

    private mutating func append(_ first: UInt8, and second: UInt8) {
        bytes.append(first)
        if bytes.count < blockSizeBytes { bytes.append(second) } else { carried = second }
    }
}
