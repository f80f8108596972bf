import CLinux
import Glibc

/// Hears IPv6 router solicitations on one interface, and can answer that there is no router (RFC 4861).
///
/// Opening it takes `CAP_NET_RAW`; using it afterwards takes nothing.
public final class RouterSocket: Sendable {
    private let descriptor: OwnedDescriptor
    private let interfaceIndex: UInt32

    /// - Throws: also when the host or the interface has no IPv6.
    public init(interface: NetworkInterface) throws(SystemError) {
        let fd = unsafe netbootd_router_socket(interface.name, interface.index)
        guard fd >= 0 else { throw .last("listen for router solicitations on \(interface.name)") }
        descriptor = OwnedDescriptor(fd)
        interfaceIndex = interface.index
    }

    public var rawDescriptor: CInt { descriptor.rawValue }

    /// Reads what has come in, up to 32 messages, and tells whether a solicitation was among them.
    public func receiveSolicitation() throws(SystemError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256)
        var isSolicited = false
        for _ in 0..<32 {
            var hopLimit: CInt = -1
            let count = unsafe netbootd_router_receive(rawDescriptor, &buffer, buffer.count, &hopLimit)
            guard count >= 0 else {
                let error = SystemError.last("receive a router solicitation")
                if [EAGAIN, EINTR].contains(error.code) { break }
                throw error
            }
            // 255 proves that no router has forwarded it (RFC 4861 §6.1.1).
            if hopLimit == 255, count >= 8, buffer[0] == 133, buffer[1] == 0 { isSolicited = true }
        }
        return isSolicited
    }

    /// Tells all nodes: no router here, no prefix, no DHCPv6.
    public func advertiseNoRouter() throws(SystemError) {
        // Type 134; code, checksum, hop limit, flags, router lifetime, reachable time and retransmission timer 0.
        let advertisement: [UInt8] = [134] + [UInt8](repeating: 0, count: 15)
        let sent = unsafe netbootd_router_send(
            rawDescriptor, advertisement, advertisement.count, interfaceIndex)
        guard sent == advertisement.count else { throw .last("send a router advertisement") }
    }
}
