import CLinux
import Glibc

/// The signals that a program acts on, as events of a loop instead of interruptions.
public final class SignalQueue: Sendable {
    public enum Signal: Equatable, Sendable {
        /// SIGTERM, SIGINT or SIGQUIT.
        case stop
        /// SIGHUP.
        case reload
    }

    private let descriptor: OwnedDescriptor

    /// Blocks these signals for this thread and all that it starts later, and ignores SIGPIPE.
    ///
    /// - Parameter heedsQuit: SIGQUIT does not dump a core, but is a stop as well.
    public init(heedsQuit: Bool = false) throws(SystemError) {
        let fd = netbootd_signal_descriptor(heedsQuit ? 1 : 0)
        guard fd >= 0 else { throw .last("signalfd") }
        descriptor = OwnedDescriptor(fd)
    }

    /// To be added to the loop.
    public var rawDescriptor: CInt { descriptor.rawValue }

    /// The next signal that is waiting.
    public func next() -> Signal? {
        switch netbootd_next_signal(rawDescriptor) {
        case 0: nil
        case SIGHUP: .reload
        default: .stop
        }
    }

    /// The next signal, which may come within `duration`.
    public func next(within duration: Duration) -> Signal? {
        _ = waitUntilReadable([rawDescriptor], for: duration)
        return next()
    }
}

/// Waits until one of the descriptors can be read, or its other end is gone; for ever without a `duration`.
///
/// - Returns: whether each can; all false when the time is over.
public func waitUntilReadable(_ descriptors: [CInt], for duration: Duration? = nil) -> [Bool] {
    let end = duration.map { ContinuousClock.now + $0 }
    var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    while true {
        // Rounded up, so that it does not spin through the last millisecond.
        let rest = end.map { CInt(clamping: Int64(((.now - $0) / .milliseconds(-1)).rounded(.up))) }
        let count = unsafe poll(&polled, nfds_t(polled.count), rest.map { max(0, $0) } ?? -1)
        if count >= 0 || errno != EINTR { return polled.map { count > 0 && $0.revents != 0 } }
    }
}
