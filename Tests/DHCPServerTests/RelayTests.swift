import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("Relays, and the choice of a subnet")
struct RelayTests {
    private static let relay = IPv4Address(10, 7, 0, 254)
    private static let circuit: [UInt8] = [1, 3, 112, 49, 57, 255, 0]

    /// The server's own subnet and one behind a relay.
    private func dialogue() throws -> Dialogue {
        let network = try #require(IPv4Network("10.7.0.0/16"))
        let range = try #require(IPv4Range("10.7.1.0-10.7.1.255"))
        return try Dialogue {
            $0.subnets.append(DHCPSubnet(network: network, ranges: [range], router: Self.relay))
        }
    }

    private func discover(_ options: [DHCPOptionCode: [UInt8]] = [:]) -> ClientMessage {
        ClientMessage(.discover, options).with { $0.relayAddress = Self.relay }
    }

    @Test("A relay's client gets an address of the relay's subnet, by the relay's port 67 (RFC 2131)")
    func relayed() throws {
        var dialogue = try dialogue()
        let offer = try dialogue.ask(discover(), from: IPv4Endpoint(address: Self.relay, port: 67))
        #expect(offer.yourAddress == IPv4Address(10, 7, 1, 0))
        #expect(offer.relayAddress == Self.relay && offer.hops == 0)
        #expect(offer[.router].map(Array.init) == Self.relay.bytes)
        #expect(dialogue.last.reply?.1 == .relay(IPv4Endpoint(address: Self.relay, port: 67)))
    }

    @Test("Option 82 goes back as it came, and last (RFC 3046)")
    func echo() throws {
        var dialogue = try dialogue()
        let options = ClientOptions.uefi.merging([.relayInformation: Self.circuit]) { $1 }
        let offer = try dialogue.ask(discover(options))
        #expect(offer[.relayInformation].map(Array.init) == Self.circuit)
        #expect(offer.optionCodes.last == 82)
        let refusal = try dialogue.ask(
            ClientMessage(.request, [.requestedAddress: [10, 7, 9, 9], .relayInformation: Self.circuit])
                .with { $0.relayAddress = Self.relay })
        #expect(refusal.messageType == .refusal && refusal.optionCodes == [53, 54, 56, 82])
        #expect(refusal.hasBroadcastFlag, "the relay must not send it to the address that is refused")
        #expect(dialogue.last.reply?.1 == .relay(IPv4Endpoint(address: Self.relay, port: 67)))
    }

    @Test("A renewal comes past the relay, and its lease keeps what the relay told")
    func renewalPastRelay() throws {
        var dialogue = try dialogue()
        let address = try dialogue.ask(discover([.relayInformation: Self.circuit])).yourAddress
        let request = ClientMessage(
            .request,
            [
                .requestedAddress: address.bytes, .serverIdentifier: Dialogue.server.bytes,
                .relayInformation: Self.circuit,
            ])
        try dialogue.ask(request.with { $0.relayAddress = Self.relay })
        #expect(dialogue.disk[address]?.relayInformation == Self.circuit)
        let source = IPv4Endpoint(address: address, port: 68)
        let renewal = ClientMessage.renewal(of: address, from: .test(1))
        let reply = try dialogue.ask(renewal, from: source, to: Dialogue.server)
        #expect(reply.messageType == .acknowledgment && reply[.relayInformation] == nil)
        #expect(dialogue.last.reply?.1 == .unicast(source))
        #expect(dialogue.disk[address]?.relayInformation == Self.circuit)
    }

    @Test("A relay may ask for its answer at another port (RFC 8357)")
    func sourcePort() throws {
        var dialogue = try dialogue()
        let source = IPv4Endpoint(address: Self.relay, port: 40_067)
        try dialogue.ask(discover([.relayInformation: [19, 0]]), from: source)
        #expect(dialogue.last.reply?.1 == .relay(source))
    }

