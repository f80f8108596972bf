import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("Addresses that are kept for one machine")
struct ReservationTests {
    private static let address = IPv4Address(10, 0, 0, 150)
    private static let uuidBytes = Array(UInt8(1)...16)

    private func dialogue(_ machine: KnownMachine, leases: [Lease] = []) throws -> Dialogue {
        let policy = try Dialogue.policy(machines: [machine])
        return try Dialogue({ $0.policy = policy }, leases: leases)
    }

    private func lease(of mac: MACAddress, until expires: Int64) -> Lease {
        Lease(
            address: Self.address, client: .hardware(HardwareAddress(mac)), state: .leased,
            expires: UnixTime(rawValue: expires))
    }

    @Test("A machine gets its own address, inside the range or outside", arguments: [150, 20] as [UInt8])
    func byMAC(last: UInt8) throws {
        let own = IPv4Address(10, 0, 0, last)
        var dialogue = try dialogue(KnownMachine(mac: .test(1), address: own))
        let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: [10, 0, 0, 111]]
        #expect(try dialogue.getLease(.test(1), wish).offer.yourAddress == own)
        #expect(try dialogue.ask(.reboot(with: own, from: .test(1))).messageType == .acknowledgment)
    }

    @Test("A machine known by its UUID keeps its address under a system that does not tell it")
    func byUUID() throws {
        let uuid = try #require(SystemUUID(wireBytes: Self.uuidBytes))
        var dialogue = try dialogue(KnownMachine(uuid: uuid, address: Self.address))
        let firmware = ClientOptions.uefi.merging([.clientMachineIdentifier: [0] + Self.uuidBytes]) { $1 }
        #expect(try dialogue.getLease(.test(1), firmware).offer.yourAddress == Self.address)
        #expect(dialogue.disk[Self.address]?.uuid == uuid)
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == Self.address)
        let second = try dialogue.getLease(.test(2), firmware)
        #expect(second.offer.yourAddress != Self.address, "its other network card")
    }

    @Test("Nobody else gets a reserved address, not even by asking")
    func neverAnothers() throws {
        var dialogue = try dialogue(KnownMachine(mac: .test(1), address: Self.address))
        let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: Self.address.bytes]
        #expect(try dialogue.getLease(.test(2), wish).offer.yourAddress != Self.address)
        #expect(try dialogue.ask(.reboot(with: Self.address, from: .test(3))).messageType == .refusal)
        #expect(try dialogue.ask(.renewal(of: Self.address, from: .test(3))).messageType == .refusal)
        let request = ClientMessage(
            .request, from: .test(3),
            [.requestedAddress: Self.address.bytes, .serverIdentifier: Dialogue.server.bytes])
        #expect(try dialogue.ask(request).messageType == .refusal)
        var given: Set<IPv4Address> = []
        for number in 2...100 { given.insert(try dialogue.getLease(.test(number)).offer.yourAddress) }
        #expect(given.count == 99 && !given.contains(Self.address))
    }

    @Test("While somebody else still has its address, the machine gets another, and the log says why")
    func held() throws {
        let holder = lease(of: .test(2), until: 1_000_500)
        var dialogue = try dialogue(KnownMachine(mac: .test(1), address: Self.address), leases: [holder])
        let interim = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(interim == IPv4Address(10, 0, 0, 100))
        #expect(try dialogue.ask(ClientMessage(.discover, from: .test(1))).yourAddress == interim)
        #expect(dialogue.last.remarks == [.reservationHeld(Self.address, by: holder.client)])
        #expect(try dialogue.ask(.renewal(of: Self.address, from: .test(2))).messageType == .refusal)

        dialogue.pass(seconds: 500)
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == Self.address)
        #expect(dialogue.disk[interim]?.state == .released, "one machine, one lease")
        #expect(dialogue.last.remarks.isEmpty)
    }

    @Test("A running machine that is given a reservation moves at its next boot, not before")
    func movesAtBoot() throws {
        let policy = try Dialogue.policy(machines: [KnownMachine(mac: .test(1), address: Self.address)])
        var dialogue = try Dialogue()
        let before = try dialogue.getLease(.test(1)).offer.yourAddress
        var settings = dialogue.responder.settings
        settings.policy = policy
        dialogue.responder.apply(settings)
        #expect(try dialogue.ask(.renewal(of: before, from: .test(1))).messageType == .acknowledgment)
        #expect(try dialogue.ask(.reboot(with: before, from: .test(1))).messageType == .refusal)
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == Self.address)
        #expect(dialogue.disk[before]?.state == .released)
    }

    @Test(
        "A reservation that no client can have is told and passed over",
        arguments: [Dialogue.server, Dialogue.router, IPv4Address(10, 0, 0, 255), IPv4Address(10, 9, 0, 5)])
    func unusable(address: IPv4Address) throws {
        var dialogue = try dialogue(KnownMachine(mac: .test(1), address: address))
        #expect(try dialogue.ask(ClientMessage(.discover)).yourAddress == IPv4Address(10, 0, 0, 100))
        #expect(dialogue.last.remarks == [.reservationUnusable(address)])
    }

    @Test("Server, router, network and broadcast addresses are in nobody's range")
    func excluded() throws {
        var dialogue = try Dialogue {
            $0.subnets[0].network = IPv4Network("10.0.0.0/28") ?? $0.subnets[0].network
            $0.subnets[0].ranges = IPv4Range("10.0.0.0-10.0.0.15").map { [$0] } ?? []
            $0.subnets[0].router = IPv4Address(10, 0, 0, 14)
        }
        var given: Set<IPv4Address> = []
        for number in 1...12 { given.insert(try dialogue.getLease(.test(number)).offer.yourAddress) }
        #expect(given == Set((2...13).map { IPv4Address(10, 0, 0, $0) }))
        let network = try #require(IPv4Network("10.0.0.0/28"))
        let last = try dialogue.say(ClientMessage(.discover, from: .test(13)))
        #expect(last.action == .ignore(.poolExhausted(network)))
    }
}
