import Testing
import Wire

@Suite("IPv6 addresses")
struct IPv6Tests {
    @Test(
        "Text is read, and written as RFC 5952 wants it",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("fe80::", "fe80::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("::ffff:10.0.0.1", "::ffff:a00:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("0:1::", "0:1::"),
            ("1::2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ])
    func text(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == canonical)
        #expect(IPv6Address(canonical) == address && IPv6Address(bytes: address.bytes) == address)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "12345::",
            "g::",
            "::1%eth0", "[::1]", "1.2.3.4", "::1.2.3", "1.2.3.4::", "+1::", "1:2:3:4:5:6:7:1.2.3.4", ":1",
            "1:",
            "1:2:3:4:5:6:7:8::", String(repeating: "1:", count: 100),
        ])
    func refused(text: String) { #expect(IPv6Address(text) == nil) }
}
