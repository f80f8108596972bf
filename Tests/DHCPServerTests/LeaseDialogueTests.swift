import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("How clients get, keep and give back addresses")
struct LeaseDialogueTests {
    // MARK: One address for one machine

    @Test("ROM, iPXE and system of one card share an address, whatever identifiers they show (every boot)")
    func oneAddressPerBoot() throws {
        var dialogue = try Dialogue()
        let rom = try dialogue.getLease(.test(1), ClientOptions.uefi)
        let ipxe = try dialogue.getLease(
            .test(1), ClientOptions.ipxe.merging([.clientIdentifier: [1] + MACAddress.test(1).bytes]) { $1 })
        let duid: [UInt8] = [255, 1, 2, 3, 4, 0, 1, 0, 1, 9, 9, 9, 9]
        let system = try dialogue.getLease(.test(1), [.clientIdentifier: duid])
        #expect(rom.offer.yourAddress == IPv4Address(10, 0, 0, 100))
        #expect(ipxe.offer.yourAddress == rom.offer.yourAddress)
        #expect(system.offer.yourAddress == rom.offer.yourAddress)
        #expect(system.acknowledgment[.clientIdentifier].map(Array.init) == duid, "RFC 6842")
        #expect(rom.acknowledgment[.clientIdentifier] == nil)
        #expect(dialogue.disk.count == 1)
        #expect(dialogue.disk[rom.offer.yourAddress]?.clientIdentifier == duid)
    }

    @Test("Without a hardware address, the client identifier tells machines apart (InfiniBand)")
    func infiniBand() throws {
        var dialogue = try Dialogue()
        func client(_ number: UInt8, _ type: DHCPMessageType = .discover) -> ClientMessage {
            ClientMessage(type, [.clientIdentifier: [32, 0, 0, number]]).with {
                $0.hardwareType = 32
                $0.hardwareAddress = []
            }
        }
        let first = try dialogue.ask(client(1))
        let second = try dialogue.ask(client(2))
        #expect(first.yourAddress != second.yourAddress)
        #expect(try dialogue.ask(client(1)).yourAddress == first.yourAddress)
        #expect(dialogue.last.reply?.1 == .broadcast, "no frame can be addressed to it")
        let nobody = ClientMessage(.discover).with { $0.hardwareAddress = [] }
        #expect(try dialogue.say(nobody).action == .ignore(.noIdentity))
    }

    @Test("An offer is held for a while though it is never asked for (Raspberry Pi 3)")
    func offerIsHeld() throws {
        var dialogue = try Dialogue()
        let first = try dialogue.ask(ClientMessage(.discover, from: .test(1))).yourAddress
        dialogue.pass(seconds: 89)
        #expect(try dialogue.ask(ClientMessage(.discover, from: .test(2))).yourAddress != first)
        #expect(dialogue.disk.isEmpty, "offers are not on disk")
    }

