public import Wire

/// What the TFTP server is told by the configuration.
public struct TFTPSettings: Hashable, Sendable {
    /// The address that it listens on.
    public var address: IPv4Address
    public var port: UInt16
    /// Sends data from the port that is listened on, for clients behind NAT, containers and strict firewalls.
    public var singlePort: Bool
    /// Transfers under way at once. One more takes the place of the oldest that was never acknowledged; if all
    /// were, it gets error 0 and a log line.
    public var maximumTransfers: Int
    /// The same for one client address.
    public var maximumTransfersPerClient: Int
    /// RFC 7440; what a client asks for is cut down to this.
    public var maximumWindowSize: UInt16
    /// Of the interface, in bytes: blocks are cut to fit.
    public var mtu: Int

    public init(
        address: IPv4Address, port: UInt16 = 69, singlePort: Bool = false, maximumTransfers: Int = 1024,
        maximumTransfersPerClient: Int = 16, maximumWindowSize: UInt16 = 64, mtu: Int = 1500
    ) {
        self.address = address
        self.port = port
        self.singlePort = singlePort
        self.maximumTransfers = maximumTransfers
        self.maximumTransfersPerClient = maximumTransfersPerClient
        self.maximumWindowSize = maximumWindowSize
        self.mtu = mtu
    }
}
