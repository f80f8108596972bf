/// What a transfer wants done next.
enum TFTPAction: Equatable, Sendable {
    /// Sends the OACK with `negotiation.granted`.
    case sendOptions
    /// Sends these blocks, counted from 1 without wrap, as DATA packets.
    case sendBlocks(ClosedRange<UInt64>)
    /// Nothing until then.
    case wait(until: Duration)
    /// The transfer is over, and the client has what it wanted.
    case finish(TFTPSummary)
    /// The transfer is over without success.
    case abandon(TFTPAbandonment, TFTPSummary)
}

/// What a transfer was in the end.
struct TFTPSummary: Equatable, Sendable {
    enum Outcome: Equatable, Sendable {
        /// The client acknowledged the last block.
        case complete
        /// All was sent; the acknowledgment of the end never came. Boot loaders start what they got instead.
        case lastAcknowledgmentMissing
        /// The client only wanted to know the size.
        case sizeProbe
    }

    /// Nil: abandoned.
    var outcome: Outcome?
    /// How much of the content the client has, as it travels.
    var bytes: UInt64
    /// Blocks and OACKs that were sent again.
    var retransmissions: UInt64
    var duration: Duration
}

/// Why a transfer did not succeed.
enum TFTPAbandonment: Equatable, Sendable {
    /// Nothing ever came back from the client's address.
    case neverAnswered
    case noAcknowledgment(block: UInt64)
    /// It said that it has enough: codes 0 and 8.
    case endedByClient(String)
    case clientError(TFTPErrorCode, String)
    /// The same client port has asked for another file.
    case superseded
    /// Nothing ever came back either, and its place was needed.
    case displaced
    /// Reading failed, or the file became shorter.
    case fileUnreadable
    case socketFailed
    case shuttingDown

    /// What the client is told; nil: nothing.
    var errorToSend: TFTPPacket? {
        switch self {
        case .fileUnreadable: .error(.notDefined, "the file cannot be read")
        case .shuttingDown: .error(.notDefined, "server shutting down")
        case .socketFailed: .error(.notDefined, "the server's socket failed")
        case .neverAnswered, .noAcknowledgment, .endedByClient, .clientError, .superseded, .displaced: nil
        }
    }
}
