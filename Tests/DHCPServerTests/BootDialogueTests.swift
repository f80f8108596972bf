import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("What each client is told about booting")
struct BootDialogueTests {
    private static let loadDirectly: [UInt8] = [6, 1, 8, 255]

    private func text(_ message: DHCPMessage, _ code: DHCPOptionCode) -> String? {
        message[code].map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Firmware

    @Test("OFFER and ACK carry the same boot data, else the client ends with PXE-E99 (EDK2)")
    func sameBootData() throws {
        var dialogue = try Dialogue()
        let (offer, acknowledgment) = try dialogue.getLease(.test(1), ClientOptions.uefi)
        for message in [offer, acknowledgment] {
            #expect(message.bootFile == "snponly.efi")
            #expect(text(message, .bootFile) == "snponly.efi\0")
            #expect(message.nextServer == Dialogue.server && message.serverName.isEmpty)
            #expect(text(message, .vendorClass) == "PXEClient")
            #expect(message[.vendorInformation].map(Array.init) == Self.loadDirectly)
        }
        #expect(offer.optionCodes.dropFirst() == acknowledgment.optionCodes.dropFirst())
    }

    @Test("A captured DISCOVER is answered in the order that suits all readers (EDK2)")
    func goldenOffer() throws {
        var dialogue = try Dialogue()
        let arrival = DHCPArrival(
            interfaceAddress: Dialogue.server, source: IPv4Endpoint(address: .any, port: 68),
            destination: .broadcast, port: 67)
        let request = try DHCPMessage(Capture.edk2Discover)
        let response = dialogue.responder.respond(to: request, via: arrival, at: dialogue.now)
        let (reply, route) = try #require(response.reply)
        #expect(route == .broadcast, "EDK2 sets the broadcast flag")
        let offer = try DHCPMessage(reply.encoded().bytes)
        #expect(offer.optionCodes == [53, 54, 51, 58, 59, 1, 3, 6, 15, 28, 66, 60, 43, 97, 67])
        #expect(offer.transactionID == 0x873a_ad97 && offer.flags == 0x8000)
        #expect(offer[.clientMachineIdentifier] == request[.clientMachineIdentifier])
        #expect(response.machine?.platform == .uefiX64 && response.machine?.stage == .firmware)
        #expect(response.step == .loader("snponly.efi", over: .tftp))
    }

    @Test("A subnet mask always goes out, or the client declines its address (EDK2)")
    func alwaysSubnetMask() throws {
        var dialogue = try Dialogue()
        let options = ClientOptions.uefi.merging([.parameterRequestList: [66, 67]]) { $1 }
        let offer = try dialogue.ask(ClientMessage(.discover, options))
        #expect(offer[.subnetMask].map(Array.init) == [255, 255, 255, 0])
        #expect(offer[.leaseTime] != nil && offer.serverIdentifier == Dialogue.server)
        #expect(offer[.router] != nil, "boot ROMs forget to ask for it (Raspberry Pi)")
        #expect(offer[.domainName] == nil)
    }

    @Test("A ROM that announces 65280 bytes in its REQUEST gets no more than it takes (EDK2)")
    func lyingMessageSize() throws {
        var dialogue = try Dialogue {
            $0.subnets[0].options = (200...210).map {
                ExtraDHCPOption(code: $0, bytes: [UInt8](repeating: 1, count: 250))
            }
        }
        var client = ClientMessage(.discover, ClientOptions.uefi)
        client.options.append((.maximumMessageSize, [255, 0]))
        let (reply, _) = try #require(try dialogue.say(client).reply)
        let (bytes, dropped) = reply.encoded()
        #expect(bytes.count <= 1472)
        #expect(!dropped.isEmpty && dropped.allSatisfy { (200...210).contains($0.rawValue) })
        #expect(try DHCPMessage(bytes)[.bootFile] != nil)
    }

    @Test("BIOS firmware loads undionly.kpxe without asking at port 4011 (PXE ROMs)")
    func bios() throws {
        var dialogue = try Dialogue()
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.bios))
        #expect(offer.bootFile == "undionly.kpxe")
        #expect(offer[.vendorInformation].map(Array.init) == Self.loadDirectly)
    }

    @Test("UEFI HTTP firmware gets its own vendor class and a URL, in the option and in `file` (EDK2)")
    func uefiHTTP() throws {
        var dialogue = try Dialogue { $0.location.httpPort = 8080 }
        let (offer, acknowledgment) = try dialogue.getLease(.test(1), ClientOptions.uefiHTTP)
        for message in [offer, acknowledgment] {
            #expect(text(message, .vendorClass) == "HTTPClient")
            #expect(text(message, .bootFile) == "http://10.0.0.1:8080/snponly.efi\0")
            #expect(message.bootFile == "http://10.0.0.1:8080/snponly.efi")
            #expect(message[.vendorInformation] == nil)
        }
    }

    @Test("The first known architecture of a list counts (ROMs that list several)")
    func architectureList() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.uefi
        options[.clientArchitecture] = [0, 4, 0, 6, 0, 7]
        #expect(try dialogue.ask(ClientMessage(.discover, options)).bootFile == "ipxe-i386.efi")
    }

    @Test("Without a readable option 93, option 60 tells the architecture (odd ROMs)")
    func architectureFromText() throws {
        var dialogue = try Dialogue()
        var options = ClientOptions.uefi
        options[.clientArchitecture] = [7]
        #expect(try dialogue.ask(ClientMessage(.discover, options)).bootFile == "snponly.efi")
        options[.clientArchitecture] = nil
        #expect(try dialogue.ask(ClientMessage(.discover, options)).bootFile == "snponly.efi")
    }

    @Test("Architecture 9 is x86-64 like 7, for the RFC once had them the other way round (old UEFI)")
    func architecture9() throws {
        var dialogue = try Dialogue()
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.pxe(architecture: 9)))
        #expect(offer.bootFile == "snponly.efi")
    }

    @Test("A machine without a UUID is served like any other (old ROMs)")
    func withoutUUID() throws {
        var dialogue = try Dialogue()
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.bios))
        #expect(offer[.clientMachineIdentifier] == nil && !offer.bootFile.isEmpty)
    }

    @Test("A board that reports architecture 0 but is a Raspberry Pi gets no x86 program (Raspberry Pi 3)")
    func raspberryPiWithoutLoader() throws {
        var dialogue = try Dialogue()
        let mac = MACAddress(rawValue: 0xb827_eb01_0203)
        let offer = try dialogue.ask(ClientMessage(.discover, from: mac, ClientOptions.bios))
        #expect(offer.bootFile.isEmpty && offer[.bootFile] == nil && offer[.vendorClass] == nil)
        #expect(dialogue.last.step == .addressOnly(.noLoader(.raspberryPi)))
        #expect(dialogue.last.machine?.platform == .raspberryPi)
    }

    @Test("A Raspberry Pi reads its name in option 43, or does not go on (Raspberry Pi 3)")
    func raspberryPi() throws {
        var dialogue = try Dialogue { $0.policy.loaders[.raspberryPi] = "bootcode.bin" }
        let mac = MACAddress(rawValue: 0xb827_eb01_0203)
        let offer = try dialogue.ask(ClientMessage(.discover, from: mac, ClientOptions.bios))
        let directions = EncapsulatedOptions(try #require(offer[.vendorInformation]), hasPadding: true)
        #expect(directions[6].map(Array.init) == [3])
        #expect(directions[10].map(Array.init) == [0, 80, 88, 69])
        #expect(directions[9].map(Array.init) == [0, 0, 20] + [UInt8](text: "Raspberry Pi Boot   "))
        #expect(offer.bootFile == "bootcode.bin")
    }

    @Test("Firmware that does not call itself PXEClient gets a plain boot file (U-Boot)")
    func uboot() throws {
        var dialogue = try Dialogue { $0.policy.loaders[.ubootARM64] = "ipxe-arm64.efi" }
        let options: [DHCPOptionCode: [UInt8]] = [
            .clientArchitecture: [0, 22], .vendorClass: [UInt8](text: "U-Boot.armv8"),
        ]
        let offer = try dialogue.ask(ClientMessage(.discover, options))
        #expect(offer.bootFile == "ipxe-arm64.efi")
        #expect(offer[.vendorClass] == nil && offer[.vendorInformation] == nil)
        #expect(offer.hardwareAddress.type == 1 && offer.hardwareAddress.length == 6)
    }

    // MARK: Loaders and systems

    @Test("A profile's own loader is in `file` and at `siaddr`, all that shim reads (shim)")
    func shim() throws {
        var dialogue = try Dialogue {
            $0.policy = BootPolicy(
                profiles: [Profile(name: "secure", loaders: [.uefiX64: "debian/shimx64.efi"])],
                defaultTarget: .profile("secure"))
        }
        let (_, acknowledgment) = try dialogue.getLease(.test(1), ClientOptions.uefi)
        #expect(acknowledgment.bootFile == "debian/shimx64.efi")
        #expect(acknowledgment.nextServer == Dialogue.server)
    }

    @Test("A DISCOVER of one option is answered with everything (GRUB)")
    func minimalDiscover() throws {
        var dialogue = try Dialogue {
            $0.subnets[0].ntp = [Dialogue.server]
            $0.subnets[0].searchDomains = ["lab.example"]
        }
        let offer = try dialogue.ask(ClientMessage(.discover))
        #expect(offer.optionCodes == [53, 54, 51, 58, 59, 1, 3, 6, 15, 28, 42, 119])
        #expect(offer.bootFile.isEmpty)
    }

    @Test("A client that takes 576 bytes gets no more, and the log hears what was left out (udhcpc)")
    func smallClient() throws {
        var dialogue = try Dialogue {
            $0.subnets[0].searchDomains = (0..<10).map { "subdomain\($0).example" }
            $0.subnets[0].options = [ExtraDHCPOption(code: 224, bytes: [UInt8](repeating: 7, count: 100))]
        }
        var client = ClientMessage(.discover)
        client.options = [
            (.clientIdentifier, [1, 0x52, 0x54, 0, 0, 0, 1]), (.maximumMessageSize, [2, 64]),
            (.parameterRequestList, [1, 3, 6, 12, 15, 28, 42, 119]),
            (.vendorClass, [UInt8](text: "udhcp 1.35.0")),
        ]
        let (reply, _) = try #require(try dialogue.say(client).reply)
        let (bytes, dropped) = reply.encoded()
        #expect(bytes.count <= 548)
        #expect(dropped == [DHCPOptionCode(rawValue: 224)])
        #expect(try DHCPMessage(bytes)[.clientIdentifier].map(Array.init) == [1, 0x52, 0x54, 0, 0, 0, 1])
    }

    @Test("A system gets what it asks for, and no boot file")
    func system() throws {
        var dialogue = try Dialogue()
        var client = ClientMessage(.discover)
        client.options = [(.parameterRequestList, [1, 6, 15])]
        let offer = try dialogue.ask(client)
        #expect(offer.optionCodes == [53, 54, 51, 1, 6, 15])
        #expect(offer.bootFile.isEmpty && offer.nextServer == Dialogue.server)
    }

    @Test("Option 66 goes out only to who asks for it (Raspberry Pi 4)")
    func bootServerName() throws {
        var dialogue = try Dialogue()
        #expect(try dialogue.ask(ClientMessage(.discover, ClientOptions.uefi))[.bootServerName] == nil)
        let options = ClientOptions.uefi.merging([.parameterRequestList: [66]]) { $1 }
        #expect(text(try dialogue.ask(ClientMessage(.discover, options)), .bootServerName) == "10.0.0.1")
    }

    // MARK: Booting from disk

    @Test("BIOS firmware goes on to its disk when it is offered no boot file (PXE ROMs)")
    func localBIOS() throws {
        var dialogue = try Dialogue { $0.policy.defaultTarget = .local }
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.bios))
        #expect(offer.bootFile.isEmpty && offer[.bootFile] == nil)
        #expect(offer[.vendorClass] == nil && offer[.vendorInformation] == nil)
        #expect(offer.nextServer == Dialogue.server)
    }

    @Test("UEFI goes on to its disk when its boot file is refused; an offer without one it ignores (EDK2)")
    func localUEFI() throws {
        var dialogue = try Dialogue { $0.policy.defaultTarget = .local }
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.uefi))
        #expect(offer.bootFile == "netbootd-boots-the-local-disk")
        #expect(text(offer, .vendorClass) == "PXEClient")
        let http = try dialogue.ask(ClientMessage(.discover, from: .test(2), ClientOptions.uefiHTTP))
        #expect(text(http, .bootFile) == "http://10.0.0.1/netbootd-boots-the-local-disk\0")
    }

    // MARK: The configuration's own options

    @Test("Options of the machine beat its profile's, those the subnet's, and all beat computed ones")
    func extraOptions() throws {
        func option(_ code: UInt8, _ value: UInt8) -> ExtraDHCPOption {
            ExtraDHCPOption(code: code, bytes: [value])
        }
        var dialogue = try Dialogue {
            $0.subnets[0].options = [
                option(224, 1), option(225, 1), option(226, 1), option(15, 1), option(53, 1),
            ]
            $0.policy = BootPolicy(
                profiles: [Profile(name: "p", dhcpOptions: [option(225, 2), option(226, 2), option(54, 2)])],
                machines: [KnownMachine(mac: .test(1), dhcpOptions: [option(226, 3), option(51, 3)])],
                defaultTarget: .profile("p"))
        }
        var client = ClientMessage(.discover, ClientOptions.uefi)
        client.options.append((.parameterRequestList, [1]))
        let offer = try dialogue.ask(client)
        let values = (224...226).map { offer[DHCPOptionCode(rawValue: $0)].map(Array.init) }
        #expect(values == [[1], [2], [3]])
        #expect(offer[.domainName].map(Array.init) == [1], "sent though it was not asked for")
        #expect(offer.messageType == .offer && offer.serverIdentifier == Dialogue.server)
        #expect(offer[.leaseTime]?.count == 4)
        #expect(Set(offer.optionCodes).count == offer.optionCodes.count)
    }

    @Test(
        "A boot file that the configuration states stands in `file`, too, and its option ends in one NUL (EDK2)",
        arguments: ["own.efi", "own.efi\0"])
    func extraBootFile(stated: String) throws {
        var dialogue = try Dialogue {
            $0.subnets[0].options = [ExtraDHCPOption(code: 67, bytes: [UInt8](text: stated))]
        }
        let offer = try dialogue.ask(ClientMessage(.discover, ClientOptions.uefi))
        #expect(offer.bootFile == "own.efi" && text(offer, .bootFile) == "own.efi\0")
    }

    @Test("The configuration's host name goes out, and the client's own word does not come back")
    func hostname() throws {
        var dialogue = try Dialogue {
            $0.policy = BootPolicy(machines: [KnownMachine(mac: .test(1), hostname: "node1")])
        }
        let own = [UInt8](text: "liar")
        #expect(text(try dialogue.ask(ClientMessage(.discover, [.hostname: own])), .hostname) == "node1")
        let other = try dialogue.ask(ClientMessage(.discover, from: .test(2), [.hostname: own]))
        #expect(other[.hostname] == nil && dialogue.last.machine?.hostname == "liar")
    }
}
