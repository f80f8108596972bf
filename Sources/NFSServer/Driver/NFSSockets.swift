import SystemIO
import Wire

/// The ports of the server, opened while privileges last.
struct NFSSockets: Sendable {
    struct Listener: Sendable {
        var socket: StreamListener
        var door: NFSEngine.Door
    }

    struct Datagrams: Sendable {
        var socket: DatagramSocket
        var door: NFSEngine.Door
    }

    private(set) var listeners: [Listener] = []
    private(set) var datagrams: [Datagrams] = []
    /// Why port 111 is not ours; nil when it is.
    private(set) var portmapperFailure: SystemError?
    /// Why IPv6 is not served; nil when it is, or was not asked for.
    private(set) var ipv6Failure: SystemError?
    private(set) var hasIPv6 = false

    init(_ settings: NFSSettings) throws(SystemError) {
        try open(.v4(settings.address), settings.port, .nfs, device: nil)
        do throws(SystemError) {
            try open(.v4(settings.address), settings.portmapperPort, .portmapper, device: nil)
        } catch {
            portmapperFailure = error
        }
        guard let device = settings.interface, let any = IPv6Address("::") else { return }
        do throws(SystemError) {
            try open(.v6(any), port, .nfs, device: device)
            hasIPv6 = true
            if portmapperFailure == nil {
                try open(.v6(any), settings.portmapperPort, .portmapper, device: device)
            }
        } catch {
            ipv6Failure = error
        }
    }

    /// Of NFS; the kernel's choice where the settings say 0.
    var port: UInt16 { listeners[0].socket.port }
    var portmapperPort: UInt16? { listeners.first { $0.door == .portmapper }?.socket.port }

    private mutating func open(
        _ address: IPAddress, _ port: UInt16, _ door: NFSEngine.Door, device: String?
    ) throws(SystemError) {
        let listener = try StreamListener(address: address, port: port, device: device)
        let socket = try DatagramSocket(address: address, port: listener.port, device: device)
        listeners.append(Listener(socket: listener, door: door))
        datagrams.append(Datagrams(socket: socket, door: door))
    }
}
