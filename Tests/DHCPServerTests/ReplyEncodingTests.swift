import Testing
import Wire

@testable import DHCPServer

@Suite("DHCP replies, as they go out")
struct ReplyEncodingTests {
    private func reply(to request: ClientMessage = ClientMessage(.discover), mtu: Int = 1500) throws
        -> DHCPReply
    {
        DHCPReply(.offer, to: try request.parsed(), mtu: mtu)
    }

    @Test("Every field of a reply stands in its place")
    func everyField() throws {
        var request = ClientMessage(.discover)
        request.flags = 0x8001
        request.relayAddress = IPv4Address(10, 4, 4, 4)
        var bytes = request.bytes
        bytes.replaceSubrange(34..<44, with: 1...10)  // what stands behind the address in chaddr
        var reply = DHCPReply(.offer, to: try DHCPMessage(bytes), mtu: 1500)
        reply.clientAddress = IPv4Address(10, 1, 1, 1)
        reply.yourAddress = IPv4Address(10, 2, 2, 2)
        reply.nextServer = IPv4Address(10, 3, 3, 3)
        reply.setBootFile("dir/boot.efi")
        reply.options.append(.messageType, [2])
        reply.options.append(.subnetMask, [255, 255, 255, 0])

        var expected: [UInt8] = [2, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0x80, 1]
        expected += [10, 1, 1, 1, 10, 2, 2, 2, 10, 3, 3, 3, 10, 4, 4, 4]
        expected += [0x52, 0x54, 0, 0, 0, 1] + Array(1...10)
        expected += [UInt8](repeating: 0, count: 64)
        expected += [UInt8](text: "dir/boot.efi") + [UInt8](repeating: 0, count: 116)
        expected += [0x63, 0x82, 0x53, 0x63, 53, 1, 2, 1, 4, 255, 255, 255, 0, 255]
        expected += [UInt8](repeating: 0, count: 300 - expected.count)
        let (encoded, dropped) = reply.encoded()
        #expect(encoded == expected)
        #expect(dropped.isEmpty)
    }

    @Test("A reply is read back as it was written")
    func roundTrip() throws {
        var reply = try reply()
        reply.yourAddress = IPv4Address(10, 0, 0, 100)
        reply.setBootFile(String(repeating: "b", count: 127))
        for code in UInt8(1)...40 {
            reply.options.append(
                DHCPOptionCode(rawValue: code), [UInt8](repeating: code, count: Int(code % 5) + 1))
        }
        let read = try DHCPMessage(reply.encoded().bytes)
        #expect(read.operation == 2 && read.transactionID == 0x1234_5678)
        #expect(read.bootFile == String(repeating: "b", count: 127))
        #expect(read.optionCodes == reply.options.codes.map(\.rawValue))
        for code in reply.options.codes {
            #expect(read[code].map(Array.init) == reply.options[code].map(Array.init))
        }
    }

    @Test("`file` keeps room for its NUL, so a longer name stays out of it")
    func longBootFile() throws {
        var reply = try reply()
        reply.setBootFile(String(repeating: "b", count: 128))
        #expect(reply.bootFile.isEmpty)
    }

    @Test("An option that is empty, too long or there already is not taken (EDK2)")
    func optionRules() throws {
        var options = DHCPOptionList()
        let long = [UInt8](repeating: 1, count: 256)
        let taken = [
            options.append(.domainName, []), options.append(.domainName, long),
            options.append(.overload, [1]),
            options.append(.end, [1]), options.append(.pad, [1]),
            options.append(.domainName, long.dropLast()),
            options.append(.domainName, [1]),
        ]
        #expect(taken == [false, false, false, false, false, true, false])
        #expect(options.codes == [.domainName] && options.encodedBytes == 257)
    }

    @Test(
        "A client's budget is what its option 57 leaves, within what all clients and the wire take",
        arguments: [
            (nil, 1500, 548), (576, 1500, 548), (100, 1500, 548), (1472, 1500, 1444), (1500, 1500, 1472),
            (65280, 1500, 1472), (65280, 9000, 1472), (65280, 1400, 1372), (1500, 68, 548),
        ] as [(Int?, Int, Int)])
    func budget(announced: Int?, mtu: Int, expected: Int) {
        #expect(DHCPReply.budget(clientMaximum: announced, mtu: mtu) == expected)
    }

