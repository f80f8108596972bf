import Synchronization

/// Carries the first fatal error of any driver to the thread that then stops everything in order.
public final class FailureReport: Sendable {
    public struct Failure: Error, Sendable {
        /// The driver: "DHCP".
        public var service: String
        public var error: SystemError
    }

    private let failure = Mutex<Failure?>(nil)
    private let wakeup: Wakeup

    public init() throws(SystemError) { wakeup = try Wakeup() }

    /// To be added to the waiting thread's loop.
    public var rawDescriptor: CInt { wakeup.rawDescriptor }

    /// Of several reports the first is kept: the others follow from it.
    public func report(_ service: String, _ error: SystemError) {
        failure.withLock { $0 = $0 ?? Failure(service: service, error: error) }
        wakeup.signal()
    }

    public var first: Failure? { failure.withLock { $0 } }
}
