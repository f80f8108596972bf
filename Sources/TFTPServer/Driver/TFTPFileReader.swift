import SystemIO
import Wire

/// Blocks of a file as they travel: header, content, header, content.
struct TFTPFileReader {
    private let file: OpenFile
    private let blockSizeBytes: Int
    /// Including the file's last, shorter or empty one.
    private let blockCount: UInt64
    /// How many blocks one reading brings at most.
    private let capacity: Int
    /// It reads more than is asked for, and keeps it: small windows would cost a system call each.
    private let readsAhead: Bool
    private var packets: [UInt8] = []
    private var firstBlock = UInt64(1)
    /// Of the blocks in `packets`.
    private var heldCount = 0
    private var heldBytes = 0

    /// What one UDP GSO call takes.
    private static let maximumSegments = 64
    private static let maximumBytes = 65_000
    /// What a transfer may keep: there may be a thousand of them.
    private static let readAheadBytes = 16_384

    init(file: OpenFile, negotiation: TFTPNegotiation) {
        self.file = file
        blockSizeBytes = negotiation.blockSizeBytes
        blockCount = UInt64(max(file.byteCount, 0)) / UInt64(blockSizeBytes) + 1
        let stride = blockSizeBytes + TFTPPacket.dataHeaderBytes
        let window = max(min(negotiation.windowSize, Self.maximumSegments, Self.maximumBytes / stride), 1)
        // Whole windows, so that none begins with the rest of a reading.
        let ahead = Self.readAheadBytes / stride / window * window
        readsAhead = ahead > window
        capacity = max(ahead, window)
    }

    private var segmentBytes: Int { blockSizeBytes + TFTPPacket.dataHeaderBytes }

    /// Sends blocks, as many at once as are at hand.
    mutating func send(
        _ blocks: ClosedRange<UInt64>, by sender: TFTPBlockSender, over route: TFTPRoute
    ) -> TFTPSendOutcome {
        // A large window goes through the one buffer that the processor's cache knows.
        if !readsAhead { swap(&packets, &sender.scratch) }
        defer {
            if !readsAhead {
                swap(&packets, &sender.scratch)
                heldCount = 0
            }
        }
        var next = blocks.lowerBound
        while next <= blocks.upperBound {
            do throws(TFTPReadFailure) {
                try hold(next...blocks.upperBound)
            } catch {
                return .unreadable(error.reason)
            }
            let skipped = Int(next - firstBlock)
            let count = min(heldCount - skipped, Int(blocks.upperBound - next) + 1, Self.maximumSegments)
            let start = skipped * segmentBytes
            let end = min(start + count * segmentBytes, heldBytes)
            let outcome = sender.send(
                packets.span.extracting(start..<end), firstBlock: next, segmentBytes: segmentBytes,
                over: route)
            guard outcome == .sent else { return outcome }
            next += UInt64(count)
        }
        return .sent
    }

    /// Sees to it that the first of `blocks` is at hand, and all of them if they fit.
    private mutating func hold(_ blocks: ClosedRange<UInt64>) throws(TFTPReadFailure) {
        let heldEnd = firstBlock + UInt64(heldCount)
        let wanted = min(UInt64(capacity), blocks.upperBound - blocks.lowerBound + 1)
        if firstBlock <= blocks.lowerBound && blocks.lowerBound + wanted <= heldEnd { return }
        heldCount = 0
        let count = Int(min(readsAhead ? UInt64(capacity) : wanted, blockCount - blocks.lowerBound + 1))
        let offset = Int64(blocks.lowerBound - 1) * Int64(blockSizeBytes)
        let contentBytes = min(count * blockSizeBytes, Int(max(file.byteCount - offset, 0)))
        let totalBytes = contentBytes + count * TFTPPacket.dataHeaderBytes
        if packets.count < totalBytes { packets = [UInt8](repeating: 0, count: totalBytes) }
        guard try read(at: offset, totalBytes: totalBytes) == contentBytes else { throw .shortened }
        let segmentBytes = segmentBytes
        var content = packets.mutableSpan
        for index in 0..<count {
            TFTPPacket.writeDataHeader(
                block: UInt16(truncatingIfNeeded: blocks.lowerBound + UInt64(index)), into: &content,
                at: index * segmentBytes)
        }
        firstBlock = blocks.lowerBound
        heldCount = count
        heldBytes = totalBytes
    }

    private mutating func read(at offset: Int64, totalBytes: Int) throws(TFTPReadFailure) -> Int {
        let (file, recordBytes) = (file, blockSizeBytes)
        let result = unsafe packets.withUnsafeMutableBytes { bytes -> Result<Int, SystemError> in
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[0..<totalBytes])
            do throws(SystemError) {
                return .success(
                    unsafe try file.readRecords(
                        at: offset, recordBytes: recordBytes, gapBytes: TFTPPacket.dataHeaderBytes, into: part
                    ))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let count): return count
        case .failure(let error): throw .system(error)
        }
    }
}

/// Why a file that was open could not be sent on.
enum TFTPReadFailure: Error, Equatable {
    case system(SystemError)
    case shortened

    var reason: String {
        switch self {
        case .system(let error): error.description
        case .shortened: "the file has become shorter"
        }
    }
}