    @Test("A lease that still runs is not shortened by a new offer")
    func offerKeepsLease() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        try dialogue.ask(ClientMessage(.discover, from: .test(1)))
        dialogue.pass(seconds: 3000)
        let renewed = ClientMessage.renewal(of: address, from: .test(1))
        #expect(try dialogue.ask(renewed, to: Dialogue.server).messageType == .acknowledgment)
    }

    @Test("A client that comes back gets the address that it had")
    func sticky() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        try dialogue.getLease(.test(2))
        dialogue.pass(seconds: 100_000)
        #expect(try dialogue.getLease(.test(3)).offer.yourAddress == IPv4Address(10, 0, 0, 102))
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == address)
    }

    @Test("A boot client's lease outlasts its boot, for it never renews (ROMs, iPXE)")
    func leaseTimes() throws {
        var dialogue = try Dialogue { $0.subnets[0].lease = .seconds(120) }
        func seconds(_ message: DHCPMessage, _ code: DHCPOptionCode) -> UInt32? {
            message[code].flatMap { IPv4Address(bytes: $0) }?.rawValue
        }
        let boot = try dialogue.getLease(.test(1), ClientOptions.uefi).acknowledgment
        #expect(seconds(boot, .leaseTime) == 600)
        #expect(seconds(boot, .renewalTime) == 300 && seconds(boot, .rebindingTime) == 525)
        let system = try dialogue.getLease(.test(1)).acknowledgment
        #expect(seconds(system, .leaseTime) == 120)
        #expect(dialogue.disk[system.yourAddress]?.expires == dialogue.now + 120)
    }

    // MARK: DHCPREQUEST

    @Test("Who names another server is left to it, and the log names the rival")
    func rival() throws {
        var dialogue = try Dialogue()
        let offered = try dialogue.ask(ClientMessage(.discover, from: .test(1))).yourAddress
        let rival = IPv4Address(10, 0, 0, 2)
        let request = ClientMessage(
            .request, from: .test(1),
            [.requestedAddress: [10, 0, 0, 50], .serverIdentifier: rival.bytes])
        #expect(try dialogue.say(request).action == .ignore(.otherServerChosen(rival)))
        let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: offered.bytes]
        let next = try dialogue.ask(ClientMessage(.discover, from: .test(2), wish))
        #expect(next.yourAddress == offered, "what was held for it is free")
    }

    @Test("A request for what nobody offered is refused when it names this server")
    func selectingTakenAddress() throws {
        var dialogue = try Dialogue()
        let taken = try dialogue.getLease(.test(1)).offer.yourAddress
        let request = ClientMessage(
            .request, from: .test(2),
            [.requestedAddress: taken.bytes, .serverIdentifier: Dialogue.server.bytes])
        let refusal = try dialogue.ask(request)
        #expect(refusal.messageType == .refusal && refusal.yourAddress == .any && refusal.nextServer == .any)
        #expect(refusal.optionCodes == [53, 54, 56])
        #expect(dialogue.last.reply?.1 == .broadcast && dialogue.last.changes.isEmpty)
    }

    @Test("An offer made before a restart is still good")
    func selectingAfterRestart() throws {
        var dialogue = try Dialogue()
        let request = ClientMessage(
            .request, from: .test(1),
            [.requestedAddress: [10, 0, 0, 150], .serverIdentifier: Dialogue.server.bytes])
        #expect(try dialogue.ask(request).yourAddress == IPv4Address(10, 0, 0, 150))
    }

    @Test("A client that restarts keeps its address (INIT-REBOOT)")
    func initReboot() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        let reply = try dialogue.ask(.reboot(with: address, from: .test(1)))
        #expect(reply.messageType == .acknowledgment && reply.yourAddress == address)
        #expect(reply.clientAddress == .any)
    }

    @Test(
        "A client that restarts with a wrong address is told so by the only server, and by no other",
        arguments: [IPv4Address(192, 168, 1, 5), IPv4Address(10, 0, 0, 150), IPv4Address(10, 0, 0, 30)])
    func initRebootElsewhere(address: IPv4Address) throws {
        var dialogue = try Dialogue()
        #expect(try dialogue.ask(.reboot(with: address, from: .test(1))).messageType == .refusal)
        dialogue = try Dialogue { $0.authoritative = false }
        let response = try dialogue.say(.reboot(with: address, from: .test(1)))
        #expect(response.action == .ignore(.notOurLease(address)))
    }

    @Test("A renewal goes to the client's own address, and carries it back")
    func renewal() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        dialogue.pass(seconds: 1800)
        let reply = try dialogue.ask(.renewal(of: address, from: .test(1)), to: Dialogue.server)
        #expect(reply.messageType == .acknowledgment)
        #expect(reply.yourAddress == address && reply.clientAddress == address)
        #expect(dialogue.last.reply?.1 == .unicast(IPv4Endpoint(address: address, port: 68)))
        #expect(dialogue.disk[address]?.expires == dialogue.now + 3600)
    }

    @Test("A renewal of a lease that the server has lost is taken at its word, if the address is free")
    func adoption() throws {
        var dialogue = try Dialogue()
        let address = IPv4Address(10, 0, 0, 150)
        let reply = try dialogue.ask(.renewal(of: address, from: .test(1)), to: Dialogue.server)
        #expect(reply.messageType == .acknowledgment && reply.yourAddress == address)
        #expect(dialogue.last.remarks == [.leaseAdopted])
        #expect(dialogue.disk[address]?.state == .leased)
        #expect(try dialogue.ask(.renewal(of: address, from: .test(2))).messageType == .refusal)
        dialogue = try Dialogue { $0.authoritative = false }
        #expect(
            try dialogue.say(.renewal(of: address, from: .test(1))).action == .ignore(.notOurLease(address)))
    }

    @Test("A renewal of an address outside the range is refused")
    func renewalOutsideRange() throws {
        var dialogue = try Dialogue()
        for address in [IPv4Address(10, 0, 0, 50), Dialogue.router, IPv4Address(10, 0, 0, 255)] {
            #expect(try dialogue.ask(.renewal(of: address, from: .test(1))).messageType == .refusal)
        }
    }

    @Test(
        "A request that names no address means the one that was offered (clients that Kea and ISC tolerate)")
    func requestWithoutAddress() throws {
        var dialogue = try Dialogue()
        #expect(try dialogue.say(ClientMessage(.request)).action == .ignore(.noAddress))
        let address = try dialogue.ask(ClientMessage(.discover)).yourAddress
        let request = ClientMessage(.request, [.serverIdentifier: Dialogue.server.bytes])
        #expect(try dialogue.ask(request).yourAddress == address)
    }

    @Test("A stray address in a DISCOVER means nothing")
    func strayAddress() throws {
        var dialogue = try Dialogue()
        let client = ClientMessage(.discover).with { $0.clientAddress = IPv4Address(172, 16, 0, 9) }
        let offer = try dialogue.ask(client)
        #expect(offer.clientAddress == .any && offer.yourAddress == IPv4Address(10, 0, 0, 100))
        #expect(dialogue.last.reply?.1 == .frame(.test(1), IPv4Address(10, 0, 0, 100)))
    }

    // MARK: What gets no answer

    @Test("What is not for a DHCP server is ignored, with the reason")
    func ignored() throws {
        var dialogue = try Dialogue()
        #expect(try dialogue.say(ClientMessage(nil)).action == .ignore(.bootp))
        #expect(try dialogue.say(ClientMessage(.leaseQuery)).action == .ignore(.leaseQuery))
        #expect(try dialogue.say(ClientMessage(.offer)).action == .ignore(.unexpectedType(2)))
        let reply = ClientMessage(.offer).with { $0.operation = 2 }
        #expect(try dialogue.say(reply).action == .ignore(.notARequest(operation: 2)))
        dialogue = try Dialogue { $0.mode = .off }
        #expect(try dialogue.say(ClientMessage(.discover)).action == .ignore(.switchedOff))
    }

    @Test("Unknown machines get no answer where the configuration wants that, and known ones do")
    func unknownMachines() throws {
        var dialogue = try Dialogue {
            $0.policy = BootPolicy(machines: [KnownMachine(mac: .test(1))], ignoresUnknown: true)
        }
        #expect(
            try dialogue.say(ClientMessage(.discover, from: .test(2))).action
                == .ignore(.policy(.unknownMachine)))
        #expect(dialogue.responder.pools[0].leases.isEmpty)
        try dialogue.getLease(.test(1))
    }

    @Test("An empty pool is told, and those who have an address keep it")
    func exhaustion() throws {
        var dialogue = try Dialogue {
            $0.subnets[0].ranges = IPv4Range("10.0.0.100-10.0.0.101").map { [$0] } ?? []
        }
        for number in 1...2 { try dialogue.getLease(.test(number)) }
        let network = try #require(IPv4Network("10.0.0.0/24"))
        let newcomer = ClientMessage(.discover, from: .test(3))
        #expect(try dialogue.say(newcomer).action == .ignore(.poolExhausted(network)))
        try dialogue.getLease(.test(1))
        try dialogue.say(.release(IPv4Address(10, 0, 0, 101), from: .test(2)))
        #expect(try dialogue.getLease(.test(3)).offer.yourAddress == IPv4Address(10, 0, 0, 101))
    }
}
