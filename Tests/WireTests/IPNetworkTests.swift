import Testing
import Wire

@Suite("Networks of both kinds")
struct IPNetworkTests {
    @Test(
        "What is read is written the same way, with a mask as its length",
        arguments: [
            ("10.0.0.0/24", "10.0.0.0/24"), ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
            ("10.0.0.7", "10.0.0.7"),
            ("10.0.0.7/32", "10.0.0.7"), ("0.0.0.0/0", "0.0.0.0/0"), ("0.0.0.0/0.0.0.0", "0.0.0.0/0"),
            ("2001:db8::/64", "2001:db8::/64"), ("2001:db8::1", "2001:db8::1"), ("::/0", "::/0"),
        ])
    func reading(text: String, written: String) {
        #expect(IPNetwork(text)?.description == written)
    }

    @Test(
        "Bits behind the prefix, masks with holes and other texts are refused",
        arguments: [
            "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/255.0.255.0",
            "2001:db8::1/64",
            "2001:db8::/129", "2001:db8::/ffff::", "", "/", "host", "10.0.0/24", "10.0.0.0/24/24",
        ])
    func refusals(text: String) { #expect(IPNetwork(text) == nil) }

    @Test("A network holds its own addresses and none of the other kind")
    func membership() throws {
        let four = try #require(IPNetwork("10.0.0.128/25"))
        #expect(four.contains(.v4(IPv4Address(10, 0, 0, 129))))
        #expect(!four.contains(.v4(IPv4Address(10, 0, 0, 127))))
        let all = try #require(IPNetwork("::/0"))
        #expect(!all.contains(.v4(IPv4Address(10, 0, 0, 1))))
        let six = try #require(IPNetwork("2001:db8:0:8::/61"))
        #expect(six.contains(try #require(IPAddress("2001:db8:0:f::1"))))
        #expect(!six.contains(try #require(IPAddress("2001:db8:0:10::1"))))
    }
}
