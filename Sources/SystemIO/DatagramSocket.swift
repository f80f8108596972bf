import CLinux
import Glibc
public import Wire

/// A bound, non-blocking UDP socket of either kind of IP that answers from the address it was asked at.
public final class DatagramSocket: Sendable {
    private let descriptor: OwnedDescriptor
    public let port: UInt16

    /// - Parameter device: an interface's name, to hear on it alone.
    public init(address: IPAddress, port: UInt16, device: String? = nil) throws(SystemError) {
        descriptor = OwnedDescriptor(try bindAny(CInt(SOCK_DGRAM.rawValue), address, port, device, "UDP"))
        let bound = netbootd_bound_port(descriptor.rawValue)
        guard bound >= 0 else { throw .last("read the port of a UDP socket") }
        self.port = UInt16(bound)
    }

    public var rawDescriptor: CInt { descriptor.rawValue }

    /// The next datagram, of which what fits is in `buffer`; nil when none is waiting.
    public func receive(into buffer: inout [UInt8]) throws(SystemError) -> (byteCount: Int, ends: SocketEnds)?
    {
        var ends = netbootd_ends()
        let count = unsafe netbootd_receive_any(rawDescriptor, &buffer, buffer.count, &ends)
        if count >= 0 { return (count, SocketEnds(ends)) }
        let error = SystemError.last("receive from UDP port \(port)")
        // An ICMP error for something sent earlier is reported here too, and concerns nobody now.
        if [EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.code) { return nil }
        throw error
    }

    /// Answers a datagram. What does not fit the socket's buffer is lost, as datagrams are.
    public func send(_ bytes: ArraySlice<UInt8>, backTo ends: SocketEnds) throws(SystemError) {
        var raw = ends.raw
        let sent = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe netbootd_send_back(rawDescriptor, buffer.baseAddress, buffer.count, &raw)
        }
        guard sent >= 0 else {
            throw .last("send \(bytes.count) bytes to \(ends.peer) port \(ends.peerPort)")
        }
    }
}

/// Asks a server on this host something in one datagram, from a privileged port.
///
/// - Returns: the answer, at most 8 KiB of it.
/// - Throws: ECONNREFUSED where nobody listens, EAGAIN when no answer comes in a second.
public func askLocally(port: UInt16, _ bytes: [UInt8]) throws(SystemError) -> [UInt8] {
    let loopback: UInt32 = 0x7f00_0001
    let fd = netbootd_privileged_datagram(loopback, port, 1000)
    guard fd >= 0 else { throw .last("open a socket to UDP port \(port) of this host") }
    let socket = OwnedDescriptor(fd)
    guard unsafe Glibc.send(socket.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    else { throw .last("ask UDP port \(port) of this host") }
    var answer = [UInt8](repeating: 0, count: 8192)
    let count = unsafe recv(socket.rawValue, &answer, answer.count, 0)
    guard count >= 0 else { throw .last("hear from UDP port \(port) of this host") }
    answer.removeLast(answer.count - count)
    return answer
}
