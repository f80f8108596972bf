import SystemIO
import Wire

/// An open connection, with what came in and was not asked for yet.
final class HTTPConnection {
    let host: String
    let port: UInt16
    let socket: ClientSocket
    var pending: [UInt8] = []
    var isReusable = false

    /// Connects to the first address of the host that takes it.
    init(
        to url: HTTPURL, resolver: NameResolver, within limit: Duration, deadline: ContinuousClock.Instant?
    ) throws(HTTPError) {
        let addresses: [IPAddress]
        do throws(NameError) {
            addresses = try resolver.addresses(of: url.host, by: deadline)
        } catch { throw .name(error) }
        let end = ContinuousClock.now + limit
        socket = try Self.connect(to: addresses, port: url.port, by: deadline.map { min($0, end) } ?? end)
        host = url.host
        port = url.port
    }

    private static func connect(
        to addresses: [IPAddress], port: UInt16, by limit: ContinuousClock.Instant
    ) throws(HTTPError) -> ClientSocket {
        var failure = HTTPError.name(.noAddress(""))
        for (index, address) in addresses.enumerated() {
            // Each gets its share of the time that is left, so that a dead first one does not use it up.
            let now = ContinuousClock.now
            let share = now + now.duration(to: limit) / (addresses.count - index)
            do throws(SystemError) {
                return try ClientSocket(.stream, to: address, port: port, by: share)
            } catch { failure = .connect(error) }
        }
        throw failure
    }

    func takePending(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, pending.count)
        unsafe buffer.copyBytes(from: pending[..<count])
        pending.removeFirst(count)
        return count
    }
}
