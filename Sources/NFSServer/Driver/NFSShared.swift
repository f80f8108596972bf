import BootFiles
import Synchronization
import SystemIO
import Wire

/// What the server is to serve.
struct NFSSetup: Sendable {
    var settings: NFSSettings
    var tree: BootTree
}

/// How other threads speak to one of the server's, and these to each other.
final class NFSControl: Sendable {
    let wakeup: Wakeup
    private let state: Mutex<State>

    private struct State {
        var setup: NFSSetup
        /// Counts the setups, so that a thread knows a new one.
        var setupNumber = 0
        var isStopping = false
        var arrivals: [Arrival] = []
    }

    /// A connection that was accepted for this thread.
    struct Arrival: Sendable {
        var socket: StreamSocket
        var ends: SocketEnds
        var door: NFSEngine.Door
    }

    init(_ setup: NFSSetup) throws(SystemError) {
        wakeup = try Wakeup()
        state = Mutex(State(setup: setup))
    }

    var setup: (value: NFSSetup, number: Int) { state.withLock { ($0.setup, $0.setupNumber) } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func take(_ setup: NFSSetup) {
        state.withLock {
            $0.setup = setup
            $0.setupNumber += 1
        }
        wakeup.signal()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
    }

    func handOver(_ arrival: Arrival) {
        state.withLock { $0.arrivals.append(arrival) }
        wakeup.signal()
    }

    func takeArrivals() -> [Arrival] {
        state.withLock { state in
            defer { state.arrivals = [] }
            return state.arrivals
        }
    }
}

/// How many connections there are, in all threads together.
final class ConnectionCounts: Sendable {
    private struct State {
        var total = 0
        var byClient: [IPAddress: Int] = [:]
    }

    private let state = Mutex(State())

    enum Refusal: Equatable {
        case total(limit: Int)
        case perClient(limit: Int)
    }

    /// Counts one more, unless that is too many.
    func admit(_ client: IPAddress, total: Int, perClient: Int) -> Refusal? {
        state.withLock { state in
            if state.total >= total { return .total(limit: total) }
            if state.byClient[client, default: 0] >= perClient { return .perClient(limit: perClient) }
            state.total += 1
            state.byClient[client, default: 0] += 1
            return nil
        }
    }

    func release(_ client: IPAddress) {
        state.withLock { state in
            state.total -= 1
            let left = (state.byClient[client] ?? 1) - 1
            state.byClient[client] = left > 0 ? left : nil
        }
    }
}
