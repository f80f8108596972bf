import Wire

/// What tells one client of a subnet from another.
///
/// One boot presents no client identifier (firmware), then 01 and the MAC (iPXE), then a DUID (the system), all
/// from one network card. So the card's address is the identity, and the identifier only where a header has
/// no address: InfiniBand (RFC 4390).
enum ClientIdentity: Hashable, Sendable {
    case hardware(HardwareAddress)
    case identifier([UInt8])

    /// Nil for a message that has neither.
    init?(_ message: DHCPMessage) {
        if message.hardwareAddress.isMeaningful {
            self = .hardware(message.hardwareAddress)
        } else if let identifier = message.clientIdentifier {
            self = .identifier(Array(identifier))
        } else {
            return nil
        }
    }

    /// Reads what `description` writes.
    init?(_ text: String) {
        if text.hasPrefix("id:") {
            guard let bytes = hexadecimalBytes(text.dropFirst(3)), !bytes.isEmpty else { return nil }
            self = .identifier(bytes)
        } else {
            guard let address = HardwareAddress(text) else { return nil }
            self = .hardware(address)
        }
    }
}

extension ClientIdentity: CustomStringConvertible {
    var description: String {
        switch self {
        case .hardware(let address): address.description
        case .identifier(let bytes): "id:" + hexadecimal(bytes)
        }
    }
}

/// An address and who has it, or had it last.
struct Lease: Hashable, Sendable {
    enum State: String, Sendable {
        /// Held for a short while, until the client takes it. Never on disk.
        case offered
        case leased
        /// Given back; still this client's if it comes again before anybody needs the address.
        case released
        /// The client found somebody else at this address: nobody gets it for a while.
        case declined
    }

    var address: IPv4Address
    var client: ClientIdentity
    var state: State
    /// When somebody else may have the address.
    var expires: UnixTime
    /// Option 61 as it came; empty without it.
    var clientIdentifier: [UInt8] = []
    /// Firmware's word, kept because the systems that it starts do not repeat it.
    var uuid: SystemUUID?
    var hostname: String?
    /// Option 82 of the last message that came through a relay; renewals do not.
    var relayInformation: [UInt8] = []
}
