import Crypto
import Synchronization
import SystemIO

/// Computes SHA-256 in a thread of its own, while the next bytes are received into the other buffers.
final class DigestPipe {
    // Smaller ones cost more switches between the threads than the cache gains.
    static let bufferBytes = 1 << 20
    private static let bufferCount = 4
    private let shared: Shared
    private let thread: ServiceThread
    private var nextBuffer = 0

    /// `@safe`: a buffer is one thread's at a time, as the semaphores say.
    @safe
    private final class Shared: Sendable {
        enum Order {
            case add(buffer: Int, count: Int)
            case restart
            case digest
            case stop
        }

        nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bufferBytes * bufferCount, alignment: 4096)
        let free = Semaphore(UInt32(bufferCount))
        let waiting = Semaphore(0)
        let done = Semaphore(0)
        let orders = Mutex<[Order]>([])
        let digest = Mutex<[UInt8]>([])

        deinit { unsafe memory.deallocate() }

        func buffer(_ index: Int) -> UnsafeMutableRawBufferPointer {
            unsafe UnsafeMutableRawBufferPointer(
                rebasing: memory[index * bufferBytes..<(index + 1) * bufferBytes])
        }

        func give(_ order: Order) {
            orders.withLock { $0.append(order) }
            waiting.signal()
        }

        func run() {
            var hash = SHA256()
            while true {
                waiting.wait()
                switch orders.withLock({ $0.removeFirst() }) {
                case .add(let index, let count):
                    unsafe hash.update(
                        bufferPointer: UnsafeRawBufferPointer(rebasing: buffer(index).prefix(count)))
                    free.signal()
                case .restart: hash = SHA256()
                case .digest:
                    let result = Array(hash.finalize())
                    digest.withLock { $0 = result }
                    done.signal()
                case .stop: return
                }
            }
        }
    }

    init() throws(SystemError) {
        let shared = Shared()
        self.shared = shared
        thread = try ServiceThread(name: "sha256") { shared.run() }
    }

    deinit {
        shared.give(.stop)
        thread.join()
    }

    /// Waits for a buffer that may be filled; the caller's until `add`.
    func takeBuffer() -> UnsafeMutableRawBufferPointer {
        shared.free.wait()
        return unsafe shared.buffer(nextBuffer)
    }

    /// Hands over the buffer taken last, with `count` bytes in it.
    func add(_ count: Int) {
        shared.give(.add(buffer: nextBuffer, count: count))
        nextBuffer = (nextBuffer + 1) % Self.bufferCount
    }

    func restart() { shared.give(.restart) }

    /// Waits for the digest of all that was added since the start: 32 bytes.
    func finish() -> [UInt8] {
        shared.give(.digest)
        shared.done.wait()
        shared.give(.restart)
        return shared.digest.withLock { $0 }
    }
}
