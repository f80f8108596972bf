import Testing
import Wire

@testable import DHCPServer

@Suite("DHCP messages, as clients send them")
struct MessageParsingTests {
    /// Every field differs from every other, so that a wrong offset shows.
    private static var everyField: [UInt8] {
        var bytes: [UInt8] = [1, 1, 6, 3]
        bytes += [0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x80, 0x01]
        bytes += [10, 1, 1, 1, 10, 2, 2, 2, 10, 3, 3, 3, 10, 4, 4, 4]
        bytes += [0x52, 0x54, 0, 0x12, 0x34, 0x56] + [UInt8](repeating: 0xee, count: 10)
        bytes += [UInt8](text: "server.example") + [UInt8](repeating: 0, count: 50)
        bytes += [UInt8](text: "boot/file.efi") + [UInt8](repeating: 0, count: 115)
        bytes += [0x63, 0x82, 0x53, 0x63]
        return bytes + [53, 1, 1, 0, 0, 12, 4, 110, 111, 100, 101, 255, 50, 4]
    }

    @Test("Every field of the header is read from its place")
    func headerFields() throws {
        let message = try DHCPMessage(Self.everyField)
        #expect(message.operation == 1)
        #expect(message.hops == 3)
        #expect(message.transactionID == 0x1112_1314)
        #expect(message.seconds == 0x2122)
        #expect(message.flags == 0x8001 && message.hasBroadcastFlag)
        #expect(message.clientAddress == IPv4Address(10, 1, 1, 1))
        #expect(message.yourAddress == IPv4Address(10, 2, 2, 2))
        #expect(message.nextServer == IPv4Address(10, 3, 3, 3))
        #expect(message.relayAddress == IPv4Address(10, 4, 4, 4))
        #expect(message.hardwareAddress.mac == MACAddress(rawValue: 0x5254_0012_3456))
        #expect(message.hardwareAddress.type == 1 && message.hardwareAddress.length == 6)
        #expect(message.serverName == "server.example")
        #expect(message.bootFile == "boot/file.efi")
        #expect(message.messageType == .discover)
        #expect(message.hostname == "node")
        #expect(message.requestedAddress == nil, "what stands behind END is no option")
    }

