import CLinux
import Glibc
public import Wire

/// A listening, non-blocking TCP socket of either kind of IP, for a server that accepts by itself.
public final class StreamListener: Sendable {
    private let descriptor: OwnedDescriptor
    public let port: UInt16

    /// - Parameters:
    ///   - port: 0 for one that the kernel picks.
    ///   - device: an interface's name, to hear on it alone.
    public init(address: IPAddress, port: UInt16, device: String? = nil) throws(SystemError) {
        descriptor = OwnedDescriptor(try bindAny(CInt(SOCK_STREAM.rawValue), address, port, device, "TCP"))
        let bound = netbootd_bound_port(descriptor.rawValue)
        guard bound >= 0, listen(descriptor.rawValue, 1024) == 0 else {
            throw .last("listen on TCP port \(port) of \(address)")
        }
        self.port = UInt16(bound)
    }

    public var rawDescriptor: CInt { descriptor.rawValue }

    /// The next connection; nil when none is waiting.
    ///
    /// - Throws: when there are no descriptors left, say; the connection still waits then.
    public func accept() throws(SystemError) -> (socket: StreamSocket, ends: SocketEnds)? {
        var ends = netbootd_ends()
        let fd = unsafe netbootd_accept(rawDescriptor, &ends)
        if fd >= 0 { return (StreamSocket(OwnedDescriptor(fd)), SocketEnds(ends)) }
        let error = SystemError.last("accept a connection")
        switch error.code {
        case EAGAIN, ECONNABORTED, EINTR, EPROTO: return nil
        default: throw error
        }
    }
}

/// A connected, non-blocking TCP socket.
public final class StreamSocket: Sendable {
    private let descriptor: OwnedDescriptor

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    public var rawDescriptor: CInt { descriptor.rawValue }

    public enum Received: Equatable, Sendable {
        case bytes(Int)
        case nothingYet
        /// The peer has closed, or the connection is broken.
        case closed
    }

    /// Reads into `buffer` from `start` on.
    public func receive(into buffer: inout [UInt8], from start: Int) -> Received {
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe recv(
                rawDescriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start,
                CInt(MSG_DONTWAIT))
        }
        if count > 0 { return .bytes(count) }
        if count < 0, errno == EAGAIN || errno == EINTR { return .nothingYet }
        return .closed
    }

    public enum Sent: Equatable, Sendable {
        /// So many bytes; 0 when the socket is full for the moment.
        case bytes(Int)
        /// The file ended before the bytes that were to be sent.
        case fileEnded
        case closed
    }

    /// - Parameter more: other bytes follow at once: the kernel waits for them.
    public func send(_ bytes: [UInt8], _ range: Range<Int>, more: Bool) -> Sent {
        let count = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe netbootd_stream_send(
                rawDescriptor, buffer.baseAddress.map { unsafe $0 + range.lowerBound }, range.count,
                more ? 1 : 0)
        }
        return outcome(count)
    }

    /// Sends a file's bytes without a copy of them.
    public func send(_ file: NodeDescriptor, from offset: UInt64, count: Int) -> Sent {
        let sent = netbootd_send_file(rawDescriptor, file.rawDescriptor, offset, count)
        return sent == 0 && count > 0 ? .fileEnded : outcome(sent)
    }

    private func outcome(_ count: Int) -> Sent {
        if count >= 0 { return .bytes(count) }
        return errno == EAGAIN || errno == EINTR ? .bytes(0) : .closed
    }
}

/// Says in which words a socket could not be bound.
func bindAny(
    _ type: CInt, _ address: IPAddress, _ port: UInt16, _ device: String?, _ name: String
) throws(SystemError) -> CInt {
    let isIPv6: CInt
    switch address {
    case .v4: isIPv6 = 0
    case .v6: isIPv6 = 1
    }
    let fd = unsafe netbootd_bind_any(type, isIPv6, address.bytes, port, device)
    guard fd >= 0 else { throw .last("bind \(name) port \(port) of \(address)") }
    return fd
}
