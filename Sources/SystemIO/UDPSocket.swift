import CLinux
import Glibc
public import Wire

/// One received datagram, without its bytes.
public struct DatagramOrigin: Equatable, Sendable {
    public var peer: IPv4Endpoint
    /// The address it was sent to; the broadcast address for a broadcast. `any` if the socket does not tell.
    public var localAddress: IPv4Address
    public var interfaceIndex: UInt32
    /// Its whole length in bytes, which is more than was read when the buffer was too small.
    public var byteCount: Int
}

/// A bound, non-blocking IPv4 UDP socket.
public final class UDPSocket: Sendable {
    private let descriptor: OwnedDescriptor
    public let port: UInt16

    /// - Parameters:
    ///   - address: `IPv4Address.any` for all of the host's.
    ///   - port: 0 for one that the kernel picks.
    ///   - device: an interface's name, to hear and speak on it alone.
    ///   - receiveBufferBytes: what the kernel may hold for us; it grants up to its own limit without privilege.
    ///   - sendBufferBytes: the same for what it has not sent yet.
    ///   - reportsLocalAddress: false for a socket whose reader knows the address anyway: it saves some time.
    public init(
        address: IPv4Address = .any, port: UInt16, device: String? = nil, receiveBufferBytes: Int32? = nil,
        sendBufferBytes: Int32? = nil, reportsLocalAddress: Bool = true
    ) throws(SystemError) {
        let fd = unsafe netbootd_bind4(CInt(SOCK_DGRAM.rawValue), address.rawValue, port, device)
        guard fd >= 0 else { throw .last("bind UDP \(address):\(port)") }
        descriptor = OwnedDescriptor(fd)
        let bound = netbootd_local_port(fd)
        guard bound >= 0 else { throw .last("read the port of a UDP socket") }
        self.port = UInt16(bound)
        if reportsLocalAddress { try set(IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO") }
        if let receiveBufferBytes {
            try setBuffer(SO_RCVBUFFORCE, otherwise: SO_RCVBUF, receiveBufferBytes, "SO_RCVBUF")
        }
        if let sendBufferBytes {
            try setBuffer(SO_SNDBUFFORCE, otherwise: SO_SNDBUF, sendBufferBytes, "SO_SNDBUF")
        }
    }

    public var rawDescriptor: CInt { descriptor.rawValue }

    public func allowBroadcast() throws(SystemError) {
        try set(SOL_SOCKET, CInt(SO_BROADCAST), 1, "SO_BROADCAST")
    }

    /// Lets routers fragment what we send, and does not mark it DF: PXE ROMs do not answer ICMP.
    public func allowFragmentation() throws(SystemError) {
        try set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, "IP_MTU_DISCOVER")
    }

    /// Sends one datagram.
    ///
    /// - Parameters:
    ///   - source: the address to send from; nil: the kernel's choice.
    ///   - interfaceIndex: the interface to send by; 0: the routing table's choice.
    public func send(
        _ bytes: Span<UInt8>, to peer: IPv4Endpoint, from source: IPv4Address? = nil,
        interfaceIndex: UInt32 = 0
    ) throws(SystemError) {
        try sendSegments(bytes, segmentBytes: 0, to: peer, from: source, interfaceIndex: interfaceIndex)
    }

    /// Sends `bytes` as datagrams of `segmentBytes` each (the last may be shorter) in one system call: UDP GSO.
    ///
    /// At most 64 segments and 65,000 bytes; `segmentBytes` must fit the interface's MTU.
    public func sendSegments(
        _ bytes: Span<UInt8>, segmentBytes: UInt16, to peer: IPv4Endpoint, from source: IPv4Address? = nil,
        interfaceIndex: UInt32 = 0
    ) throws(SystemError) {
        let sent = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe netbootd_send(
                rawDescriptor, buffer.baseAddress, buffer.count, segmentBytes, peer.address.rawValue,
                peer.port,
                source?.rawValue ?? 0, interfaceIndex)
        }
        guard sent >= 0 else { throw .last("send \(bytes.count) bytes to \(peer)") }
    }

    /// Sets a buffer's size beyond the kernel's limit if it may, up to it if not.
    private func setBuffer(_ forced: CInt, otherwise plain: CInt, _ byteCount: Int32, _ what: String)
        throws(SystemError)
    {
        guard netbootd_set_option(rawDescriptor, SOL_SOCKET, forced, byteCount) != 0 else { return }
        try set(SOL_SOCKET, plain, byteCount, what)
    }

    private func set(_ level: some BinaryInteger, _ name: some BinaryInteger, _ value: CInt, _ what: String)
        throws(SystemError)
    {
        guard netbootd_set_option(rawDescriptor, CInt(level), CInt(name), value) == 0 else {
            throw .last("set \(what) of a UDP socket")
        }
    }
}

/// Buffers for reading datagrams in batches, made once and used again.
@safe
public struct DatagramReceiver: ~Copyable {
    private let bufferBytes: Int
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private var headers: [netbootd_datagram]

    /// The most datagrams that one call reads.
    public static let batch = Int(NETBOOTD_BATCH)

    /// - Parameter bufferBytes: the longest datagram that is read whole.
    public init(bufferBytes: Int) {
        self.bufferBytes = bufferBytes
        unsafe storage = .allocate(capacity: bufferBytes * Int(NETBOOTD_BATCH))
        unsafe storage.initialize(repeating: 0)
        headers = Array(repeating: netbootd_datagram(), count: Int(NETBOOTD_BATCH))
    }

    deinit { unsafe storage.deallocate() }

    /// Reads what has arrived, up to 32 datagrams, and hands each to `body`, whose span lives for that call.
    ///
    /// - Parameter limit: how many at most; 1 is the quickest where more than one hardly ever waits.
    /// - Returns: how many; 0 when none is waiting.
    public mutating func receive(
        from socket: UDPSocket, atMost limit: Int = 32,
        _ body: (DatagramOrigin, Span<UInt8>) -> Void
    ) throws(SystemError) -> Int {
        let count = unsafe netbootd_receive(
            socket.rawDescriptor, storage.baseAddress, bufferBytes, &headers,
            CInt(min(limit, Int(NETBOOTD_BATCH))))
        guard count >= 0 else {
            let error = SystemError.last("receive from UDP port \(socket.port)")
            // An ICMP error for something sent earlier is reported here too, and concerns nobody now.
            if [EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.code) { return 0 }
            throw error
        }
        for index in 0..<Int(count) {
            let header = headers[index]
            let origin = DatagramOrigin(
                peer: IPv4Endpoint(
                    address: IPv4Address(rawValue: header.peer_address), port: header.peer_port),
                localAddress: IPv4Address(rawValue: header.local_address),
                interfaceIndex: header.interface_index,
                byteCount: Int(header.length))
            let length = min(Int(header.length), bufferBytes)
            let bytes = unsafe UnsafeBufferPointer(
                rebasing: storage[index * bufferBytes..<index * bufferBytes + length])
            body(origin, unsafe bytes.span)
        }
        return Int(count)
    }
}
