import CLinux
import Glibc
public import Wire

/// A listening, non-blocking IPv4 TCP socket.
///
/// Connections that it accepts inherit its keepalive: a machine that loses power is noticed within half a minute.
public struct TCPListener: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    public let port: UInt16

    /// - Parameters:
    ///   - port: 0 for one that the kernel picks.
    ///   - backlog: how many connections may wait to be accepted; the kernel's `somaxconn` bounds it too.
    public init(address: IPv4Address, port: UInt16, backlog: CInt = 4096) throws(SystemError) {
        let fd = netbootd_bind4(CInt(SOCK_STREAM.rawValue), address.rawValue, port, nil)
        guard fd >= 0 else { throw .last("bind TCP \(address):\(port)") }
        let descriptor = OwnedDescriptor(fd)
        let bound = netbootd_local_port(fd)
        guard bound >= 0 else { throw .last("read the port of a TCP socket") }
        let tcp = CInt(IPPROTO_TCP)
        let options = [
            (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 15), (tcp, TCP_KEEPINTVL, 5),
            (tcp, TCP_KEEPCNT, 3),
        ]
        for (level, name, value) in options where netbootd_set_option(fd, level, name, CInt(value)) != 0 {
            throw .last("set keepalive of TCP port \(bound)")
        }
        guard listen(fd, backlog) == 0 else { throw .last("listen on TCP \(address):\(bound)") }
        self.descriptor = descriptor
        self.port = UInt16(bound)
    }

    /// Gives the socket up to a library that will close it.
    public consuming func release() -> CInt { descriptor.release() }
}
