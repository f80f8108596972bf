import SystemIO
import Wire

/// Reads blocks of files and sends them, through one buffer.
struct TFTPBlockSender {
    enum Outcome: Equatable {
        case sent
        /// The socket would not take this block and what follows.
        case heldUp(from: UInt64)
        /// The file could not be read, or has become shorter.
        case unreadable(String)
        /// The network refused; to the protocol that is a loss.
        case failed(SystemError)
    }

    /// Where packets go.
    struct Route {
        var socket: UDPSocket
        var peer: IPv4Endpoint
        /// The address to send from; nil: the one that the socket is bound to.
        var source: IPv4Address?
    }

    /// Of one UDP GSO call.
    private static let maximumSegments = 64
    private static let maximumBytes = 65_000

    private var buffer = [UInt8](repeating: 0, count: 66_000)
    private let transmitter = Transmitter()

    /// Sends a range of blocks; it may end with the file's last, shorter or empty one.
    mutating func send(
        _ blocks: ClosedRange<UInt64>, of file: OpenFile, blockSizeBytes: Int, over route: Route
    ) -> Outcome {
        let segmentBytes = blockSizeBytes + TFTPPacket.dataHeaderBytes
        let batch = UInt64(max(min(Self.maximumBytes / segmentBytes, Self.maximumSegments), 1))
        var first = blocks.lowerBound
        while first <= blocks.upperBound {
            let last = min(first + batch - 1, blocks.upperBound)
            let outcome = sendBatch(first...last, of: file, segmentBytes: segmentBytes, over: route)
            guard outcome == .sent else { return outcome }
            first = last + 1
        }
        return .sent
    }

    /// Sends one DATA packet whose content is at hand.
    mutating func send(_ content: [UInt8], asBlock block: UInt64, over route: Route) -> Outcome {
        let packet = TFTPPacket.data(block: UInt16(truncatingIfNeeded: block), content: content).encoded()
        return transmitter.transmit(packet.span, firstBlock: block, segmentBytes: packet.count, over: route)
    }

    private mutating func sendBatch(
        _ blocks: ClosedRange<UInt64>, of file: OpenFile, segmentBytes: Int, over route: Route
    ) -> Outcome {
        let headerBytes = TFTPPacket.dataHeaderBytes
        let blockSizeBytes = segmentBytes - headerBytes
        let offset = Int64(blocks.lowerBound - 1) * Int64(blockSizeBytes)
        let contentBytes = min(blocks.count * blockSizeBytes, Int(max(file.byteCount - offset, 0)))
        let totalBytes = contentBytes + blocks.count * headerBytes
        do throws(SystemError) {
            let read = try read(
                file, at: offset, recordBytes: blockSizeBytes, totalBytes: totalBytes)
            guard read == contentBytes else { return .unreadable("the file has become shorter") }
        } catch {
            return .unreadable(error.description)
        }
        var start = 0
        var content = buffer.mutableSpan
        for block in blocks {
            TFTPPacket.writeDataHeader(
                block: UInt16(truncatingIfNeeded: block), into: &content, at: start)
            start += segmentBytes
        }
        return transmitter.transmit(
            buffer.span.extracting(0..<totalBytes), firstBlock: blocks.lowerBound, segmentBytes: segmentBytes,
            over: route)
    }

    private mutating func read(
        _ file: OpenFile, at offset: Int64, recordBytes: Int, totalBytes: Int
    ) throws(SystemError) -> Int {
        let result = unsafe buffer.withUnsafeMutableBytes { bytes -> Result<Int, SystemError> in
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
        return try result.get()
    }
}

/// Puts DATA packets on the wire, several in one system call where that works.
private final class Transmitter {
    /// Goes off when the kernel refuses: some devices cannot.
    private var usesSegmentation = true

    func transmit(
        _ bytes: Span<UInt8>, firstBlock: UInt64, segmentBytes: Int, over route: TFTPBlockSender.Route
    ) -> TFTPBlockSender.Outcome {
        var block = firstBlock
        do throws(SystemError) {
            if bytes.count > segmentBytes && usesSegmentation {
                do throws(SystemError) {
                    try route.socket.sendSegments(
                        bytes, segmentBytes: UInt16(segmentBytes), to: route.peer, from: route.source)
                    return .sent
                } catch  where error.isSegmentationRefusal {
                    usesSegmentation = false
                }
            }
            var start = 0
            while start < bytes.count {
                let end = min(start + segmentBytes, bytes.count)
                try route.socket.send(bytes.extracting(start..<end), to: route.peer, from: route.source)
                start = end
                block += 1
            }
            return .sent
        } catch {
            return error.isBufferFull ? .heldUp(from: block) : .failed(error)
        }
    }
}
