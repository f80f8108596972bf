import Synchronization
public import Wire

/// What a live host says of its way into another system.
public struct JoinReport: Equatable, Sendable {
    public var mac: MACAddress
    public var uuid: SystemUUID?
    public var stage: JoinStage
    /// One line of at most `maximumEntryBytes`.
    public let entry: String
    /// One line of at most `maximumDetailBytes`.
    public let detail: String
    /// Where the report came from.
    public var address: IPv4Address

    public static let maximumEntryBytes = 64
    public static let maximumDetailBytes = 160

    /// Cuts what is too long, and makes one harmless line of it: anybody may send a report.
    public init(
        mac: MACAddress, uuid: SystemUUID? = nil, stage: JoinStage, entry: String = "", detail: String = "",
        address: IPv4Address
    ) {
        self.mac = mac
        self.uuid = uuid
        self.stage = stage
        self.entry = Self.line(entry, bytes: Self.maximumEntryBytes)
        self.detail = Self.line(detail, bytes: Self.maximumDetailBytes)
        self.address = address
    }

    fileprivate static func line(_ text: String, bytes: Int) -> String {
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= bytes else { break }
            scalars.append(scalar)
        }
        return harmlessText(String(scalars))
    }
}

/// By what a machine was noticed.
public enum SignOfLife: String, Sendable {
    /// An operating system wanted an address.
    case dhcp
    /// Firmware or a boot loader wanted one: the machine was reset, the jump went wrong.
    case firmware
    case tftp
    case http
}

/// Something that happened to one machine.
public struct JournalEvent: Equatable, Sendable {
    public enum What: Equatable, Sendable {
        case reported(JoinStage)
        /// The machine was noticed after it had jumped.
        case returned(by: SignOfLife)
        /// It has jumped, and was not noticed for as long as `backWithin`.
        case missing
        /// It began or ceased to use an export; `detail` says which, and by which version of NFS.
        case mounted
        case unmounted

        public var name: String {
            switch self {
            case .reported(let stage): stage.rawValue
            case .returned: "returned"
            case .missing: "missing"
            case .mounted: "mounted"
            case .unmounted: "unmounted"
            }
        }
    }

    /// Since 1970, in UTC.
    public var milliseconds: Int
    public var mac: MACAddress
    public var uuid: SystemUUID?
    public var what: What
    public var entry: String
    public var detail: String
    public var address: IPv4Address
    /// Since the jump, where the event is about its end.
    public var millisecondsSinceJump: Int?
}

/// What happened to the machines seen last, so that "jumped and never came back" can be seen.
///
/// It is safe from any thread and bounded: so many machines, so many events of each. Reports are anybody's word:
/// they add events, and only what a machine does by itself ends the wait for it. Times are milliseconds since 1970.
public final class BootJournal: Sendable {
    private struct Record {
        var events: [(number: UInt64, event: JournalEvent)] = []
        var jump: Jump?
    }

    private struct Jump {
        var milliseconds: Int
        var uuid: SystemUUID?
        var entry: String
        var address: IPv4Address
        var isMissing = false
    }

    private struct State {
        var records: [MACAddress: Record] = [:]
        /// Of machines that have jumped and were not noticed since.
        var jumped: Set<MACAddress> = []
        var number: UInt64 = 0
        var backWithin: Int
        /// Ends of jumps that nobody has been told of.
        var news: [JournalEvent] = []
    }

    private let state: Mutex<State>
    private let maximumMachines: Int
    private let maximumEvents: Int
    private let onChange: @Sendable () -> Void

    public static let defaultBackWithin = Duration.seconds(300)
    private static let maximumNews = 256

    /// - Parameter onChange: called, on whatever thread, when there is news or an earlier deadline.
    public init(
        maximumMachines: Int = 1024, maximumEvents: Int = 32, backWithin: Duration = defaultBackWithin,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        self.maximumMachines = maximumMachines
        self.maximumEvents = maximumEvents
        self.onChange = onChange
        state = Mutex(State(backWithin: Int(backWithin / .milliseconds(1))))
    }

    /// Changes how long a machine may take from its jump until it is noticed.
    public func setBackWithin(_ duration: Duration) {
        state.withLock { $0.backWithin = Int(duration / .milliseconds(1)) }
        onChange()
    }

