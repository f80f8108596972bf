import BootCore
import Wire

/// Where and how a message came in.
struct DHCPArrival: Equatable, Sendable {
    /// The server's address on the interface.
    var interfaceAddress: IPv4Address
    var source: IPv4Endpoint
    /// The address that it was sent to.
    var destination: IPv4Address
    /// 67, or 4011 for PXE's boot service.
    var port: UInt16

    static let serverPort: UInt16 = 67
    static let clientPort: UInt16 = 68
    static let bootServicePort: UInt16 = 4011

    /// Sent to one server, not to whoever listens.
    var isUnicast: Bool { destination == interfaceAddress }
}

/// What is to be done about one message.
struct DHCPResponse: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case reply(DHCPReply, ReplyRoute)
        /// The message was heeded, and asks for no answer.
        case heeded(UnansweredEvent)
        case ignore(IgnoreReason)
    }

    var action: Action
    /// What must be on disk before the reply goes out.
    var changes: [Lease] = []
    /// Who asked. Its address is the one that it has or is offered, once that is settled.
    var machine: Machine?
    var step: BootStep?
    var remarks: [Remark] = []
}

enum UnansweredEvent: Equatable, Sendable {
    case released(IPv4Address)
    case declined(IPv4Address)
}

/// What an administrator should hear of besides the answer itself.
enum Remark: Equatable, Sendable {
    /// The machine's own address is in use by somebody else, so it got another.
    case reservationHeld(IPv4Address, by: ClientIdentity)
    /// The address is kept for it, but can be no client's: a router's, a server's or not of this subnet.
    case reservationUnusable(IPv4Address)
    /// No lease was known, as after the loss of the database, and the client's word was taken for it.
    case leaseAdopted
    /// So many offers are open that the oldest had to go.
    case oldestOfferWithdrawn(limit: Int)
}

/// Why a message gets no answer.
enum IgnoreReason: Error, Equatable, Sendable {
    /// Only BOOTREQUESTs concern a server; another server's replies come by, too.
    case notARequest(operation: UInt8)
    /// No option 53: a BOOTP client would keep its address for ever, and there is no pool for such.
    case bootp
    /// Nobody is to read the leases over the network.
    case leaseQuery
    case unexpectedType(UInt8)
    /// Neither a hardware address nor a client identifier.
    case noIdentity
    /// No configured subnet has this address, by which the client's subnet is chosen.
    case noSubnet(IPv4Address)
    /// The relay is in no configured subnet.
    case unknownRelay(IPv4Address)
    /// The relay's address is the server's own, or no host's: forged.
    case impossibleRelay(IPv4Address)
    case poolExhausted(IPv4Network)
    /// The policy has no boot program for it and nothing else was asked for, or wants no answer at all.
    case policy(NoBootReason)
    /// It is to boot from its disk, so the boot service has nothing to say.
    case bootsFromDisk
    /// It took the offer of this server.
    case otherServerChosen(IPv4Address)
    /// Not one of this server's leases, and another server may know it.
    case notOurLease(IPv4Address)
    /// A REQUEST, INFORM, RELEASE or DECLINE that names no address.
    case noAddress
    /// A RELEASE or DECLINE of an address that is not the client's.
    case notItsAddress(IPv4Address)
    case tooManyDeclines(IPv4Address)
    /// In proxy mode, the other server gives addresses.
    case proxyMode
    /// No PXE or HTTP boot client, and boot files alone are to be had.
    case notABootClient
    case switchedOff
}
