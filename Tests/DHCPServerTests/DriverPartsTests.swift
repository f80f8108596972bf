import BootCore
import Logging
import PacketIO
import Synchronization
import Testing
import Wire

@testable import DHCPServer

/// Keeps what is logged.
private final class LogSink: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private let kept = Mutex<[Line]>([])

    var lines: [Line] { kept.withLock { $0 } }

    func keep(_ line: Line) { kept.withLock { $0.append(line) } }

    func logger() -> Logger {
        var logger = Logger(label: "test") { _ in Handler(sink: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let sink: LogSink
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            sink.keep(
                Line(
                    level: event.level, message: "\(event.message)",
                    metadata: (event.metadata ?? [:]).mapValues { "\($0)" }))
        }
    }
}

@Suite("What the driver is made of")
struct DriverPartsTests {
    @Test("A line that repeats comes through once a minute, with how often it was meant")
    func logLimiter() {
        var limiter = LogLimiter()
        let start = ContinuousClock.now
        let other = limiter.admit("b", at: start)
        let repeats = (0...61).map { limiter.admit("a", at: start + .seconds($0)) }
        #expect(other == 0)
        #expect(repeats == [0] + [Int?](repeating: nil, count: 59) + [59, nil])
    }

    @Test("Ever new lines do not fill the memory or the log")
    func logLimiterBound() {
        var limiter = LogLimiter()
        let start = ContinuousClock.now
        let admitted = (0..<10_000).filter { limiter.admit("\($0)", at: start) != nil }
        #expect(admitted.count == LogLimiter.maximumKinds)
        let later = limiter.admit("new", at: start + .seconds(60))
        #expect(later == 0)
    }

    @Test("Router solicitations are answered at once, and then once a second for all that come")
    func routerAdvertiser() {
        var advertiser = RouterAdvertiser()
        let start = ContinuousClock.now
        var sent = [advertiser.mustAdvertise(at: start)]
        advertiser.solicited(at: start)
        #expect(advertiser.deadline == start)
        sent += [advertiser.mustAdvertise(at: start), advertiser.mustAdvertise(at: start)]
        advertiser.solicited(at: start + .milliseconds(300))
        advertiser.solicited(at: start + .milliseconds(400))
        sent += [advertiser.mustAdvertise(at: start + .milliseconds(400))]
        #expect(advertiser.deadline == start + .seconds(1))
        sent += [advertiser.mustAdvertise(at: start + .seconds(1))]
        #expect(sent == [false, true, false, false, true])
        #expect(advertiser.deadline == nil)
        advertiser.solicited(at: start + .seconds(5))
        #expect(advertiser.deadline == start + .seconds(5))
    }

    @Test("A full set of holds is looked through once a second, and not more")
    func timedHolds() {
        var holds = TimedHolds(limit: 2)
        let start = UnixTime(rawValue: 100)
        holds.hold(IPv4Address(10, 0, 0, 1), until: start + 1)
        holds.hold(IPv4Address(10, 0, 0, 2), until: start + 5)
        var full = [holds.isFull(at: start), holds.isFull(at: start), holds.isFull(at: start + 1)]
        #expect(full == [true, true, false])
        #expect(!holds.contains(IPv4Address(10, 0, 0, 1)) && holds.contains(IPv4Address(10, 0, 0, 2)))
        holds.hold(IPv4Address(10, 0, 0, 3), until: start + 9)
        holds.release(IPv4Address(10, 0, 0, 2))
        full = [holds.isFull(at: start + 2)]
        #expect(full == [false])
    }

    @Test("The address that has been held longest goes first; one that is held anew comes last again")
    func oldestHold() {
        var holds = TimedHolds(limit: 3)
        let addresses = (1...3).map { IPv4Address(10, 0, 0, $0) }
        for round in 0..<200 {
            for address in addresses { holds.hold(address, until: UnixTime(rawValue: Int64(round))) }
        }
        holds.hold(addresses[0], until: UnixTime(rawValue: 200))
        holds.release(addresses[1])
        let released = (0..<3).map { _ in holds.releaseOldest() }
        #expect(released == [addresses[2], addresses[0], nil])
    }

    @Test("An interface that is not there cannot be opened for frames, and the error names it")
    func packetPort() {
        do throws(PacketPortError) {
            _ = try PacketPort(interface: "nowhere0")
            Issue.record("it was opened")
        } catch {
            #expect(error.description.contains("nowhere0"))
        }
    }

    @Test("Each event is one line that names machine, address, interface, step and file")
    func logLines() throws {
        let sink = LogSink()
        let counter = DHCPCounter()
        var log = DHCPLog(logger: sink.logger(), interface: "eth1", counter: counter)
        var dialogue = try Dialogue()
        func report(_ message: ClientMessage, _ response: DHCPResponse) throws {
            let message = try message.parsed()
            switch response.action {
            case .reply(let reply, _): log.replied(reply, to: message, response, dropped: [])
            case .heeded(let event): log.heeded(event, message: message, response)
            case .ignore(let reason): log.ignored(reason, message: message, response)
            }
        }
        let own = IPv4Address(10, 0, 0, 100)
        let discover = ClientMessage(.discover, ClientOptions.uefi)
        try report(discover, try dialogue.say(discover))
        let request = ClientMessage(
            .request, [.requestedAddress: own.bytes, .serverIdentifier: Dialogue.server.bytes])
        try report(request, try dialogue.say(request))
        let reboot = ClientMessage.reboot(with: IPv4Address(192, 168, 0, 9), from: .test(1))
        try report(reboot, try dialogue.say(reboot))
        let release = ClientMessage.release(own, from: .test(1))
        try report(release, try dialogue.say(release))
        let rival = ClientMessage(.request, [.serverIdentifier: [10, 0, 0, 2]])
        for _ in 0..<3 { try report(rival, try dialogue.say(rival)) }

        let lines = sink.lines
        #expect(
            lines.map(\.message) == ["dhcp offer", "dhcp ack", "dhcp nak", "dhcp release", "dhcp ignored"])
        #expect(
            lines.first?.metadata == [
                "arch": "uefi-x64", "file": "snponly.efi", "iface": "eth1", "ip": "10.0.0.100",
                "mac": "52:54:00:00:00:01", "stage": "firmware", "step": "loader", "xid": "12345678",
            ])
        #expect(lines[1].metadata["reason"] == "it is no boot client")
        #expect(lines[2].metadata["ip"] == "192.168.0.9" && lines[2].metadata["reason"] == "wrong network")
        #expect(lines[4].metadata["reason"] == "it chose the DHCP server 10.0.0.2")
        #expect(lines[4].level == .notice)
        #expect(counter.value.offers == 1 && counter.value.refusals == 1 && counter.value.ignored == 3)
    }
}
