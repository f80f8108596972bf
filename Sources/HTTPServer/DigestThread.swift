import Logging
import Synchronization
import SystemIO

/// The thread that computes digests whenever nobody else wants the processor.
final class DigestThread: Sendable {
    private let wakeup: Wakeup
    /// Until `start`.
    private let loop: Mutex<EventLoop?>
    private let thread = Mutex<ServiceThread?>(nil)

    init() throws(SystemError) {
        wakeup = try Wakeup()
        let loop = try EventLoop()
        try loop.add(wakeup.rawDescriptor, token: 0)
        self.loop = Mutex(loop)
    }

    /// There is something to do. Safe from any thread.
    func wake() { wakeup.signal() }

    /// To be called once.
    func start(_ digests: FileDigests, logger: Logger) throws(SystemError) {
        let started = try ServiceThread(name: "digest") { [self] in
            guard var loop = loop.withLock({ $0.take() }) else { return }
            ServiceThread.giveWay()
            while !digests.isStopping {
                wakeup.acknowledge()
                while digests.performNext() {}
                do throws(SystemError) {
                    _ = try loop.wait(until: nil)
                } catch {
                    // Without it everything else is served all the same.
                    logger.critical("digests stopped", metadata: ["reason": "\(error)"])
                    return
                }
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for its end, which `FileDigests.stop` brings about.
    func join() { thread.withLock { $0.take() }?.join() }
}
