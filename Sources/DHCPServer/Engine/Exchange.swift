import BootCore
import Wire

/// One message, with what is settled about it before its type matters.
struct Exchange {
    let message: DHCPMessage
    let arrival: DHCPArrival
    let now: UnixTime
    /// The index of the client's subnet in the settings, and of its pool.
    let subnet: Int
    let claim: AddressClaim
    /// Without an address yet.
    var machine: Machine
    /// What the configuration says of it.
    let known: KnownMachine?
    var remarks: [Remark] = []

    var client: ClientIdentity { claim.client }
}

/// Which of RFC 2131's requests a DHCPREQUEST is (§4.3.2).
enum RequestKind: Equatable {
    /// The client takes an offer of the server that it names.
    case selecting(server: IPv4Address)
    /// It has started again and wants to keep its address.
    case initReboot
    /// It extends its lease, directly with its server.
    case renewing
    /// It extends its lease with any server there is.
    case rebinding

    init(_ message: DHCPMessage, via arrival: DHCPArrival) {
        if let server = message.serverIdentifier {
            self = .selecting(server: server)
        } else if message.clientAddress == .any {
            self = .initReboot
        } else {
            self = arrival.isUnicast && message.relayAddress == .any ? .renewing : .rebinding
        }
    }
}

/// How often a client may complain of its addresses.
struct DeclineQuota: Sendable {
    private var complaints: [ClientIdentity: (count: Int, since: UnixTime)] = [:]

    static let maximumComplaints = 4
    static let periodSeconds: Int64 = 600
    static let maximumClients = 1024

    /// Counts a complaint; false when it is one too many.
    mutating func admits(_ client: ClientIdentity, at now: UnixTime) -> Bool {
        if complaints[client] == nil, complaints.count >= Self.maximumClients {
            complaints = complaints.filter { now - $0.value.since < Self.periodSeconds }
            if complaints.count >= Self.maximumClients { return false }
        }
        var (count, since) = complaints[client] ?? (0, now)
        if now - since >= Self.periodSeconds { (count, since) = (0, now) }
        complaints[client] = (count + 1, since)
        return count < Self.maximumComplaints
    }
}
