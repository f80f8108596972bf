import SystemIO
import Wire

/// Where a transfer's packets go.
final class TFTPRoute {
    let socket: UDPSocket
    let peer: IPv4Endpoint
    /// The address to send from; nil: the one that the socket is bound to.
    let source: IPv4Address?
    /// Goes off when the kernel refuses: one client's route may be narrower, which says nothing of the others.
    fileprivate var usesSegmentation = true

    init(socket: UDPSocket, peer: IPv4Endpoint, source: IPv4Address? = nil) {
        self.socket = socket
        self.peer = peer
        self.source = source
    }
}

/// What became of blocks that were to be sent.
enum TFTPSendOutcome: Equatable {
    case sent
    /// The socket would not take this block and what follows.
    case heldUp(from: UInt64)
    /// The file could not be read, or has become shorter.
    case unreadable(String)
    /// The network refused; to the protocol that is a loss.
    case failed(SystemError)
}

/// Puts DATA packets on the wire, several in one system call where that works.
final class TFTPBlockSender {
    /// Room for packets, for whoever is sending.
    var scratch: [UInt8] = []
    /// Why packets are not sent several at once any more, to nobody; nil: they are.
    private(set) var segmentationFailure: SystemError?

    /// Sends packets of `segmentBytes` each, the last of which may be shorter.
    func send(
        _ packets: Span<UInt8>, firstBlock: UInt64, segmentBytes: Int, over route: TFTPRoute
    ) -> TFTPSendOutcome {
        var block = firstBlock
        do throws(SystemError) {
            if packets.count > segmentBytes && route.usesSegmentation && segmentationFailure == nil {
                do throws(SystemError) {
                    try route.socket.sendSegments(
                        packets, segmentBytes: UInt16(segmentBytes), to: route.peer, from: route.source)
                    return .sent
                } catch  where error.isSegmentationRefusal {
                    route.usesSegmentation = false
                    if error.isSegmentationUnsupported { segmentationFailure = error }
                }
            }
            var start = 0
            while start < packets.count {
                let end = min(start + segmentBytes, packets.count)
                try route.socket.send(packets.extracting(start..<end), to: route.peer, from: route.source)
                start = end
                block += 1
            }
            return .sent
        } catch {
            return error.isBufferFull ? .heldUp(from: block) : .failed(error)
        }
    }
}