    @Test("EDK2's DISCOVER says what its firmware is, without a client identifier (EDK2)")
    func edk2() throws {
        let message = try DHCPMessage(Capture.edk2Discover)
        #expect(message.messageType == .discover && message.hasBroadcastFlag)
        #expect(message.maximumMessageSize == 1472)
        #expect(message.clientArchitectures == [7] && message.vendorClassArchitecture == 7)
        #expect(message.machineUUID?.description == "6e657462-6f6f-4000-8000-5254004e4201")
        #expect(message.clientIdentifier == nil && message.etherboot == nil)
        #expect(
            message.vendorClassStarts(with: "PXEClient") && !message.vendorClassStarts(with: "HTTPClient"))
        #expect(message.parameterRequestList?.contains(.bootFile) == true)
        #expect(message.parameterRequestList?.contains(.domainSearch) == false)
        #expect(try DHCPMessage(Capture.edk2Request).maximumMessageSize == 65280)
        #expect(try DHCPMessage(Capture.edk2HTTPDiscover).vendorClassStarts(with: "HTTPClient"))
    }

    @Test("iPXE's DISCOVER names itself bare and lists its features in option 175 (iPXE)")
    func ipxe() throws {
        let message = try DHCPMessage(Capture.ipxeDiscover)
        #expect(message.userClass(is: "iPXE") && !message.userClass(is: "gPXE"))
        let etherboot = try #require(message.etherboot)
        #expect(etherboot.map(\.code) == [177, 235, 23, 34, 19, 17, 39, 25, 41, 16, 33, 21, 24, 18])
        #expect(etherboot[19]?.first == 1 && etherboot[235].map(Array.init) == [1, 0, 0])
        #expect(message.clientIdentifier.map(Array.init) == [1, 0x52, 0x54, 0, 0x4e, 0x42, 1])
    }

    @Test("Every beginning of a request is refused, or is read as far as it goes", arguments: Capture.all)
    func prefixes(capture: [UInt8]) throws {
        let whole = try DHCPMessage(capture)
        for count in capture.indices {
            do throws(DHCPMessageError) {
                let message = try DHCPMessage(parsing: Array(capture[..<count]).span)
                #expect(whole.optionCodes.starts(with: message.optionCodes))
                for code in message.optionCodes.map(DHCPOptionCode.init) {
                    #expect(message[code] == whole[code])
                }
            } catch {
                switch error {
                case .tooShort(let bytes): #expect(count < 240 && bytes == count)
                case .truncatedOption: #expect(count > 240)
                default: Issue.record("\(error) for the first \(count) bytes")
                }
            }
        }
    }

    @Test("A message without END is read (old clients)")
    func withoutEnd() throws {
        #expect(try DHCPMessage(ClientMessage(.request).bytes.dropLast()).messageType == .request)
    }

    @Test("What is no DHCP message is refused, with the reason")
    func refuses() {
        var bytes = Capture.edk2Discover
        bytes[2] = 17
        #expect(throws: DHCPMessageError.hardwareAddressTooLong(17)) { try DHCPMessage(bytes) }
        bytes = Capture.edk2Discover
        bytes[237] = 0
        #expect(throws: DHCPMessageError.noCookie) { try DHCPMessage(bytes) }
        #expect(throws: DHCPMessageError.tooShort(bytes: 0)) { try DHCPMessage([]) }
        bytes = Array(Capture.edk2Discover.prefix(240)) + [12, 5, 1, 2, 3, 4]
        #expect(throws: DHCPMessageError.truncatedOption(12, offset: 240)) { try DHCPMessage(bytes) }
        bytes = Array(Capture.edk2Discover.prefix(240)) + [12]
        #expect(throws: DHCPMessageError.truncatedOption(12, offset: 240)) { try DHCPMessage(bytes) }
        bytes =
            Array(Capture.edk2Discover.prefix(240))
            + Array([[UInt8]](repeating: [12, 0], count: 300).joined())
        #expect(throws: DHCPMessageError.tooManyOptions(limit: 256)) { try DHCPMessage(bytes) }
    }

    @Test("Parts of an option are joined, wherever they are (RFC 3396)")
    func concatenation() throws {
        var client = ClientMessage(.discover)
        client.options = [
            (.vendorClass, [1, 2]), (.hostname, [97]), (.vendorClass, [3]), (.vendorClass, []),
        ]
        #expect(try client.parsed()[.vendorClass].map(Array.init) == [1, 2, 3])
        #expect(try client.parsed()[.hostname].map(Array.init) == [97])
    }

    @Test("Options overflow into `file` and then into `sname`, which then hold no text (RFC 2132)")
    func overload() throws {
        var client = ClientMessage(.discover)
        client.options = [(.overload, [3]), (.vendorClass, [1])]
        var bytes = client.bytes
        bytes.replaceSubrange(108..<114, with: [60, 1, 2, 12, 1, 98])
        bytes.replaceSubrange(44..<48, with: [60, 1, 3, 255])
        let message = try DHCPMessage(bytes)
        #expect(message[.vendorClass].map(Array.init) == [1, 2, 3])
        #expect(message.hostname == "b" && message.bootFile.isEmpty && message.serverName.isEmpty)
        bytes[109] = 200
        #expect(throws: DHCPMessageError.truncatedOption(60, offset: 108)) { try DHCPMessage(bytes) }
    }

    @Test("An option of the wrong shape counts as missing")
    func wrongShapes() throws {
        let message = try ClientMessage(
            nil,
            options: [
                (.messageType, [1, 1]), (.requestedAddress, [10, 0, 0]), (.serverIdentifier, []),
                (.maximumMessageSize, [5]), (.clientIdentifier, [1]), (.clientArchitecture, [0, 7, 0]),
                (.hostname, []),
                (.clientMachineIdentifier, [1] + [UInt8](repeating: 7, count: 16)),
            ]
        ).parsed()
        #expect(message.messageType == nil && message.requestedAddress == nil)
        #expect(message.serverIdentifier == nil && message.maximumMessageSize == nil)
        #expect(message.clientIdentifier == nil && message.clientArchitectures.isEmpty)
        #expect(message.machineUUID == nil && message.hostname == nil)
    }

    @Test(
        "A machine identifier of zeros or ones is none (boards without a UUID)",
        arguments: [UInt8(0), UInt8(255)])
    func meaninglessUUID(byte: UInt8) throws {
        let value = [0] + [UInt8](repeating: byte, count: 16)
        #expect(try ClientMessage(.discover, [.clientMachineIdentifier: value]).parsed().machineUUID == nil)
    }

    @Test("A user class stands bare or in RFC 3004's list, if its lengths add up (iPXE and its imitators)")
    func userClasses() throws {
        func isIPXE(_ value: [UInt8]) throws -> Bool {
            try ClientMessage(.discover, [.userClass: value]).parsed().userClass(is: "iPXE")
        }
        #expect(try isIPXE([UInt8](text: "iPXE")))
        #expect(try isIPXE([4] + [UInt8](text: "iPXE")))
        #expect(try isIPXE([2, 1, 2, 4] + [UInt8](text: "iPXE") + [1, 1]))
        #expect(try !isIPXE([5] + [UInt8](text: "iPXE")))
        #expect(try !isIPXE([4] + [UInt8](text: "iPXE") + [3, 1]))
        #expect(try !isIPXE([3] + [UInt8](text: "iPX")))
        #expect(try !isIPXE([]))
    }

    @Test(
        "The architecture can be read from option 60's text",
        arguments: [
            ("PXEClient:Arch:00007:UNDI:003016", 7), ("PXEClient:Arch:00000", 0),
            ("HTTPClient:Arch:16:x", 16),
            ("PXEClient", nil), ("PXEClient:Arch", nil), ("PXEClient:Arch:x", nil),
            ("PXEClient:Arch:-1", nil),
            ("PXEClient:Arch:99999", nil), ("PXEClient:Arch:", nil),
        ] as [(String, UInt16?)])
    func architectureText(text: String, expected: UInt16?) throws {
        let message = try ClientMessage(.discover, [.vendorClass: [UInt8](text: text)]).parsed()
        #expect(message.vendorClassArchitecture == expected)
    }

    @Test(
        "A host name that could do harm is no name",
        arguments: [
            "node;reboot", "a b", "node\n", "-x", "", ".", "a..b", "${net0/ip}", "näme", "a\0b",
            String(repeating: "a", count: 64),
        ])
    func badHostnames(name: String) throws {
        #expect(try ClientMessage(.discover, [.hostname: [UInt8](text: name)]).parsed().hostname == nil)
    }

    @Test("A host name may end with a NUL, have dots and underscores")
    func goodHostnames() throws {
        for name in ["node1", "Node_1.lab.example", "a"] {
            let option = [UInt8](text: name)
            #expect(try ClientMessage(.discover, [.hostname: option]).parsed().hostname == name)
            #expect(try ClientMessage(.discover, [.hostname: option + [0]]).parsed().hostname == name)
        }
    }

    @Test("A relay's sub-options are read, and a torn one ends the list")
    func relayInformation() throws {
        let value: [UInt8] = [1, 2, 0, 255, 5, 4, 10, 9, 0, 0, 11, 4, 10, 0, 0, 7, 19, 0, 3, 9, 1]
        let message = try ClientMessage(.discover, [.relayInformation: value])
            .with { $0.relayAddress = IPv4Address(10, 9, 0, 1) }.parsed()
        #expect(message.relayInformation?[1].map(Array.init) == [0, 255])
        #expect(message.relayLinkSelection == IPv4Address(10, 9, 0, 0))
        #expect(message.relayServerIdentifierOverride == IPv4Address(10, 0, 0, 7))
        #expect(message.relayAnswersAtSourcePort)
        #expect(message.relayInformation?.map(\.code) == [1, 5, 11, 19])
    }

    @Test("Zeros between the sub-options of 43 and 175 are padding, and 255 is their end")
    func encapsulatedPadding() {
        let options = EncapsulatedOptions([0, 0, 71, 4, 0, 1, 0, 0, 0, 255, 9, 9][...], hasPadding: true)
        #expect(options.map(\.code) == [71])
        #expect(options[71].map(Array.init) == [0, 1, 0, 0])
    }

    @Test("Hardware addresses of any length are told apart and written down")
    func hardwareAddresses() throws {
        let short = try #require(HardwareAddress(type: 1, length: 2, field: [1, 2, 3]))
        #expect(short == HardwareAddress(type: 1, length: 2, field: [1, 2, 9]))
        #expect(short != HardwareAddress(type: 1, length: 3, field: [1, 2, 0]))
        let long = try #require(HardwareAddress(type: 32, length: 16, field: Array(1...16)[...]))
        #expect(long.bytes == Array(1...16) && long.mac == nil)
        for address in [short, long, HardwareAddress(.test(1))] {
            #expect(HardwareAddress(address.description) == address)
        }
        #expect(HardwareAddress(.test(1)).description == "52:54:00:00:00:01")
        #expect(long.description.hasPrefix("32/01:02:"))
        #expect(HardwareAddress(type: 1, length: 17, field: Array(0...16)[...]) == nil)
    }
}

extension ClientMessage {
    init(_ type: DHCPMessageType?, options: [(DHCPOptionCode, [UInt8])]) {
        self.init(type)
        self.options = options.map { (code: $0.0, value: $0.1) }
    }
}
