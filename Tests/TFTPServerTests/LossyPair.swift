@testable import TFTPServer

/// The engine and a small client with a network between them that loses, repeats and delays what it is told to.
///
/// Time is simulated. Blocks carry their full number, so that the client knows one in the wrong place.
struct LossyPair {
    /// How a client treats a block that it does not expect.
    enum Habit: CaseIterable {
        /// It acknowledges what it has, once until something changes (RFC 7440 §4).
        case once
        /// It acknowledges what it has for every such block (EDK2).
        case everyTime
        /// It says nothing, and repeats its acknowledgment when its time runs out (iPXE).
        case never
    }

    /// What the network does to the packet of this number, counted from 0 in both directions together.
    enum Fate { case delivered, lost, doubled, late }

    struct Outcome: Equatable {
        /// The client has the file, block after block.
        var isComplete: Bool
        var end: TFTPAction?
        /// DATA packets that left the server.
        var blocksSent: UInt64
        var packets: Int
        var duration: Duration
    }

    private enum Message {
        case options
        case block(UInt64)
        case acknowledgment(UInt64)
    }

    private struct Flight {
        var arrival: Duration
        var toServer: Bool
        var message: Message
    }

    private static let latency: Duration = .milliseconds(1)
    private static let clientTimeout: Duration = .milliseconds(1500)

    private var transfer: TFTPTransfer
    private let blockCount: UInt64
    private let windowSize: UInt64
    private let habit: Habit
    private let fate: (Int) -> Fate
    /// By arrival, the next one last.
    private var flights: [Flight] = []
    private var packets = 0
    private var blocksSent = UInt64(0)
    private var end: TFTPAction?
    /// The client has all blocks up to this one; nil before the OACK.
    private var received: UInt64?
    private var acknowledged = UInt64(0)
    private var hasComplained = false
    private var clientDeadline: Duration = clientTimeout

    init(blockCount: UInt64, windowSize: Int, habit: Habit, fate: @escaping (Int) -> Fate) {
        let options = [TFTPOption("blksize", "8"), TFTPOption("windowsize", String(windowSize))]
        transfer = TFTPTransfer(
            options: options, content: .octets(byteCount: blockCount * 8 - 1),
            limits: TFTPLimits(blockSizeBytes: 1468, windowSize: 64), at: .zero)
        self.blockCount = blockCount
        self.windowSize = UInt64(windowSize)
        self.habit = habit
        self.fate = fate
    }

    /// Runs until the server has ended the transfer.
    mutating func run() -> Outcome {
        perform(transfer.start(at: .zero), at: .zero)
        var now = Duration.zero
        while end == nil && packets < 100_000 {
            let arrival = flights.last?.arrival ?? .seconds(100_000)
            let clientWaits = received != blockCount
            now = min(arrival, transfer.deadline, clientWaits ? clientDeadline : .seconds(100_000))
            if arrival == now, let flight = flights.popLast() {
                deliver(flight, at: now)
            } else if clientWaits && clientDeadline == now {
                clientDeadline = now + Self.clientTimeout
                // Before the OACK it would repeat its request.
                if received != nil {
                    acknowledge(at: now)
                } else if let action = transfer.requestRepeated(at: now) {
                    perform(action, at: now)
                }
            } else {
                perform(transfer.timePassed(to: now), at: now)
            }
        }
        return Outcome(
            isComplete: received == blockCount, end: end, blocksSent: blocksSent, packets: packets,
            duration: now)
    }

    private mutating func send(_ message: Message, toServer: Bool, at now: Duration) {
        var arrivals = [now + Self.latency]
        switch fate(packets) {
        case .delivered: break
        case .lost: arrivals = []
        case .doubled: arrivals.append(now + Self.latency)
        case .late: arrivals = [now + Self.latency * 3]
        }
        packets += 1
        for arrival in arrivals {
            // Behind all that arrives at the same time.
            let place = (flights.lastIndex { $0.arrival > arrival } ?? -1) + 1
            flights.insert(Flight(arrival: arrival, toServer: toServer, message: message), at: place)
        }
    }

    private mutating func perform(_ action: TFTPAction, at now: Duration) {
        switch action {
        case .sendOptions: send(.options, toServer: false, at: now)
        case .sendBlocks(let blocks):
            for block in blocks {
                blocksSent += 1
                send(.block(block), toServer: false, at: now)
            }
        case .wait: break
        case .finish, .abandon: end = action
        }
    }

    private mutating func deliver(_ flight: Flight, at now: Duration) {
        switch flight.message {
        case .acknowledgment(let block):
            perform(
                transfer.received(.acknowledgment(block: UInt16(truncatingIfNeeded: block)), at: now),
                at: now)
        case .options:
            if received == nil || received == 0 {
                received = 0
                acknowledge(at: now)
            }
        case .block(let block): take(block, at: now)
        }
    }

    /// The client's part.
    private mutating func take(_ block: UInt64, at now: Duration) {
        guard let before = received else { return }
        guard block == before + 1 else {
            if habit == .everyTime || (habit == .once && !hasComplained) { acknowledge(at: now) }
            hasComplained = true
            return
        }
        received = block
        hasComplained = false
        clientDeadline = now + Self.clientTimeout
        if block == blockCount || block - acknowledged >= windowSize { acknowledge(at: now) }
    }

    private mutating func acknowledge(at now: Duration) {
        guard let received else { return }
        acknowledged = received
        clientDeadline = now + Self.clientTimeout
        send(.acknowledgment(received), toServer: true, at: now)
    }
}
