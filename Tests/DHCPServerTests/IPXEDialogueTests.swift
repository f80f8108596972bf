import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("What iPXE and gPXE are told")
struct IPXEDialogueTests {
    private static let script =
        "http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01&uuid=${uuid}&serial=${serial:uristring}"
        + "&arch=${buildarch}&platform=${platform}&asset=${asset:uristring}"

    private func text(_ message: DHCPMessage, _ code: DHCPOptionCode) -> String? {
        message[code].map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("iPXE gets the script and not its own binary again (iPXE)")
    func ipxeScript() throws {
        var dialogue = try Dialogue()
        let (offer, acknowledgment) = try dialogue.getLease(.test(1), ClientOptions.ipxe)
        for message in [offer, acknowledgment] {
            #expect(text(message, .bootFile) == Self.script + "\0")
            #expect(message.bootFile.isEmpty, "the URL is too long for `file`, which iPXE would prefer")
            #expect(message[.vendorClass] == nil && message[.vendorInformation] == nil)
            #expect(message[.etherboot].map(Array.init) == [176, 1, 1], "spares it three seconds of waiting")
        }
    }

    @Test("A captured DISCOVER of iPXE is answered by a frame to its card, with its identifiers (iPXE)")
    func goldenIPXEOffer() throws {
        var dialogue = try Dialogue()
        let arrival = DHCPArrival(
            interfaceAddress: Dialogue.server, source: IPv4Endpoint(address: .any, port: 68),
            destination: .broadcast, port: 67)
        let request = try DHCPMessage(Capture.ipxeDiscover)
        let response = dialogue.responder.respond(to: request, via: arrival, at: dialogue.now)
        let (reply, route) = try #require(response.reply)
        #expect(route == .frame(MACAddress(rawValue: 0x5254_004e_4201), IPv4Address(10, 0, 0, 100)))
        let offer = try DHCPMessage(reply.encoded().bytes)
        #expect(offer.optionCodes == [53, 54, 51, 1, 3, 6, 15, 66, 61, 97, 175, 67])
        #expect(offer[.clientIdentifier] == request[.clientIdentifier])
        #expect(response.machine?.stage == .ipxe(IPXEFeatures(http: true)))
    }

    @Test("An iPXE is known by a user class with a length, too (imitators)")
    func userClassWithLength() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.uefi
        options[.userClass] = [4] + [UInt8](text: "iPXE")
        #expect(text(try dialogue.ask(ClientMessage(.discover, options)), .bootFile) == Self.script + "\0")
    }

    @Test("An iPXE is known by option 175 alone (FlexBoot)")
    func flexBoot() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.uefi
        options[.etherboot] = [177, 5, 1, 0x1a, 0xf4, 0x10, 0, 19, 1, 1]
        #expect(text(try dialogue.ask(ClientMessage(.discover, options)), .bootFile) == Self.script + "\0")
    }

    @Test("An iPXE without HTTP gets a fuller one first (ROMs)")
    func ipxeWithoutHTTP() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.ipxe
        options[.etherboot] = [21, 1, 1]
        let offer = try dialogue.ask(ClientMessage(.discover, options))
        #expect(offer.bootFile == "snponly.efi")
        #expect(offer[.vendorClass] == nil && offer[.etherboot].map(Array.init) == [176, 1, 1])
    }

    @Test("An iPXE that lists no features at all has HTTP (chained builds)")
    func ipxeWithoutFeatures() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.ipxe
        options[.etherboot] = nil
        #expect(text(try dialogue.ask(ClientMessage(.discover, options)), .bootFile) == Self.script + "\0")
        options[.etherboot] = [177, 5, 1, 0x1a, 0xf4, 0x10, 0]
        #expect(text(try dialogue.ask(ClientMessage(.discover, options)), .bootFile) == Self.script + "\0")
        options[.userClass] = nil
        #expect(try dialogue.ask(ClientMessage(.discover, options)).bootFile == "snponly.efi")
    }

    @Test("gPXE gets the script (gPXE)")
    func gpxe() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.bios
        options[.userClass] = [UInt8](text: "gPXE")
        options[.etherboot] = [176, 1, 1]
        let offer = try dialogue.ask(ClientMessage(.discover, options))
        #expect(text(offer, .bootFile) == Self.script + "\0")
        #expect(dialogue.last.machine?.stage == .gpxe)
    }

    @Test("A short script URL stands in `file`, too")
    func shortScriptURL() throws {
        let machine = Machine(mac: .test(1), platform: .bios, stage: .ipxe(IPXEFeatures(http: true)))
        let location = ServerLocation(address: Dialogue.server, httpPort: 80)
        let data = BootData(
            for: .script, of: machine, isBootClient: true, from: location, in: .server)
        #expect(data.bootFile == Self.script)
        var reply = DHCPReply(.offer, to: try ClientMessage(.discover).parsed(), mtu: 1500)
        reply.setBootFile("http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01")
        #expect(reply.bootFile == "http://10.0.0.1/boot.ipxe?mac=52:54:00:00:00:01")
    }
}
