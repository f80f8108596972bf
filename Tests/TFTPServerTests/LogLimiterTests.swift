import BootCore
import Logging
import SystemIO
import Testing
import Wire

@testable import TFTPServer

@Suite("A flood in the log")
struct LogLimiterTests {
    private typealias Limiter = TFTPLogLimiter

    @Test("Of each kind a burst is written; the rest is counted, and told once a minute")
    func bursts() {
        var limiter = Limiter()
        #expect(limiter.deadline == nil)
        var written = 0
        for _ in 0..<57 where limiter.admits(.write, at: .seconds(5)) { written += 1 }
        #expect(written == Limiter.burst)
        check(&limiter, .notFound, at: 7, isWritten: true)
        #expect(limiter.deadline == .seconds(65))
        check(&limiter, periodEndsAt: 65, [.write: 7])
        // While it goes on there is nothing but the summary.
        check(&limiter, .write, at: 70, isWritten: false)
        check(&limiter, .notFound, at: 70, isWritten: true)
        check(&limiter, periodEndsAt: 125, [.write: 1])
        // After a quiet minute it is as in the beginning.
        check(&limiter, periodEndsAt: 185, [:])
        #expect(limiter.deadline == nil)
        check(&limiter, .write, at: 200, isWritten: true)
    }

    private func check(
        _ limiter: inout Limiter, _ kind: TFTPLogKind, at seconds: Int, isWritten: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let admitted = limiter.admits(kind, at: .seconds(seconds))
        #expect(admitted == isWritten, sourceLocation: sourceLocation)
    }

    private func check(
        _ limiter: inout Limiter, periodEndsAt seconds: Int, _ expected: [TFTPLogKind: Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let counts = limiter.endPeriod(at: .seconds(seconds))
        #expect(counts == expected, sourceLocation: sourceLocation)
    }

    @Test("Of a flood of write requests the log has a burst and then their number, once")
    func server() throws {
        let log = RecordedLog()
        var logger = Logger(label: "test") { _ in log.handler }
        logger.logLevel = .info
        var lines = TFTPLog(logger: logger, directory: .init())
        let peer = IPv4Endpoint(address: IPv4Address(10, 0, 0, 9), port: 2000)
        for _ in 0..<80 { lines.refused(.write, file: Array("f".utf8), peer, at: .zero) }
        for _ in 0..<80 { lines.refused(.unknownTransfer, file: nil, peer, at: .zero) }
        lines.refused(.mail, file: Array("f".utf8), peer, at: .zero)
        #expect(log.lines.count == 51)
        lines.timePassed(to: .seconds(59))
        #expect(log.lines.count == 51)
        lines.timePassed(to: .seconds(60))
        #expect(log.lines.last == "warning tftp lines held back count=30 write=30")
        lines.timePassed(to: .seconds(120))
        #expect(log.lines.count == 52)
    }
}