    @Test("What does not fit is left out by what it is worth, and is told (udhcpc announces 576)")
    func dropping() throws {
        var reply = try reply(to: ClientMessage(.discover, [.maximumMessageSize: [2, 64]]))
        reply.options.append(.messageType, [2])
        reply.options.append(.serverIdentifier, [10, 0, 0, 1])
        reply.options.append(.leaseTime, [0, 0, 1, 0])
        reply.options.append(.subnetMask, [255, 255, 255, 0])
        reply.options.append(.domainName, [UInt8](repeating: 1, count: 100))
        reply.options.append(.domainSearch, [UInt8](repeating: 1, count: 100))
        reply.options.append(.bootFile, [UInt8](repeating: 1, count: 150))
        reply.options.append(.relayInformation, [UInt8](repeating: 1, count: 20))
        let (bytes, dropped) = reply.encoded()
        #expect(bytes.count <= 548)
        #expect(dropped == [.domainSearch])
        let kept = try DHCPMessage(bytes).optionCodes
        #expect(kept == [53, 54, 51, 1, 15, 67, 82])
        #expect(bytes[240 + reply.options.encodedBytes - 102] == 255, "END is there")
    }

    @Test("A lease is offered even when the configuration's options alone are too much")
    func essentialsStay() throws {
        var reply = try reply()
        for code in [DHCPOptionCode.messageType, .serverIdentifier, .leaseTime, .subnetMask] {
            reply.options.append(code, [1, 2, 3, 4])
        }
        for code in [DHCPOptionCode.bootFile, .vendorInformation, .clientIdentifier, .etherboot] {
            reply.options.append(code, [UInt8](repeating: 1, count: 255))
        }
        let (bytes, dropped) = reply.encoded()
        #expect(bytes.count <= 548 && dropped.count == 3)
        #expect(try DHCPMessage(bytes).optionCodes == [53, 54, 51, 1, 67])
    }

    @Test("Search domains are written as DNS writes names (RFC 3397)")
    func domainSearch() {
        let expected = [3] + [UInt8](text: "lab") + [7] + [UInt8](text: "example") + [0, 1, 97, 0]
        #expect(OptionEncoding.domainSearch(["lab.example", "a."]) == expected)
        #expect(OptionEncoding.domainSearch([]) == nil)
        #expect(OptionEncoding.domainSearch([String(repeating: "a", count: 64)]) == nil)
        #expect(OptionEncoding.domainSearch([String](repeating: "abcdefghi.example", count: 20)) == nil)
    }

    @Test("Classless routes carry the default route, which their readers would else miss (RFC 3442)")
    func classlessRoutes() throws {
        let routes = try ["10.17.0.0/16", "192.168.7.128/25"].map {
            DHCPSubnet.StaticRoute(
                destination: try #require(IPv4Network($0)), router: IPv4Address(10, 0, 0, 2))
        }
        let expected: [UInt8] = [
            16, 10, 17, 10, 0, 0, 2, 25, 192, 168, 7, 128, 10, 0, 0, 2, 0, 10, 0, 0, 254,
        ]
        let router = IPv4Address(10, 0, 0, 254)
        #expect(OptionEncoding.classlessRoutes(routes, defaultRouter: router) == expected)
        #expect(OptionEncoding.classlessRoutes(routes, defaultRouter: nil) == expected.dropLast(5))
        #expect(OptionEncoding.classlessRoutes([], defaultRouter: router) == nil)
        let own = DHCPSubnet.StaticRoute(
            destination: try #require(IPv4Network("0.0.0.0/0")), router: IPv4Address(10, 0, 0, 9))
        #expect(OptionEncoding.classlessRoutes([own], defaultRouter: router) == [0, 10, 0, 0, 9])
    }

    @Test("A request list is a set of codes")
    func optionSet() {
        let set = DHCPOptionSet([1, 63, 64, 127, 128, 191, 192, 255])
        for code in UInt8.min...UInt8.max {
            #expect(
                set.contains(DHCPOptionCode(rawValue: code))
                    == [1, 63, 64, 127, 128, 191, 192, 255].contains(code))
        }
    }
}
