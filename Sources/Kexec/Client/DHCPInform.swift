import Wire

/// A DHCPINFORM as an iPXE on this host would send it, and what answers to it say about the boot server (RFC 2131
/// §3.4, RFC 4578).
struct DHCPInform: Equatable, Sendable {
    var transactionID: UInt32
    var address: IPv4Address
    var identity: DiscoveryIdentity

    /// The message without the headers of UDP and below.
    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 400)
        writer.write([1, 1, 6, 0] as [UInt8])  // a request over Ethernet
        writer.write(transactionID)
        writer.write(UInt32(0))  // seconds and flags: the answer may be unicast
        writer.write(address)
        writer.writeZeros(12)
        writer.write(identity.mac)
        writer.writeZeros(10 + 64 + 128)
        writer.write([99, 130, 83, 99] as [UInt8])
        for (code, value) in options {
            writer.write([code, UInt8(value.count)])
            writer.write(value)
        }
        writer.write(UInt8(255))
        // Some servers drop what is shorter than BOOTP's 300 bytes.
        writer.writeZeros(max(0, 300 - writer.count))
        return writer.bytes
    }

    private var options: [(code: UInt8, value: [UInt8])] {
        let architecture = identity.architecture
        let digits = String(architecture)
        let padded = String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
        var options: [(UInt8, [UInt8])] = [
            (53, [8]),
            (55, [1, 3, 6, 12, 15, 43, 60, 66, 67, 175]),
            (57, [0x05, 0xc0]),
            (60, Array("PXEClient:Arch:\(padded):UNDI:003010".utf8)),
            (77, Array("iPXE".utf8)),
            (93, [UInt8(architecture >> 8), UInt8(architecture & 0xff)]),
            (94, [1, 3, 10]),
        ]
        if let uuid = identity.uuid { options.append((97, [0] + uuid.wireBytes)) }
        // Etherboot's own list of what it can do: HTTP.
        options.append((175, [19, 1, 1]))
        return options
    }
}

/// A DHCPACK, as far as it names a boot server.
struct DHCPBootAnswer: Equatable, Sendable {
    /// `http://…/boot.ipxe?…` or a path for TFTP; nil when there is none.
    var bootFile: String?
    /// Option 66.
    var serverName: String?
    /// `siaddr`; nil when it is 0.
    var nextServer: IPv4Address?
    /// Option 54.
    var dhcpServer: IPv4Address?

    /// Reads a message; nil unless it answers `inform`.
    init?(_ bytes: [UInt8], to inform: DHCPInform) {
        guard bytes.count >= 240, bytes[0] == 2,
            bytes[4..<8].elementsEqual(Self.bytes(of: inform.transactionID)),
            bytes[28..<34].elementsEqual(inform.identity.mac.bytes),
            bytes[236..<240].elementsEqual([99, 130, 83, 99])
        else { return nil }
        var (options, _) = dhcpOptions(in: bytes[240...])
        // Option 52 tells that the fields of the old header hold options, too.
        let overload = options[52]?.first ?? 0
        if overload & 1 != 0 { options.merge(dhcpOptions(in: bytes[108..<236]).options) { $0 + $1 } }
        if overload & 2 != 0 { options.merge(dhcpOptions(in: bytes[44..<108]).options) { $0 + $1 } }
        guard options[53] == [5] else { return nil }
        bootFile = options[67].flatMap(Self.text) ?? (overload & 1 == 0 ? Self.text(bytes[108..<236]) : nil)
        serverName = options[66].flatMap(Self.text) ?? (overload & 2 == 0 ? Self.text(bytes[44..<108]) : nil)
        nextServer = IPv4Address(bytes: bytes[20..<24]).flatMap { $0 == .any ? nil : $0 }
        dhcpServer = options[54].flatMap { IPv4Address(bytes: $0) }
    }

    /// The base of the server's URLs, and whether it is known rather than guessed from an address; nil when the
    /// answer names no boot server.
    var server: (url: HTTPURL, isStated: Bool)? {
        if let bootFile, let url = try? HTTPURL(bootFile.prefix { $0 > " " && $0 <= "~" }.description) {
            return (url.folder, true)
        }
        let stated = serverName.flatMap { try? HTTPURL(server: $0) }
        guard let guess = stated ?? nextServer.flatMap({ try? HTTPURL(server: "\($0)") }) else { return nil }
        return (guess, false)
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> String? {
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    private static func bytes(of value: UInt32) -> [UInt8] { IPv4Address(rawValue: value).bytes }
}

/// The options of a DHCP message, or of a field of its header that holds some.
///
/// - Returns: also whether they ended where they should; those before a damaged one are there.
func dhcpOptions(in bytes: ArraySlice<UInt8>) -> (options: [UInt8: [UInt8]], isWhole: Bool) {
    var options: [UInt8: [UInt8]] = [:]
    var rest = bytes
    while let code = rest.popFirst(), code != 255 {
        if code == 0 { continue }
        guard let length = rest.popFirst(), rest.count >= Int(length) else { return (options, false) }
        // What comes in several parts belongs together (RFC 3396).
        options[code, default: []] += rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
    }
    return (options, true)
}

/// A UDP datagram in an Ethernet frame that was received.
func udpPayload(ofFrame frame: [UInt8], toPort port: UInt16) -> (source: IPv4Address, payload: [UInt8])? {
    guard frame.count >= 42, frame[12] == 8, frame[13] == 0, frame[14] >> 4 == 4, frame[23] == 17 else {
        return nil
    }
    let headerBytes = Int(frame[14] & 15) * 4
    let number = { (offset: Int) in Int(frame[offset]) << 8 | Int(frame[offset + 1]) }
    let udp = 14 + headerBytes
    guard headerBytes >= 20, frame.count >= udp + 8, number(20) & 0x3fff == 0, number(udp + 2) == Int(port),
        let source = IPv4Address(bytes: frame[26..<30])
    else { return nil }
    let length = number(udp + 4)
    guard length >= 8, udp + length <= frame.count else { return nil }
    return (source, Array(frame[udp + 8..<udp + length]))
}
