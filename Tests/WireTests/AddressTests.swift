import Testing
import Wire

@Suite("Addresses, as people and packets write them")
struct AddressTests {
    @Test(
        "A MAC address is read with colons, hyphens or neither, in either case",
        arguments: ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "525400abcdef"])
    func readsMAC(text: String) {
        #expect(MACAddress(text) == MACAddress(rawValue: 0x5254_00ab_cdef))
    }

    @Test(
        "Anything else is no MAC address",
        arguments: [
            "", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01", "52:54:00:ab-cd:ef", "5254:00ab:cdef",
            ":525400abcdef",
            "52:54:00:ab:cd:e", "52:54:00:ab:cd:eg", "52:54:00:ab:cd:ef:", "52::54:00:ab:cd:ef",
            "+25400abcdef",
        ])
    func refusesMAC(text: String) { #expect(MACAddress(text) == nil) }

    @Test("A MAC address is written with colons, and with hyphens for loaders")
    func writesMAC() {
        let mac = MACAddress(rawValue: 0x0200_0a0b_0c0d)
        #expect(mac.description == "02:00:0a:0b:0c:0d")
        #expect(mac.hyphenated == "02-00-0a-0b-0c-0d")
        #expect(MACAddress(bytes: mac.bytes) == mac)
        #expect(mac.isUnicast && !MACAddress.broadcast.isUnicast && !MACAddress(rawValue: 0).isUnicast)
    }

    @Test("An IPv4 address is four decimal bytes")
    func readsIPv4() {
        #expect(IPv4Address("10.0.0.254") == IPv4Address(10, 0, 0, 254))
        #expect(IPv4Address(255, 255, 255, 255).description == "255.255.255.255")
        #expect(IPv4Address(10, 1, 2, 3).bytes == [10, 1, 2, 3])
    }

    @Test(
        "Anything else is no IPv4 address",
        arguments: [
            "", "10.0.0", "10.0.0.256", "10.0.0.01", "10.0.0.+1", "10.0.0.1 ", "1e1.0.0.1", "10..0.1",
            "0x0a.0.0.1",
        ])
    func refusesIPv4(text: String) { #expect(IPv4Address(text) == nil) }

    @Test("A subnet knows its mask, its broadcast address and what is in it")
    func subnet() throws {
        let network = try #require(IPv4Network("10.0.4.0/22"))
        #expect(network.mask == IPv4Address(255, 255, 252, 0))
        #expect(network.broadcast == IPv4Address(10, 0, 7, 255))
        #expect(network.contains(IPv4Address(10, 0, 7, 1)) && !network.contains(IPv4Address(10, 0, 8, 0)))
        #expect(network.isReserved(network.address) && network.isReserved(network.broadcast))
        #expect(!network.isReserved(IPv4Address(10, 0, 5, 0)))
        #expect(IPv4Network("0.0.0.0/0")?.contains(.broadcast) == true)
        #expect(IPv4Network("10.0.0.1/32")?.isReserved(IPv4Address(10, 0, 0, 1)) == false)
        #expect(IPv4Network(containing: IPv4Address(10, 0, 6, 9), prefixLength: 22) == network)
    }

    @Test(
        "A subnet with host bits, or without a length, is refused",
        arguments: ["10.0.0.1/24", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/24/1"])
    func refusesSubnet(text: String) { #expect(IPv4Network(text) == nil) }

    @Test("A range counts both ends, and must not run backwards")
    func range() throws {
        let range = try #require(IPv4Range("10.0.0.100-10.0.0.199"))
        #expect(range.count == 100)
        #expect(range.contains(range.first) && range.contains(range.last))
        #expect(!range.contains(IPv4Address(10, 0, 0, 200)))
        #expect(IPv4Range("10.0.0.100 - 10.0.0.199") == range)
        #expect(IPv4Range("10.0.0.2-10.0.0.1") == nil)
        #expect(range.overlaps(try #require(IPv4Range("10.0.0.199-10.0.0.201"))))
        #expect(!range.overlaps(try #require(IPv4Range("10.0.0.200-10.0.0.201"))))
    }

    @Test("A UUID travels in GUID order and is written in the other (EDK2, iPXE)")
    func uuid() throws {
        let uuid = try #require(SystemUUID("12345678-9abc-def0-1122-334455667788"))
        #expect(uuid.wireBytes.prefix(8) == [0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde])
        #expect(SystemUUID(wireBytes: uuid.wireBytes) == uuid)
        #expect(uuid.swapped.description == "78563412-bc9a-f0de-1122-334455667788")
        #expect(uuid.swapped.swapped == uuid)
        #expect(SystemUUID("12345678-9ABC-DEF0-1122-334455667788") == uuid)
        #expect(SystemUUID("123456789abcdef01122334455667788") == nil)
        #expect(SystemUUID(bytes: [UInt8](repeating: 0, count: 16))?.isMeaningless == true)
        #expect(!uuid.isMeaningless)
    }
}
