import Glibc

/// Counts what one thread has for another, and lets it wait for that.
///
/// `@safe`: the pointer is never handed out, and lives as long as this does.
@safe
public final class Semaphore: Sendable {
    // The kernel's and libc's own; they are made to be shared between threads.
    nonisolated(unsafe) private let handle: UnsafeMutablePointer<sem_t>

    public init(_ count: UInt32) {
        unsafe handle = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        // It fails only for counts past SEM_VALUE_MAX.
        unsafe sem_init(handle, 0, count)
    }

    deinit {
        unsafe sem_destroy(handle)
        unsafe handle.deallocate()
    }

    public func signal() { unsafe sem_post(handle) }

    public func wait() {
        // It fails only when a signal interrupts it.
        while unsafe sem_wait(handle) != 0 {}
    }
}
