import BootCore
import Wire

@testable import DHCPServer

/// Feeds the DHCP engine a conversation: each message is preceded by its length, a big-endian 16-bit number.
///
/// Parser, policy, address pools and the reply's encoder run as in the server; a reply that breaks a rule of
/// every reply is a finding, too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDHCP(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    var responder = DHCPResponder(settings: settings, ownAddresses: [server], mtu: 1500)
    var now = UnixTime(rawValue: 1_700_000_000)
    var rest = input[...]
    while rest.count > 2 {
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        let bytes = Array(rest.dropFirst(2).prefix(length))
        rest = rest.dropFirst(2 + length)
        guard let message = try? DHCPMessage(parsing: bytes.span) else { continue }
        let arrival = DHCPArrival(
            interfaceAddress: server, source: IPv4Endpoint(address: .any, port: 68), destination: .broadcast,
            port: length % 7 == 0 ? 4011 : 67)
        if case .reply(let reply, _) = responder.respond(to: message, via: arrival, at: now).action {
            let encoded = reply.encoded().bytes
            precondition(encoded.count >= 300 && encoded.count <= 1472, "a reply's size")
            precondition((try? DHCPMessage(parsing: encoded.span)) != nil, "a reply that we cannot read")
        }
        now = UnixTime(rawValue: now.rawValue + 7)
    }
    return 0
}

private let server = IPv4Address(10, 0, 0, 1)

/// A small range, so that it runs out.
private let settings = DHCPSettings(
    subnets: [
        IPv4Network(address: IPv4Address(10, 0, 0, 0), prefixLength: 24)
    ].compactMap { $0 }.map { network in
        DHCPSubnet(
            network: network,
            ranges: [IPv4Range(first: IPv4Address(10, 0, 0, 10), last: IPv4Address(10, 0, 0, 13))].compactMap
            { $0 },
            router: IPv4Address(10, 0, 0, 254), dns: [IPv4Address(10, 0, 0, 254)], domain: "lab.example")
    },
    policy: BootPolicy(
        profiles: [Profile(name: "a", loaders: [.uefiX64: "a/shim.efi"])],
        machines: [
            KnownMachine(
                mac: MACAddress("52:54:00:12:34:56"), hostname: "node1", address: IPv4Address(10, 0, 0, 11))
        ], defaultTarget: .profile("a")),
    location: ServerLocation(address: server, httpPort: 80))
