import Glibc
import Testing

@testable import SystemIO

@Suite("Signals as events")
struct SignalQueueTests {
    @Test("A signal that is blocked can be waited for, once")
    func quit() throws {
        let signals = try SignalQueue(heedsQuit: true)
        #expect(signals.next(within: .zero) == nil)
        raise(SIGQUIT)
        #expect(signals.next(within: .seconds(5)) == .stop)
        #expect(signals.next() == nil)
    }

    @Test("Of several descriptors, it is told which can be read")
    func readable() throws {
        var (first, second): ([CInt], [CInt]) = ([0, 0], [0, 0])
        try #require(unsafe pipe(&first) == 0 && pipe(&second) == 0)
        defer { for fd in first + second { close(fd) } }
        #expect(waitUntilReadable([first[0], second[0]], for: .zero) == [false, false])
        #expect(unsafe write(second[1], "x", 1) == 1)
        #expect(waitUntilReadable([first[0], second[0]]) == [false, true])
    }

    @Test("A command is shown as a shell reads it")
    func words() {
        #expect(Command("a", "b c", "it's", "", "$x", "--y=1,2").text == "a 'b c' 'it'\\''s' '' '$x' --y=1,2")
    }
}
