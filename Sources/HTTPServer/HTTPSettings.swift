public import BootCore

/// What the HTTP server is told by the configuration.
public struct HTTPSettings: Sendable {
    /// The address and port that it listens on, as its clients know them.
    public var location: ServerLocation
    public var policy: BootPolicy
    public var threads: Int
    public var maximumConnections: Int
    public var maximumConnectionsPerClient: Int
    /// An idle or stalled connection is closed after this.
    public var idleTimeout: Duration

    public init(
        location: ServerLocation, policy: BootPolicy, threads: Int = 2, maximumConnections: Int = 2048,
        maximumConnectionsPerClient: Int = 64, idleTimeout: Duration = .seconds(30)
    ) {
        self.location = location
        self.policy = policy
        self.threads = threads
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerClient = maximumConnectionsPerClient
        self.idleTimeout = idleTimeout
    }
}
