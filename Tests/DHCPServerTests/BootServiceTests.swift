import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("Boot files without addresses: port 4011 and proxy mode")
struct BootServiceTests {
    private static let client = IPv4Address(10, 0, 0, 100)

    private func text(_ message: DHCPMessage, _ code: DHCPOptionCode) -> String? {
        message[code].map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A request to port 4011 is acknowledged to where it came from, without an address (EDK2)")
    func bootService() throws {
        var dialogue = try Dialogue()
        let identifier = [0] + Array(UInt8(1)...16)
        let options = ClientOptions.uefi.merging([.clientMachineIdentifier: identifier]) { $1 }
        let request = ClientMessage(.request, options).with { $0.clientAddress = Self.client }
        let source = IPv4Endpoint(address: Self.client, port: 4011)
        let reply = try dialogue.ask(request, from: source, to: Dialogue.server, port: 4011)
        #expect(reply.messageType == .acknowledgment && reply.yourAddress == .any)
        #expect(reply.nextServer == Dialogue.server && reply.bootFile == "snponly.efi")
        #expect(reply.optionCodes == [53, 54, 60, 97, 67])
        #expect(text(reply, .vendorClass) == "PXEClient")
        #expect(dialogue.last.reply?.1 == .bootService(source))
        #expect(dialogue.last.machine?.address == Self.client && dialogue.last.changes.isEmpty)
    }

    @Test("A request from port 68 is answered at port 68, though it has the broadcast flag (iPXE)")
    func bootServiceForIPXE() throws {
        var dialogue = try Dialogue()
        let request = ClientMessage(.request, ClientOptions.ipxe).with {
            $0.clientAddress = Self.client
            $0.flags = 0x8000
        }
        let source = IPv4Endpoint(address: Self.client, port: 68)
        let reply = try dialogue.ask(request, from: source, to: Dialogue.server, port: 4011)
        #expect(text(reply, .bootFile)?.hasPrefix("http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01&") == true)
        #expect(dialogue.last.reply?.1 == .bootService(source))
    }

    @Test("What was chosen from a PXE menu is confirmed (iPXE, PXE ROMs)")
    func menuItem() throws {
        var dialogue = try Dialogue()
        let options = ClientOptions.bios.merging([.vendorInformation: [71, 4, 0, 1, 0, 0, 255]]) { $1 }
        let source = IPv4Endpoint(address: Self.client, port: 68)
        let reply = try dialogue.ask(
            ClientMessage(.request, options), from: source, to: Dialogue.server, port: 4011)
        #expect(reply[.vendorInformation].map(Array.init) == [71, 4, 0, 1, 0, 0, 255])
    }

    @Test("The boot service has nothing for systems, nor for machines that boot from their BIOS disk")
    func nothingToSay() throws {
        var dialogue = try Dialogue()
        let source = IPv4Endpoint(address: Self.client, port: 68)
        #expect(
            try dialogue.say(ClientMessage(.request), from: source, port: 4011).action
                == .ignore(.notABootClient))
        let release = ClientMessage(.release, ClientOptions.bios)
        #expect(try dialogue.say(release, from: source, port: 4011).action == .ignore(.unexpectedType(7)))
        dialogue = try Dialogue { $0.policy.defaultTarget = .local }
        let request = ClientMessage(.request, ClientOptions.bios)
        #expect(try dialogue.say(request, from: source, port: 4011).action == .ignore(.bootsFromDisk))
        let unknown = ClientMessage(.request, ClientOptions.pxe(architecture: 2))
        #expect(
            try dialogue.say(unknown, from: source, port: 4011).action == .ignore(.policy(.unknownPlatform)))
    }

    @Test("Who names another's address at port 4011 is answered, and not taken for the other")
    func forgedClientAddress() throws {
        var dialogue = try Dialogue()
        let source = IPv4Endpoint(address: Self.client, port: 4011)
        let victim = IPv4Address(10, 0, 0, 150)
        let forged = ClientMessage(.request, ClientOptions.uefi).with { $0.clientAddress = victim }
        try dialogue.ask(forged, from: source, to: Dialogue.server, port: 4011)
        #expect(dialogue.last.machine?.address == nil && dialogue.last.reply?.1 == .bootService(source))
        let nowhere = IPv4Endpoint(address: IPv4Address(192, 0, 2, 1), port: 4011)
        let stranger = ClientMessage(.request, ClientOptions.uefi).with { $0.clientAddress = nowhere.address }
        try dialogue.ask(stranger, from: nowhere, to: Dialogue.server, port: 4011)
        #expect(dialogue.last.machine?.address == nil, "of no subnet of ours")
        try dialogue.ask(stranger, port: 4011)
        #expect(dialogue.last.reply?.1 == .broadcast, "nobody is sent what he may not have asked for")
    }

    // MARK: Proxy mode

    private func proxy() throws -> Dialogue { try Dialogue { $0.mode = .proxy } }

    @Test("A proxy's offer to BIOS firmware has the boot file and says to use it (PXE ROMs)")
    func proxyBIOS() throws {
        var dialogue = try proxy()
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.bios))
        #expect(offer.messageType == .offer && offer.yourAddress == .any)
        #expect(offer.optionCodes == [53, 54, 60, 43, 67])
        #expect(offer[.vendorInformation].map(Array.init) == [6, 1, 8, 255])
        #expect(offer.bootFile == "undionly.kpxe" && offer.nextServer == Dialogue.server)
        #expect(dialogue.last.reply?.1 == .broadcast)
        #expect(dialogue.responder.pools[0].leases.isEmpty)
    }

    @Test("A proxy's offer to UEFI leaves out option 43, which sends it to port 4011 (shipping UEFIs)")
    func proxyUEFI() throws {
        var dialogue = try proxy()
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.uefi))
        #expect(offer[.vendorInformation] == nil && text(offer, .vendorClass) == "PXEClient")
        let source = IPv4Endpoint(address: Self.client, port: 4011)
        let request = ClientMessage(.request, ClientOptions.uefi).with { $0.clientAddress = Self.client }
        let reply = try dialogue.ask(request, from: source, to: Dialogue.server, port: 4011)
        #expect(reply.bootFile == "snponly.efi")
    }

    @Test("A proxy serves HTTP firmware and iPXE, too")
    func proxyOthers() throws {
        var dialogue = try proxy()
        let http = try dialogue.ask(ClientMessage(.discover, ClientOptions.uefiHTTP))
        #expect(text(http, .vendorClass) == "HTTPClient" && http.bootFile == "http://10.0.0.1/snponly.efi")
        let ipxe = try dialogue.ask(ClientMessage(.discover, ClientOptions.ipxe))
        #expect(text(ipxe, .vendorClass) == "PXEClient" && ipxe[.vendorInformation] == nil)
        #expect(text(ipxe, .bootFile)?.hasPrefix("http://10.0.0.1/boot.ipxe?") == true)
        #expect(ipxe[.etherboot] == nil, "it must wait for the proxy: that is where this comes from")
    }

    @Test("A proxy leaves everything else to the other server, and learns who has which address")
    func proxyIgnores() throws {
        var dialogue = try proxy()
        #expect(try dialogue.say(ClientMessage(.discover)).action == .ignore(.notABootClient))
        let request = ClientMessage(
            .request,
            ClientOptions.bios.merging([
                .requestedAddress: Self.client.bytes, .serverIdentifier: [10, 0, 0, 2],
            ]) { $1 })
        let relay = IPv4Address(203, 0, 113, 9)
        let reflected = ClientMessage(.discover, ClientOptions.bios).with { $0.relayAddress = relay }
        #expect(try dialogue.say(reflected).action == .ignore(.unknownRelay(relay)))
        #expect(try dialogue.say(request).action == .ignore(.proxyMode))
        #expect(dialogue.last.machine?.address == Self.client)
    }
}
