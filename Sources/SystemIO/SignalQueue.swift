import CLinux
import Glibc

/// The signals that a daemon acts on, as events of a loop instead of interruptions.
public final class SignalQueue: Sendable {
    public enum Signal: Equatable, Sendable {
        /// SIGTERM or SIGINT.
        case stop
        /// SIGHUP.
        case reload
    }

    private let descriptor: OwnedDescriptor

    /// Blocks these signals for this thread and all that it starts later, and ignores SIGPIPE.
    public init() throws(SystemError) {
        let fd = netbootd_signal_descriptor()
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
}
