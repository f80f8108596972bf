import Wire

/// The main routing tables as `/proc/net/route` and `/proc/net/ipv6_route` print them.
struct RouteTable: Equatable {
    struct Route: Equatable {
        var interface: String
        var destination: IPAddress
        var prefixLength: Int
        /// Nil when the destination is on the link itself.
        var gateway: IPAddress?
        var metric: UInt32
    }

    var routes: [Route]

    /// Lines that are no route are passed over; the first line of the IPv4 table is a heading.
    init(ipv4: String, ipv6: String) {
        routes =
            ipv4.split(separator: "\n").compactMap(Self.ipv4Route)
            + ipv6.split(separator: "\n").compactMap(Self.ipv6Route)
    }

    /// The most specific route, and of equals the one with the lowest metric.
    func best(to destination: IPAddress) -> Route? {
        routes.filter { $0.destination.shares($0.prefixLength, bitsWith: destination) }
            .min { ($1.prefixLength, $0.metric) < ($0.prefixLength, $1.metric) }
    }

    func defaultRoutes(ipv6: Bool) -> [Route] {
        routes.filter { $0.prefixLength == 0 && ($0.destination.v6 != nil) == ipv6 }.sorted {
            $0.metric < $1.metric
        }
    }

    /// `eth0 00000000 0202000A 0003 0 0 0 00000000 …`: addresses as the processor's numbers, so little-endian.
    private static func ipv4Route(_ line: Substring) -> Route? {
        let fields = line.split { $0 == "\t" || $0 == " " }
        guard fields.count >= 8, let destination = address(fields[1]), let gateway = address(fields[2]),
            let flags = UInt32(fields[3], radix: 16), let metric = UInt32(fields[6]),
            let mask = address(fields[7]), flags & 1 != 0, flags & 0x200 == 0  // up, and no refusal
        else { return nil }
        return Route(
            interface: String(fields[0]), destination: .v4(destination),
            prefixLength: mask.rawValue.nonzeroBitCount,
            gateway: gateway.rawValue == 0 ? nil : .v4(gateway), metric: metric)
    }

    private static func address(_ text: Substring) -> IPv4Address? {
        guard text.utf8.count == 8, let value = UInt32(text, radix: 16) else { return nil }
        return IPv4Address(rawValue: value.byteSwapped)
    }

    /// `DESTINATION LENGTH SOURCE LENGTH GATEWAY METRIC REFERENCES USE FLAGS INTERFACE`, all hexadecimal.
    private static func ipv6Route(_ line: Substring) -> Route? {
        let fields = line.split(separator: " ")
        guard fields.count >= 10,
            let destination = hexadecimalBytes(fields[0]).flatMap({ IPv6Address(bytes: $0) }),
            let length = Int(fields[1], radix: 16), (0...128).contains(length),
            let gateway = hexadecimalBytes(fields[4]).flatMap({ IPAddress(bytes: $0) }),
            let metric = UInt32(fields[5], radix: 16), let flags = UInt32(fields[8], radix: 16),
            flags & 1 != 0, flags & 0x200 == 0, flags & 0x8000_0000 == 0  // the last: an address of this host
        else { return nil }
        return Route(
            interface: String(fields[9]), destination: .v6(destination), prefixLength: length,
            gateway: gateway.isUnspecified ? nil : gateway, metric: metric)
    }
}
