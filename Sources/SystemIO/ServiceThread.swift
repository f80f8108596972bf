import CLinux
import Glibc

/// A thread of a driver, which owns the driver's state for as long as it runs.
public final class ServiceThread: Sendable {
    private let handle: pthread_t

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// - Parameter name: at most 15 characters, as `ps -L` and debuggers show it.
    public init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
        var handle = pthread_t()
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        let code = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                unsafe netbootd_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("start the thread \(name)", code: code)
        }
        self.handle = handle
    }

    /// Waits for its end. To be called once.
    public func join() { pthread_join(handle, nil) }

    /// Lets every other thread go before the calling one, where a sandbox does not forbid even that.
    public static func giveWay() { setpriority(CInt(PRIO_PROCESS.rawValue), 0, 19) }
}
