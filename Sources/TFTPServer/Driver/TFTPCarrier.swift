import BootFiles
import SystemIO
import Wire

/// What a transfer has of the world: its file and its way to the client. The driver's thread owns it.
final class TFTPCarrier {
    let path: BootPath
    let file: OpenFile
    let route: TFTPBlockSender.Route
    /// The transfer has a port of its own.
    let hasOwnSocket: Bool
    let negotiation: TFTPNegotiation
    /// For text transfers, which are made block after block.
    var netascii: NetasciiBlocks?
    /// The last reason why the network would not take a packet.
    var sendFailure: String?

    init(
        path: BootPath, file: OpenFile, route: TFTPBlockSender.Route, hasOwnSocket: Bool,
        negotiation: TFTPNegotiation, mode: TFTPMode
    ) {
        self.path = path
        self.file = file
        self.route = route
        self.hasOwnSocket = hasOwnSocket
        self.negotiation = negotiation
        if mode == .netascii { netascii = NetasciiBlocks(blockSizeBytes: negotiation.blockSizeBytes) }
    }
}
