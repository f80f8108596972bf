import BootFiles

/// A transfer: its place among those under way, and a number that no other transfer in that place has.
struct TFTPTransferID: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(slot: Int, serial: UInt32) { rawValue = UInt64(serial) << 32 | UInt64(slot) }

    /// Small: transfers that have ended leave their place to others.
    var slot: Int { Int(truncatingIfNeeded: rawValue & 0xffff_ffff) }
}

/// What a transfer wants done, and which.
struct TFTPStep: Equatable, Sendable {
    var transfer: TFTPTransferID
    var action: TFTPAction
}

/// What is to be done about a packet on the listening port.
enum TFTPDecision: Equatable, Sendable {
    /// Opens the file, and then calls `begin` or answers with the refusal that the failure amounts to.
    case open(BootPath, TFTPRequest)
    case perform(TFTPStep)
    case refuse(TFTPRefusal)
    case ignore(TFTPIgnoreReason)
}

/// A transfer that has just been started.
struct TFTPBeginning: Equatable, Sendable {
    var negotiation: TFTPNegotiation
    /// How the transfer has ended that it takes the place of.
    var replaced: TFTPStep?
    /// How another has ended, which nobody ever answered, because there was no more room.
    var displaced: TFTPStep?
    /// What it does first.
    var step: TFTPStep
}

/// Why a packet is not even answered.
enum TFTPIgnoreReason: Equatable, Sendable {
    case malformed(TFTPMalformation)
    /// An ERROR is never answered by an ERROR.
    case error(TFTPErrorCode, String)
    case unexpected
    case broadcast
    /// No answer can reach the sender.
    case portZero
}
