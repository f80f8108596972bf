import CLinux
import Glibc

/// Waits for descriptors to become readable or writable, and for a point in time. One thread owns it.
public struct EventLoop: ~Copyable {
    /// A descriptor that is ready, by the token under which it was added.
    public struct Event: Equatable, Sendable {
        public var token: UInt64
        public var isWritable: Bool
        /// There is something to read, or an end or an error to be found by reading.
        public var isReadable = true
    }

    private let epoll: OwnedDescriptor
    private var events: [netbootd_event]

    public init() throws(SystemError) {
        let fd = epoll_create1(O_CLOEXEC)
        guard fd >= 0 else { throw .last("epoll_create1") }
        epoll = OwnedDescriptor(fd)
        events = Array(repeating: netbootd_event(), count: 64)
    }

    /// Reports `descriptor` as `token` for as long as it is readable (and writable, if asked for).
    public func add(_ descriptor: CInt, token: UInt64, forWriting: Bool = false) throws(SystemError) {
        let mask = EPOLLIN.rawValue | (forWriting ? EPOLLOUT.rawValue : 0)
        guard netbootd_epoll_add(epoll.rawValue, descriptor, mask, token) == 0 else {
            throw .last("epoll_ctl add")
        }
    }

    /// Reports a descriptor that was added before for this from now on.
    public func change(
        _ descriptor: CInt, token: UInt64, forReading: Bool, forWriting: Bool
    ) throws(SystemError) {
        let mask = (forReading ? EPOLLIN.rawValue : 0) | (forWriting ? EPOLLOUT.rawValue : 0)
        guard netbootd_epoll_change(epoll.rawValue, descriptor, mask, token) == 0 else {
            throw .last("epoll_ctl change")
        }
    }

    /// Stops reporting `descriptor`. Closing a descriptor does that too.
    public func remove(_ descriptor: CInt) {
        _ = netbootd_epoll_remove(epoll.rawValue, descriptor)
    }

    /// Waits until something is ready or `deadline` has come; nil waits for ever.
    public mutating func wait(until deadline: ContinuousClock.Instant?) throws(SystemError) -> [Event] {
        let count = try waitForCount(until: deadline)
        return (0..<count).map { self[$0] }
    }

    /// The same for busy loops, which then take one event after the other by its index: nothing is allocated.
    ///
    /// - Returns: how many events there are, until the next wait.
    public mutating func waitForCount(until deadline: ContinuousClock.Instant?) throws(SystemError) -> Int {
        var milliseconds: CInt = -1
        if let deadline {
            let left = deadline - .now
            // Rounded up: waking a moment early would only mean to wait again.
            let (seconds, attoseconds) = left.components
            milliseconds =
                left <= .zero
                ? 0 : CInt(min(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1, 60_000))
        }
        let count = unsafe netbootd_epoll_wait(epoll.rawValue, &events, CInt(events.count), milliseconds)
        guard count >= 0 else {
            let error = SystemError.last("epoll_wait")
            if error.code == EINTR { return 0 }
            throw error
        }
        return Int(count)
    }

    /// An event that the last wait has brought.
    public subscript(index: Int) -> Event {
        let mask = events[index].events
        return Event(
            token: events[index].token, isWritable: mask & EPOLLOUT.rawValue != 0,
            isReadable: mask & ~EPOLLOUT.rawValue != 0)
    }
}

/// Wakes the thread of an event loop from another thread.
public final class Wakeup: Sendable {
    private let descriptor: OwnedDescriptor

    public init() throws(SystemError) {
        let fd = eventfd(0, O_CLOEXEC | O_NONBLOCK)
        guard fd >= 0 else { throw .last("eventfd") }
        descriptor = OwnedDescriptor(fd)
    }

    /// To be added to the loop that is to be woken.
    public var rawDescriptor: CInt { descriptor.rawValue }

    public func signal() { eventfd_write(rawDescriptor, 1) }

    /// Makes the descriptor unready again.
    public func acknowledge() {
        var value: eventfd_t = 0
        unsafe eventfd_read(rawDescriptor, &value)
    }
}
