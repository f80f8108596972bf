import Glibc
import SystemIO

/// Notices that an interface was removed, or removed and made anew: then sockets that are bound to it hear nothing
/// more, and no call fails. A link that is merely down is neither.
struct InterfaceWatch {
    private let name: String
    private let index: UInt32
    /// When to look again.
    private(set) var deadline: ContinuousClock.Instant

    static let period = Duration.seconds(3)

    init(_ interface: NetworkInterface, at now: ContinuousClock.Instant) {
        name = interface.name
        index = interface.index
        deadline = now + Self.period
    }

    /// - Returns: whether it was time to look.
    /// - Throws: when the interface is not the one that it was at first.
    mutating func look(at now: ContinuousClock.Instant) throws(SystemError) -> Bool {
        guard now >= deadline else { return false }
        deadline = now + Self.period
        let present = unsafe if_nametoindex(name)
        let code = errno
        if present == index { return true }
        // Anything else, such as too many open files, says nothing about the interface.
        guard present != 0 || code == ENODEV || code == ENXIO else { return true }
        let event = present == 0 ? "went away" : "was made anew"
        throw SystemError("interface \(name) \(event)", code: ENODEV)
    }
}