    @Test("A relay may put itself in the server's place (RFC 5107)")
    func serverIdentifierOverride() throws {
        var dialogue = try dialogue()
        let override: [DHCPOptionCode: [UInt8]] = [.relayInformation: [11, 4] + Self.relay.bytes]
        let offer = try dialogue.ask(discover(override))
        #expect(offer.serverIdentifier == Self.relay)
        let request = ClientMessage(
            .request,
            override.merging([
                .requestedAddress: offer.yourAddress.bytes, .serverIdentifier: Self.relay.bytes,
            ]) { $1 })
        let reply = try dialogue.ask(request.with { $0.relayAddress = Self.relay })
        #expect(reply.messageType == .acknowledgment && reply.serverIdentifier == Self.relay)
    }

    @Test("A relay of no configured subnet is not served, for its answer would go anywhere")
    func unknownRelay() throws {
        var dialogue = try dialogue()
        let stranger = IPv4Address(203, 0, 113, 9)
        let client = ClientMessage(.discover).with { $0.relayAddress = stranger }
        #expect(try dialogue.say(client).action == .ignore(.unknownRelay(stranger)))
    }

    @Test(
        "A relay's address that is no host's, or the server's own, is forged and gets no answer",
        arguments: [
            IPv4Address(10, 7, 0, 0), IPv4Address(10, 7, 255, 255), IPv4Address(10, 0, 0, 255),
            IPv4Address(10, 0, 0, 0), Dialogue.server,
        ])
    func impossibleRelay(forged: IPv4Address) throws {
        var dialogue = try dialogue()
        let client = ClientMessage(.discover, ClientOptions.bios).with { $0.relayAddress = forged }
        #expect(try dialogue.say(client).action == .ignore(.impossibleRelay(forged)))
        dialogue = try Dialogue { $0.mode = .proxy }
        let reason = try dialogue.say(client).action
        #expect([.ignore(.impossibleRelay(forged)), .ignore(.unknownRelay(forged))].contains(reason))
    }

    @Test("A proxy without subnets serves any relay's clients, but no forged relay's")
    func relayedProxy() throws {
        var dialogue = try Dialogue {
            $0.mode = .proxy
            $0.subnets = []
        }
        func discover(_ relay: IPv4Address) -> ClientMessage {
            ClientMessage(.discover, ClientOptions.bios).with { $0.relayAddress = relay }
        }
        let offer = try dialogue.ask(discover(Self.relay))
        #expect(offer.bootFile == "undionly.kpxe" && offer.relayAddress == Self.relay)
        #expect(dialogue.last.reply?.1 == .relay(IPv4Endpoint(address: Self.relay, port: 67)))
        for forged in [Dialogue.server, .broadcast, IPv4Address(127, 0, 0, 1), IPv4Address(224, 0, 0, 1)] {
            #expect(try dialogue.say(discover(forged)).action == .ignore(.impossibleRelay(forged)))
        }
    }

    @Test("The subnet is the one of 82.5, else of option 118, else of the relay, else of the interface")
    func precedence() throws {
        var dialogue = try dialogue()
        func subnet(_ message: ClientMessage) throws -> IPv4Address {
            try dialogue.ask(message, from: IPv4Endpoint(address: Self.relay, port: 67))[.subnetMask]
                .flatMap { IPv4Address(bytes: $0) } ?? .any
        }
        let (own, far) = (IPv4Address(255, 255, 255, 0), IPv4Address(255, 255, 0, 0))
        let selection: [DHCPOptionCode: [UInt8]] = [.subnetSelection: [10, 0, 0, 0]]
        let link: [DHCPOptionCode: [UInt8]] = [.relayInformation: [5, 4, 10, 7, 0, 0]]
        #expect(try subnet(discover(selection.merging(link) { $1 })) == far)
        #expect(try subnet(discover(selection)) == own)
        #expect(try subnet(discover()) == far)
        #expect(try subnet(ClientMessage(.discover)) == own)
        #expect(try dialogue.ask(discover(selection))[.subnetSelection].map(Array.init) == [10, 0, 0, 0])
        let unknown = discover([.subnetSelection: [172, 16, 0, 0]])
        #expect(try dialogue.say(unknown).action == .ignore(.noSubnet(IPv4Address(172, 16, 0, 0))))
    }

    @Test("A client that writes a relay's option itself chooses neither subnet nor server by it")
    func forgedRelayInformation() throws {
        var dialogue = try dialogue()
        let forged: [DHCPOptionCode: [UInt8]] = [.relayInformation: [5, 4, 10, 7, 0, 0, 11, 4, 10, 7, 0, 9]]
        let offer = try dialogue.ask(ClientMessage(.discover, forged))
        #expect(offer[.subnetMask].map(Array.init) == [255, 255, 255, 0])
        #expect(offer.serverIdentifier == Dialogue.server)
        #expect(offer[.relayInformation] != nil)
    }

