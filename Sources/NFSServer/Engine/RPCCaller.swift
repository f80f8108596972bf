import Wire

/// Where a call comes from.
struct RPCCaller: Equatable {
    enum Transport: Equatable {
        case tcp
        case udp
    }

    var address: IPAddress
    var port: UInt16
    /// The address of ours that was called.
    var localAddress: IPAddress
    var transport: Transport
    /// Of the configured machine at this address, in lower case: alone, and with its domain.
    var names: [String] = []
    /// Tells connections apart; 0 for datagrams.
    var connection: UInt64 = 0

    /// Ports below 1024 are an operating system's own (exports(5), `secure`).
    var hasPrivilegedPort: Bool { port < 1024 }
}

/// As whom a caller reads files, after squashing.
struct Subject: Equatable {
    var userID: UInt32
    var groupID: UInt32
    var groups: [UInt32] = []
    /// A user 0 that was made somebody else.
    var isSquashedRoot = false
}
