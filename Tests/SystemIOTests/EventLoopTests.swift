import Glibc
import SystemIO
import Testing
import Wire

@Suite("The event loop")
struct EventLoopTests {
    @Test("It returns at its deadline, not before and not much later")
    func deadline() throws {
        var loop = try EventLoop()
        let begun = ContinuousClock.now
        #expect(try loop.wait(until: begun + .milliseconds(30)).isEmpty)
        let passed = ContinuousClock.now - begun
        #expect(passed >= .milliseconds(30))
        #expect(passed < .seconds(5))
        // A deadline that has passed is no wait at all.
        #expect(try loop.wait(until: begun).isEmpty)
    }

    @Test("Another thread's signal wakes it, as often as it is sent and never again")
    func wakeup() throws {
        let wakeup = try Wakeup()
        var loop = try EventLoop()
        try loop.add(wakeup.rawDescriptor, token: 7)
        let thread = try ServiceThread(name: "test") {
            usleep(20_000)
            wakeup.signal()
            wakeup.signal()
        }
        let events = try loop.wait(until: .now + .seconds(10))
        #expect(events.map(\.token) == [7] && events.map(\.isWritable) == [false])
        thread.join()
        wakeup.acknowledge()
        #expect(try loop.wait(until: .now).isEmpty)
        wakeup.signal()
        #expect(try loop.wait(until: .now + .seconds(10)).count == 1)
    }

    @Test("Each descriptor is told by its token, writable ones as writable, removed ones not at all")
    func tokens() throws {
        let (first, second) = (try Wakeup(), try Wakeup())
        var loop = try EventLoop()
        try loop.add(first.rawDescriptor, token: UInt64.max)
        try loop.add(second.rawDescriptor, token: 2, forWriting: true)
        first.signal()
        let count = try loop.waitForCount(until: .now + .seconds(10))
        let events = (0..<count).map { loop[$0] }.sorted { $0.token < $1.token }
        #expect(events.map(\.token) == [2, UInt64.max])
        #expect(events.map(\.isWritable) == [true, false])
        loop.remove(first.rawDescriptor)
        #expect(try loop.wait(until: .now).map(\.token) == [2])
    }

    @Test("A descriptor that is not one is an error with its errno")
    func badDescriptor() throws {
        let loop = try EventLoop()
        #expect(throws: SystemError("epoll_ctl add", code: EBADF)) { try loop.add(-1, token: 0) }
    }
}