    public func note(_ report: JoinReport, at now: Int) {
        let event = JournalEvent(
            milliseconds: now, mac: report.mac, uuid: report.uuid, what: .reported(report.stage),
            entry: report.entry, detail: report.detail, address: report.address)
        state.withLock { state in
            append(event, to: &state)
            guard report.stage == .jumping else { return }
            state.records[report.mac]?.jump = Jump(
                milliseconds: now, uuid: report.uuid, entry: report.entry, address: report.address)
            state.jumped.insert(report.mac)
        }
        if report.stage == .jumping { onChange() }
    }

    /// A machine mounted an export, or unmounted it.
    ///
    /// - Parameter version: of NFS: `3`, `4.2`.
    public func noteMount(
        _ path: String, version: String, isMounted: Bool, mac: MACAddress, address: IPv4Address, at now: Int
    ) {
        let event = JournalEvent(
            milliseconds: now, mac: mac, what: isMounted ? .mounted : .unmounted, entry: "",
            detail: JoinReport.line("\(path) by NFS \(version)", bytes: JoinReport.maximumDetailBytes),
            address: address)
        state.withLock { append(event, to: &$0) }
    }

    /// A machine did something that the system before the jump would not have done.
    ///
    /// - Parameter mac: nil when the protocol does not tell; then the address of its last report stands for it.
    public func noticed(mac: MACAddress?, address: IPv4Address?, by sign: SignOfLife, at now: Int) {
        let isNews = state.withLock { state in
            guard !state.jumped.isEmpty,
                let found = state.jumped.first(where: { candidate in
                    candidate == mac || address != nil && state.records[candidate]?.jump?.address == address
                }), let jump = state.records[found]?.jump
            else { return false }
            state.jumped.remove(found)
            state.records[found]?.jump = nil
            end(jump, of: found, .returned(by: sign), address: address, at: now, in: &state)
            return true
        }
        if isNews { onChange() }
    }

    /// When `passTime` is next to be called; nil: there is nothing to wait for.
    public var deadline: Int? {
        state.withLock { state in
            state.news.isEmpty
                ? state.jumped.compactMap { mac in
                    state.records[mac]?.jump.flatMap {
                        $0.isMissing ? nil : $0.milliseconds + state.backWithin
                    }
                }.min() : 0
        }
    }

    /// Finds machines that should be back by now.
    ///
    /// - Returns: the ends of jumps since the last call: returned or missing.
    public func passTime(to now: Int) -> [JournalEvent] {
        state.withLock { state in
            for mac in state.jumped {
                guard let jump = state.records[mac]?.jump, !jump.isMissing,
                    jump.milliseconds + state.backWithin <= now
                else { continue }
                state.records[mac]?.jump?.isMissing = true
                end(jump, of: mac, .missing, address: nil, at: now, in: &state)
            }
            defer { state.news = [] }
            return state.news
        }
    }

    /// The newest events, the newest last.
    ///
    /// - Parameter mac: nil: of all machines.
    public func events(of mac: MACAddress? = nil, limit: Int = 1000) -> [JournalEvent] {
        let numbered = state.withLock { state in
            mac.map { state.records[$0]?.events ?? [] } ?? state.records.values.flatMap(\.events)
        }
        return numbered.sorted { $0.number < $1.number }.suffix(limit).map(\.event)
    }

    private func end(
        _ jump: Jump, of mac: MACAddress, _ what: JournalEvent.What, address: IPv4Address?, at now: Int,
        in state: inout State
    ) {
        let event = JournalEvent(
            milliseconds: now, mac: mac, uuid: jump.uuid, what: what, entry: jump.entry, detail: "",
            address: address ?? jump.address, millisecondsSinceJump: now - jump.milliseconds)
        append(event, to: &state)
        state.news.append(event)
        if state.news.count > Self.maximumNews { state.news.removeFirst() }
    }

    private func append(_ event: JournalEvent, to state: inout State) {
        if state.records[event.mac] == nil, state.records.count >= maximumMachines { forgetOne(&state) }
        state.number += 1
        state.records[event.mac, default: Record()].events.append((state.number, event))
        let surplus = (state.records[event.mac]?.events.count ?? 0) - maximumEvents
        if surplus > 0 { state.records[event.mac]?.events.removeFirst(surplus) }
    }

    /// The machine of which nothing was heard for longest; those that are on their way go last.
    private func forgetOne(_ state: inout State) {
        let oldest = state.records.min { left, right in
            let (first, second) = (left.value, right.value)
            if (first.jump == nil) != (second.jump == nil) { return first.jump == nil }
            return (first.events.last?.number ?? 0) < (second.events.last?.number ?? 0)
        }
        guard let mac = oldest?.key else { return }
        state.records[mac] = nil
        state.jumped.remove(mac)
    }
}