    @Test("A relay's information that is too long for one option is left out, and that is told (RFC 3396)")
    func longRelayInformation() throws {
        var dialogue = try dialogue()
        var client = discover()
        client.options = [
            (.relayInformation, [1, 200]), (.relayInformation, [UInt8](repeating: 7, count: 255)),
        ]
        let (reply, _) = try #require(try dialogue.say(client).reply)
        let (bytes, dropped) = reply.encoded()
        #expect(dropped == [.relayInformation])
        #expect(try DHCPMessage(bytes)[.relayInformation] == nil)
    }

    @Test("A unicast renewal belongs to its address's subnet; a broadcast one to the interface's")
    func renewalSubnet() throws {
        var dialogue = try dialogue()
        let renewal = ClientMessage.renewal(of: IPv4Address(10, 7, 1, 9), from: .test(1))
        #expect(try dialogue.ask(renewal, to: Dialogue.server).messageType == .acknowledgment)
        #expect(try dialogue.ask(renewal).messageType == .refusal, "it has moved to another network")
    }

    @Test("One card has one lease in each subnet")
    func leasesPerSubnet() throws {
        var dialogue = try dialogue()
        let near = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(try dialogue.ask(discover()).yourAddress == IPv4Address(10, 7, 1, 0))
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == near)
    }
}

@Suite("How a reply reaches its client (RFC 2131 §4.1)")
struct ReplyRouteTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var type = DHCPMessageType.acknowledgment
        var relayAddress = IPv4Address.any
        var clientAddress = IPv4Address.any
        var yourAddress = Self.client
        var hasFlag = false
        var hardwareType: UInt8 = 1
        var route: ReplyRoute

        static let client = IPv4Address(10, 0, 0, 100)
        static let relay = IPv4Endpoint(address: IPv4Address(10, 0, 0, 254), port: 67)
        static let own = IPv4Endpoint(address: client, port: 68)

        var testDescription: String { name }
    }

    @Test(
        "The first rule that fits decides",
        arguments: [
            Case(name: "relay", relayAddress: Case.relay.address, route: .relay(Case.relay)),
            Case(
                name: "relay before client address and flag", relayAddress: Case.relay.address,
                clientAddress: Case.client, hasFlag: true, route: .relay(Case.relay)),
            Case(
                name: "refusal by a relay", type: .refusal, relayAddress: Case.relay.address,
                yourAddress: .any,
                route: .relay(Case.relay)),
            Case(name: "client address", clientAddress: Case.client, route: .unicast(Case.own)),
            Case(
                name: "client address before flag", clientAddress: Case.client, hasFlag: true,
                route: .unicast(Case.own)),
            Case(name: "refusal", type: .refusal, yourAddress: .any, route: .broadcast),
            Case(
                name: "refusal before client address", type: .refusal, clientAddress: Case.client,
                yourAddress: .any, route: .broadcast),
            Case(name: "broadcast flag", hasFlag: true, route: .broadcast),
            Case(name: "neither", route: .frame(.test(1), Case.client)),
            Case(name: "no address to give (proxy)", type: .offer, yourAddress: .any, route: .broadcast),
            Case(name: "no Ethernet", hardwareType: 32, route: .broadcast),
        ])
    func routes(_ example: Case) throws {
        let request = ClientMessage(.request).with {
            $0.relayAddress = example.relayAddress
            $0.flags = example.hasFlag ? 0x8000 : 0
            $0.hardwareType = example.hardwareType
        }
        let parsed = try request.parsed()
        var reply = DHCPReply(example.type, to: parsed, mtu: 1500)
        reply.clientAddress = example.clientAddress
        reply.yourAddress = example.yourAddress
        let arrival = DHCPArrival(
            interfaceAddress: Dialogue.server, source: IPv4Endpoint(address: Case.client, port: 1067),
            destination: .broadcast, port: 67)
        #expect(ReplyRoute(for: reply, to: parsed, via: arrival) == example.route)
    }
}
