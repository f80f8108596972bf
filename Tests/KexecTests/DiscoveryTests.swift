import Testing
import Wire

@testable import Kexec

@Suite("Finding the boot server by DHCPINFORM")
struct DiscoveryTests {
    private static let inform = DHCPInform(
        transactionID: 0x0102_0304, address: IPv4Address(10, 0, 0, 30),
        identity: DiscoveryIdentity(
            mac: MACAddress(rawValue: 0x5254_0000_0001), uuid: SystemUUID("12345678-9abc-def0-1234-56789abcdef0"),
            architecture: 7))

    @Test("The question says who asks, as iPXE would")
    func question() {
        let bytes = Self.inform.encoded()
        #expect(bytes.count >= 300)
        #expect(bytes[..<16] == [1, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0, 10, 0, 0, 30])
        #expect(bytes[28..<34] == [0x52, 0x54, 0, 0, 0, 1])
        let options = Array(bytes[236...])
        #expect(options.starts(with: [99, 130, 83, 99, 53, 1, 8, 55, 10, 1, 3, 6, 12, 15, 43, 60, 66, 67, 175]))
        let text = String(decoding: options, as: UTF8.self)
        #expect(text.contains("PXEClient:Arch:00007:UNDI:003010") && text.contains("M\u{4}iPXE]\u{2}\0\u{7}"))
        let uuid: [UInt8] = [97, 17, 0, 0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde]
        #expect(options.indices.contains { options[$0...].starts(with: uuid) })
    }

    /// An ACK with these options, and fields of the header.
    private static func answer(
        _ options: [UInt8], next: [UInt8] = [0, 0, 0, 0], file: String = "", name: String = ""
    ) -> [UInt8] {
        let field = { (text: String, count: Int) in
            Array(text.utf8) + [UInt8](repeating: 0, count: count - text.utf8.count)
        }
        return [2, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0, 10, 0, 0, 30, 0, 0, 0, 0] + next + [0, 0, 0, 0]
            + [0x52, 0x54, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 10) + field(name, 64) + field(file, 128)
            + [99, 130, 83, 99, 53, 1, 5, 54, 4, 10, 0, 0, 1] + options + [255]
    }

    private static func option(_ code: UInt8, _ text: String) -> [UInt8] { [code, UInt8(text.utf8.count)] + Array(text.utf8) }

    @Test("The server's base is taken from a boot file's URL, else from its name or address")
    func servers() throws {
        let url = "http://10.0.0.1:8080/boot.ipxe?mac=52:54:00:00:00:01&uuid=${uuid}&serial=${serial:uristring}"
        let cases: [([UInt8], String, Bool)] = [
            (Self.answer(Self.option(67, url + "\0")), "http://10.0.0.1:8080/", true),
            (Self.answer([], file: "http://10.0.0.2/x/boot.ipxe"), "http://10.0.0.2/x/", true),
            (Self.answer([52, 1, 1], file: "C\u{a}http://a/b\u{0}"), "http://a/", true),
            (Self.answer([67, 7] + Array("http://".utf8) + Self.option(67, "b/c")), "http://b/", true),
            (Self.answer(Self.option(66, "10.0.0.3") + Self.option(67, "undionly.kpxe")), "http://10.0.0.3/", false),
            (Self.answer([], next: [10, 0, 0, 4]), "http://10.0.0.4/", false),
            (Self.answer([], next: [10, 0, 0, 5], name: "boot.lab"), "http://boot.lab/", false),
        ]
        for (bytes, expected, isStated) in cases {
            let answer = try #require(DHCPBootAnswer(bytes, to: Self.inform))
            let server = try #require(answer.server)
            #expect("\(server.url)" == expected && server.isStated == isStated)
            #expect(answer.dhcpServer == IPv4Address(10, 0, 0, 1))
        }
        #expect(try #require(DHCPBootAnswer(Self.answer([]), to: Self.inform)).server == nil)
    }

    @Test("Answers to others are not heeded: type, transaction, MAC, cookie")
    func others() {
        let good = Self.answer(Self.option(66, "a"))
        for (index, value) in [(0, 1), (7, 5), (33, 2), (236, 0), (242, 2)] as [(Int, UInt8)] {
            var other = good
            other[index] = value
            #expect(DHCPBootAnswer(other, to: Self.inform) == nil)
        }
    }

    @Test("No prefix and no mutation of an answer or its frame traps")
    func fuzz() {
        let payload = Self.answer(Self.option(66, "a") + [52, 1, 3] + Self.option(67, "http://x/y"))
        let frame = UDPFrame(
            sourceMAC: MACAddress(rawValue: 1), destinationMAC: MACAddress(rawValue: 2),
            source: IPv4Endpoint(address: IPv4Address(10, 0, 0, 1), port: 67),
            destination: IPv4Endpoint(address: IPv4Address(10, 0, 0, 30), port: 68), payload: payload
        ).encoded()
        let read = udpPayload(ofFrame: frame, toPort: 68)
        #expect(read?.source == IPv4Address(10, 0, 0, 1) && read?.payload == payload)
        #expect(udpPayload(ofFrame: frame, toPort: 69) == nil)
        for index in frame.indices {
            #expect(udpPayload(ofFrame: Array(frame[..<index]), toPort: 68) == nil)
            for value: UInt8 in [0, 1, 0x4f, 255] {
                var mutated = frame
                mutated[index] = value
                guard let (_, payload) = udpPayload(ofFrame: mutated, toPort: 68) else { continue }
                _ = DHCPBootAnswer(payload, to: Self.inform)?.server
            }
        }
        for index in payload.indices { _ = DHCPBootAnswer(Array(payload[..<index]), to: Self.inform)?.server }
    }
}
