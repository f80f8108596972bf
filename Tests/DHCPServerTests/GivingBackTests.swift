import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("DHCPRELEASE, DHCPDECLINE and DHCPINFORM")
struct GivingBackTests {
    @Test("A released address is free for others, and still the client's if it comes back first")
    func release() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(try dialogue.say(.release(address, from: .test(1))).action == .heeded(.released(address)))
        #expect(dialogue.disk[address]?.state == .released)
        #expect(try dialogue.ask(ClientMessage(.discover, from: .test(1))).yourAddress == address)
        dialogue.pass(seconds: 100)
        let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: address.bytes]
        #expect(try dialogue.ask(ClientMessage(.discover, from: .test(2), wish)).yourAddress == address)
    }

    @Test("Nobody gives back or complains of another's address")
    func foreignRelease() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(
            try dialogue.say(.release(address, from: .test(2))).action == .ignore(.notItsAddress(address)))
        #expect(
            try dialogue.say(.decline(address, from: .test(2))).action == .ignore(.notItsAddress(address)))
        #expect(try dialogue.say(ClientMessage(.release)).action == .ignore(.noAddress))
        #expect(try dialogue.say(ClientMessage(.decline)).action == .ignore(.noAddress))
        let rival = ClientMessage(.release, [.serverIdentifier: [10, 0, 0, 2]])
        #expect(try dialogue.say(rival).action == .ignore(.otherServerChosen(IPv4Address(10, 0, 0, 2))))
    }

    @Test("A declined address is out of use for ten minutes, and its client gets another")
    func decline() throws {
        var dialogue = try Dialogue()
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(try dialogue.say(.decline(address, from: .test(1))).action == .heeded(.declined(address)))
        #expect(dialogue.disk[address]?.state == .declined)
        let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: address.bytes]
        #expect(try dialogue.getLease(.test(1), wish).offer.yourAddress != address)
        #expect(try dialogue.ask(.reboot(with: address, from: .test(1))).messageType == .refusal)
        dialogue.pass(seconds: 600)
        #expect(try dialogue.getLease(.test(2), wish).offer.yourAddress == address)
    }

    @Test("A client that declines all it gets is not listened to for long")
    func declineQuota() throws {
        var dialogue = try Dialogue()
        for _ in 0..<4 {
            let address = try dialogue.getLease(.test(1)).offer.yourAddress
            #expect(try dialogue.say(.decline(address, from: .test(1))).action == .heeded(.declined(address)))
        }
        let address = try dialogue.getLease(.test(1)).offer.yourAddress
        #expect(
            try dialogue.say(.decline(address, from: .test(1))).action == .ignore(.tooManyDeclines(address)))
        #expect(try dialogue.getLease(.test(1)).offer.yourAddress == address)
        dialogue.pass(seconds: 600)
        #expect(try dialogue.say(.decline(address, from: .test(1))).action == .heeded(.declined(address)))
    }

    @Test("Declines of many clients take no more than a quarter of the pool out of use")
    func declineLimit() throws {
        var dialogue = try Dialogue()
        var declined = 0
        for number in 1...60 {
            let address = try dialogue.getLease(.test(number)).offer.yourAddress
            if case .heeded = try dialogue.say(.decline(address, from: .test(number))).action {
                declined += 1
            }
        }
        #expect(declined == 25)
    }

    @Test("An INFORM gets settings, and neither address nor lease (Windows, pxelinux)")
    func inform() throws {
        var dialogue = try Dialogue()
        let own = IPv4Address(10, 0, 0, 30)
        let client = ClientMessage(.inform).with { $0.clientAddress = own }
        let reply = try dialogue.ask(client, to: Dialogue.server)
        #expect(reply.messageType == .acknowledgment && reply.yourAddress == .any)
        #expect(reply.clientAddress == own && reply[.subnetMask] != nil)
        #expect(reply[.leaseTime] == nil && reply[.renewalTime] == nil && reply[.rebindingTime] == nil)
        #expect(dialogue.last.reply?.1 == .unicast(IPv4Endpoint(address: own, port: 68)))
        #expect(dialogue.disk.isEmpty)
        #expect(try dialogue.say(ClientMessage(.inform)).action == .ignore(.noAddress))
        let other = IPv4Endpoint(address: IPv4Address(10, 0, 0, 151), port: 68)
        #expect(
            try dialogue.say(client, from: other).action == .ignore(.notItsAddress(own)), "another's address")
    }

    @Test(
        "A live host that looks for its boot server is told a URL, whatever it boots (kexec-join)",
        arguments: [BootTarget.local, .menu, .profile("alpine")])
    func informOfLiveHost(target: BootTarget) throws {
        let policy = try Dialogue.policy(target: target)
        var dialogue = try Dialogue { $0.policy = policy }
        let own = IPv4Address(10, 0, 0, 30)
        let client = ClientMessage(.inform, ClientOptions.ipxe).with { $0.clientAddress = own }
        let reply = try dialogue.ask(client, to: Dialogue.server)
        let url = reply[.bootFile].map { String(decoding: $0, as: UTF8.self) }
        #expect(url?.hasPrefix("http://10.0.0.1/boot.ipxe?mac=") == true)
        #expect(reply.nextServer == Dialogue.server && reply.clientAddress == own)
        #expect(dialogue.last.reply?.1 == .unicast(IPv4Endpoint(address: own, port: 68)))
    }

    @Test("A live host that is unknown is not told where unknown machines are ignored (kexec-join)")
    func informOfUnknownHost() throws {
        var dialogue = try Dialogue { $0.policy.ignoresUnknown = true }
        let client = ClientMessage(.inform, ClientOptions.ipxe)
            .with { $0.clientAddress = IPv4Address(10, 0, 0, 30) }
        #expect(try dialogue.say(client).action == .ignore(.policy(.unknownMachine)))
    }

    @Test("Beside another DHCP server, a live host is told at port 4011 (kexec-join)")
    func informInProxyMode() throws {
        let policy = try Dialogue.policy(target: .local)
        var dialogue = try Dialogue {
            $0.mode = .proxy
            $0.policy = policy
        }
        let source = IPv4Endpoint(address: IPv4Address(10, 0, 0, 30), port: 68)
        let client = ClientMessage(.inform, ClientOptions.ipxe).with { $0.clientAddress = source.address }
        #expect(try dialogue.say(client, from: source).action == .ignore(.proxyMode))
        let reply = try dialogue.ask(client, from: source, port: 4011)
        let url = reply[.bootFile].map { String(decoding: $0, as: UTF8.self) }
        #expect(url?.hasPrefix("http://10.0.0.1/boot.ipxe?mac=") == true)
        #expect(dialogue.last.reply?.1 == .bootService(source))
    }
}
