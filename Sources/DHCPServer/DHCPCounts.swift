import Synchronization

/// What a DHCP service has done since it started.
public struct DHCPCounts: Equatable, Sendable {
    public var offers = 0
    public var acknowledgments = 0
    public var refusals = 0
    public var releases = 0
    public var declines = 0
    public var ignored = 0
    /// Datagrams that are no DHCP messages.
    public var malformed = 0
    /// Requests that got no answer because their leases could not be written.
    public var unwritten = 0
    /// Replies that the system did not send.
    public var unsent = 0

    public init() {}
}

/// Counts, for the service's thread to write and others to read.
final class DHCPCounter: Sendable {
    private let counts = Mutex(DHCPCounts())

    func add(_ change: (inout DHCPCounts) -> Void) { counts.withLock { change(&$0) } }

    var value: DHCPCounts { counts.withLock { $0 } }
}
