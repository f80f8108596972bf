import BootCore
import Testing
import Wire

@testable import DHCPServer

/// A server and its clients, at stated times.
struct Dialogue {
    var responder: DHCPResponder
    var now = UnixTime(rawValue: 1_000_000)
    /// What would be on disk.
    var disk: [IPv4Address: Lease] = [:]
    var last = DHCPResponse(action: .ignore(.bootp))

    static let server = IPv4Address(10, 0, 0, 1)
    static let router = IPv4Address(10, 0, 0, 254)

    init(_ change: (inout DHCPSettings) -> Void = { _ in }, leases: [Lease] = []) throws {
        var settings = try Self.settings()
        change(&settings)
        responder = DHCPResponder(settings: settings, ownAddresses: [Self.server], mtu: 1500, leases: leases)
    }

    static func settings() throws -> DHCPSettings {
        let subnet = DHCPSubnet(
            network: try #require(IPv4Network("10.0.0.0/24")),
            ranges: [try #require(IPv4Range("10.0.0.100-10.0.0.199"))],
            router: router, dns: [router], domain: "lab.example")
        return DHCPSettings(
            subnets: [subnet], policy: try policy(),
            location: ServerLocation(address: server, httpPort: 80))
    }

    static func policy(machines: [KnownMachine] = [], target: BootTarget = .profile("alpine")) throws
        -> BootPolicy
    {
        let kernel = KernelEntry(kernel: "vmlinuz", initrds: [], commandLine: try Template("quiet"))
        return BootPolicy(
            profiles: [Profile(name: "alpine", kernel: kernel)], machines: machines, defaultTarget: target)
    }

    // MARK: Asking

    /// Hands `message` to the server.
    @discardableResult
    mutating func say(
        _ message: ClientMessage, from source: IPv4Endpoint? = nil, to destination: IPv4Address = .broadcast,
        port: UInt16 = 67
    ) throws -> DHCPResponse {
        let arrival = DHCPArrival(
            interfaceAddress: Self.server, source: source ?? IPv4Endpoint(address: .any, port: 68),
            destination: destination, port: port)
        last = responder.respond(to: try message.parsed(), via: arrival, at: now)
        for lease in last.changes { disk[lease.address] = lease }
        return last
    }

    /// The same, and the reply as its client reads it; fails without one.
    @discardableResult
    mutating func ask(
        _ message: ClientMessage, from source: IPv4Endpoint? = nil, to destination: IPv4Address = .broadcast,
        port: UInt16 = 67, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> DHCPMessage {
        let response = try say(message, from: source, to: destination, port: port)
        let (reply, _) = try #require(response.reply, "\(response.action)", sourceLocation: sourceLocation)
        let (bytes, dropped) = reply.encoded()
        #expect(dropped.isEmpty, sourceLocation: sourceLocation)
        return try DHCPMessage(bytes)
    }

    /// DISCOVER, OFFER, REQUEST, ACK.
    @discardableResult
    mutating func getLease(
        _ mac: MACAddress, _ options: [DHCPOptionCode: [UInt8]] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (offer: DHCPMessage, acknowledgment: DHCPMessage) {
        let offer = try ask(ClientMessage(.discover, from: mac, options), sourceLocation: sourceLocation)
        #expect(offer.messageType == .offer, sourceLocation: sourceLocation)
        let request = ClientMessage(
            .request, from: mac,
            options.merging([
                .requestedAddress: offer.yourAddress.bytes, .serverIdentifier: Self.server.bytes,
            ]) { $1 })
        let acknowledgment = try ask(request, sourceLocation: sourceLocation)
        #expect(acknowledgment.messageType == .acknowledgment, sourceLocation: sourceLocation)
        #expect(acknowledgment.yourAddress == offer.yourAddress, sourceLocation: sourceLocation)
        return (offer, acknowledgment)
    }

    mutating func pass(seconds: Int64) { now = now + seconds }
}

extension DHCPResponse {
    var reply: (DHCPReply, ReplyRoute)? {
        if case .reply(let reply, let route) = action { (reply, route) } else { nil }
    }
}

extension ClientMessage {
    static func renewal(of address: IPv4Address, from mac: MACAddress) -> ClientMessage {
        ClientMessage(.request, from: mac).with { $0.clientAddress = address }
    }

    static func reboot(with address: IPv4Address, from mac: MACAddress) -> ClientMessage {
        ClientMessage(.request, from: mac, [.requestedAddress: address.bytes])
    }

    static func release(_ address: IPv4Address, from mac: MACAddress) -> ClientMessage {
        ClientMessage(.release, from: mac, [.serverIdentifier: Dialogue.server.bytes])
            .with { $0.clientAddress = address }
    }

    static func decline(_ address: IPv4Address, from mac: MACAddress) -> ClientMessage {
        ClientMessage(
            .decline, from: mac,
            [.requestedAddress: address.bytes, .serverIdentifier: Dialogue.server.bytes])
    }
}
