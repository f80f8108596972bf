import CLinux
import Glibc
public import Wire

/// A connected socket that never waits past a deadline.
public struct ClientSocket: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor

    public enum Kind: Sendable {
        case stream
        case datagram
    }

    /// Connects.
    ///
    /// - Throws: `ETIMEDOUT` past the deadline.
    public init(
        _ kind: Kind, to address: IPAddress, port: UInt16, by deadline: ContinuousClock.Instant
    ) throws(SystemError) {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        let bytes = address.bytes
        let operation = "connect to \(address) port \(port)"
        let fd = unsafe netbootd_connect(CInt(type.rawValue), bytes, bytes.count, address.scope, port)
        guard fd >= 0 else { throw .last(operation) }
        let descriptor = OwnedDescriptor(fd)
        if kind == .stream {
            try waitUntilReady(fd, CInt(POLLOUT), by: deadline, operation)
            let code = netbootd_socket_error(fd)
            guard code == 0 else { throw SystemError(operation, code: code) }
        }
        self.descriptor = descriptor
    }

    /// Sends all of `bytes`.
    public func send(_ bytes: [UInt8], by deadline: ContinuousClock.Instant) throws(SystemError) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
                continue
            }
            let error = SystemError.last("send")
            if error.code == EAGAIN {
                try waitUntilReady(descriptor.rawValue, CInt(POLLOUT), by: deadline, "send")
            } else if error.code != EINTR {
                throw error
            }
        }
    }

    /// What has come in, or comes in until the deadline; 0 at the end of a stream.
    ///
    /// - Throws: `ETIMEDOUT` past the deadline.
    public func receive(
        into buffer: UnsafeMutableRawBufferPointer, by deadline: ContinuousClock.Instant
    ) throws(SystemError) -> Int {
        unsafe try receiveWaiting(descriptor.rawValue, into: buffer, by: deadline)
    }

    /// The same as an array of at most `limit` bytes.
    public func receive(limit: Int, by deadline: ContinuousClock.Instant) throws(SystemError) -> [UInt8] {
        try receiveArray(descriptor.rawValue, limit: limit, by: deadline)
    }
}

/// Sends and hears Ethernet frames with UDP datagrams to one port, whoever holds that port.
///
/// Opening it takes `CAP_NET_RAW`.
public struct FrameSocket: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor

    public init(interfaceIndex: UInt32, hearing port: UInt16) throws(SystemError) {
        let fd = netbootd_frame_socket(interfaceIndex, port)
        guard fd >= 0 else { throw .last("open a packet socket") }
        descriptor = OwnedDescriptor(fd)
    }

    public func send(_ frame: [UInt8]) throws(SystemError) {
        let sent = unsafe Glibc.send(descriptor.rawValue, frame, frame.count, 0)
        guard sent == frame.count else { throw .last("send an Ethernet frame") }
    }

    /// The next frame. - Throws: `ETIMEDOUT` past the deadline.
    public func receive(by deadline: ContinuousClock.Instant) throws(SystemError) -> [UInt8] {
        try receiveArray(descriptor.rawValue, limit: 65_536, by: deadline)
    }
}

private func receiveArray(
    _ fd: CInt, limit: Int, by deadline: ContinuousClock.Instant
) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var failure: SystemError?
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        do throws(SystemError) {
            return unsafe try receiveWaiting(fd, into: buffer, by: deadline)
        } catch {
            failure = error
            return 0
        }
    }
    if let failure { throw failure }
    bytes.removeLast(limit - count)
    return bytes
}

private func receiveWaiting(
    _ fd: CInt, into buffer: UnsafeMutableRawBufferPointer, by deadline: ContinuousClock.Instant
) throws(SystemError) -> Int {
    while true {
        let count = unsafe recv(fd, buffer.baseAddress, buffer.count, 0)
        if count >= 0 { return count }
        let error = SystemError.last("receive")
        if error.code == EAGAIN {
            try waitUntilReady(fd, CInt(POLLIN), by: deadline, "receive")
        } else if error.code != EINTR {
            throw error
        }
    }
}

private func waitUntilReady(
    _ fd: CInt, _ events: CInt, by deadline: ContinuousClock.Instant, _ operation: String
) throws(SystemError) {
    var request = pollfd(fd: fd, events: Int16(events), revents: 0)
    while true {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { throw SystemError(operation, code: ETIMEDOUT) }
        let (seconds, attoseconds) = left.components
        // Rounded up: a poll of 0 ms would spin through the last millisecond.
        let milliseconds = min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        let ready = unsafe poll(&request, 1, CInt(milliseconds))
        if ready > 0 { return }
        if ready < 0, errno != EINTR { throw .last(operation) }
    }
}
