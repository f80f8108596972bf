import Wire

/// How a reply reaches its client (RFC 2131 §4.1).
enum ReplyRoute: Equatable, Sendable {
    /// To a relay agent, which knows its client.
    case relay(IPv4Endpoint)
    /// To a client that has an address and answers ARP.
    case unicast(IPv4Endpoint)
    /// To all on the interface, at port 68.
    case broadcast
    /// To a client that does not have its address yet: a frame to its card, at port 68.
    case frame(MACAddress, IPv4Address)
    /// From port 4011 to where the request came from.
    case bootService(IPv4Endpoint)

    /// The route of `reply`, which answers `request` on port 67.
    init(for reply: DHCPReply, to request: DHCPMessage, via arrival: DHCPArrival) {
        if request.relayAddress != .any {
            let port = request.relayAnswersAtSourcePort ? arrival.source.port : DHCPArrival.serverPort
            self = .relay(IPv4Endpoint(address: request.relayAddress, port: port))
        } else if reply.type == .refusal {
            // The client may believe in an address of another network.
            self = .broadcast
        } else if reply.clientAddress != .any {
            self = .unicast(IPv4Endpoint(address: reply.clientAddress, port: DHCPArrival.clientPort))
        } else if request.hasBroadcastFlag {
            self = .broadcast
        } else if let mac = request.hardwareAddress.mac, reply.yourAddress != .any {
            self = .frame(mac, reply.yourAddress)
        } else {
            self = .broadcast
        }
    }
}
