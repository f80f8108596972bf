import CLinux
public import Wire

/// Both ends of a connection or of a datagram.
public struct SocketEnds: Sendable {
    let raw: netbootd_ends

    init(_ raw: netbootd_ends) { self.raw = raw }

    public var peer: IPAddress { address(raw.peer) }
    public var peerPort: UInt16 { UInt16(truncatingIfNeeded: raw.peer_port) }
    public var local: IPAddress { address(raw.local) }

    private func address<Bytes>(_ value: Bytes) -> IPAddress {
        let bytes = unsafe withUnsafeBytes(of: value) { unsafe [UInt8]($0) }
        if raw.is_ipv6 == 0 { return .v4(IPv4Address(bytes: bytes.prefix(4)) ?? .any) }
        guard let address = IPv6Address(bytes: bytes) else { return .v4(.any) }
        // Only a link-local address means another host on another interface.
        let isLinkLocal = bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
        return .v6(address, scope: isLinkLocal ? raw.scope : 0)
    }
}
