import BootFiles
import SystemIO
import Wire

/// What a transfer has of the world: its file and its way to the client. The driver's thread owns it.
final class TFTPCarrier {
    let id: TFTPTransferID
    let path: BootPath
    let file: OpenFile
    let route: TFTPRoute
    /// The transfer has a port of its own.
    let hasOwnSocket: Bool
    let negotiation: TFTPNegotiation
    /// One of the two is there: text is made block after block.
    private var reader: TFTPFileReader?
    private(set) var text: NetasciiBlocks?
    /// The last reason why the network would not take a packet, or the file not be read.
    var failure: String?

    init(
        id: TFTPTransferID, path: BootPath, file: OpenFile, route: TFTPRoute, hasOwnSocket: Bool,
        negotiation: TFTPNegotiation, mode: TFTPMode
    ) {
        self.id = id
        self.path = path
        self.file = file
        self.route = route
        self.hasOwnSocket = hasOwnSocket
        self.negotiation = negotiation
        switch mode {
        case .netascii: text = NetasciiBlocks(blockSizeBytes: negotiation.blockSizeBytes)
        case .octet, .mail: reader = TFTPFileReader(file: file, negotiation: negotiation)
        }
    }

    func send(_ blocks: ClosedRange<UInt64>, by sender: TFTPBlockSender) -> TFTPSendOutcome {
        reader?.send(blocks, by: sender, over: route) ?? sendText(blocks.lowerBound, by: sender)
    }

    /// Sends the block at hand again, or makes the next one.
    private func sendText(_ block: UInt64, by sender: TFTPBlockSender) -> TFTPSendOutcome {
        if let number = text?.number, block > number {
            do throws(SystemError) {
                try text?.advance { (offset, count) throws(SystemError) in
                    try file.bytes(at: offset, count: count)
                }
            } catch {
                return .unreadable(error.description)
            }
        }
        let packet = TFTPPacket.data(block: UInt16(truncatingIfNeeded: block), content: text?.bytes ?? [])
        let bytes = packet.encoded()
        return sender.send(bytes.span, firstBlock: block, segmentBytes: bytes.count, over: route)
    }
}
