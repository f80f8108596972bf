import Logging
import SystemIO
import Testing

@testable import netbootd

@Suite("One event, one line")
struct LogFormatTests {
    private func line(
        _ format: LogFormat, _ message: Logger.Message, _ metadata: Logger.Metadata,
        level: Logger.Level = .info
    ) -> String {
        let handler = LineLogHandler(format: format, level: .debug, isTerminal: false)
        let event = LogEvent(
            level: level, message: message, metadata: metadata, source: "test", file: "", function: "",
            line: 1)
        return handler.line(for: event, at: WallClock(milliseconds: 1_700_000_000_042))
    }

    private let served: Logger.Metadata = [
        "window": "4", "file": "undionly.kpxe", "bytes": "74213", "mac": "52:54:00:12:34:56",
        "ip": "10.0.0.100",
    ]

    @Test("JSON has the time in UTC, fixed keys first, and numbers as numbers")
    func json() {
        #expect(
            line(.json, "tftp sent", served)
                == #"{"time":"2023-11-14T22:13:20.042Z","level":"info","message":"tftp sent","#
                + #""mac":"52:54:00:12:34:56","ip":"10.0.0.100","file":"undionly.kpxe","bytes":74213,"window":"4"}"#
        )
    }

    @Test("journald gets its own level prefix and no time")
    func plain() {
        #expect(
            line(.plain, "tftp sent", served, level: .warning)
                == "<4>tftp sent mac=52:54:00:12:34:56 ip=10.0.0.100 file=undionly.kpxe bytes=74213 window=4")
    }

    @Test("For people there is the time of day, and events stand in a column")
    func text() {
        let line = line(.text, "dhcp ack", ["ip": "10.0.0.100"])
        #expect(line.hasSuffix(".042 info    dhcp ack        ip=10.0.0.100"))
    }

    @Test("A stranger's text cannot end the line, move the cursor or pass for another field")
    func hostile() {
        let hostile: Logger.Metadata = ["agent": "a\" mac=00:00\\\n\u{1b}[2J\u{9b}x\u{2028}"]
        #expect(
            line(.plain, "http sent", hostile) == #"<6>http sent agent="a\" mac=00:00\\??[2J?x?""#)
        let json = line(.json, "http sent", hostile)
        #expect(json.contains(#""agent":"a\" mac=00:00\\\n\u001b[2J"#) && !json.contains("\n"))
        #expect(line(.plain, "x", ["empty": ""]) == #"<6>x empty="""#)
    }
}
