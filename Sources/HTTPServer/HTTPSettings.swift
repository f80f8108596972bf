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
    /// What manifests are signed with; nil: they are not.
    public var signingKey: SigningKey?
    /// Where the static `kexec-join` may be, paths of this host; the first that can be read is served.
    public var joinExecutables: [String]

    public init(
        location: ServerLocation, policy: BootPolicy, threads: Int = 2, maximumConnections: Int = 2048,
        maximumConnectionsPerClient: Int = 64, idleTimeout: Duration = .seconds(30),
        signingKey: SigningKey? = nil, joinExecutables: [String] = []
    ) {
        self.location = location
        self.policy = policy
        self.threads = threads
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerClient = maximumConnectionsPerClient
        self.idleTimeout = idleTimeout
        self.signingKey = signingKey
        self.joinExecutables = joinExecutables
    }
}
