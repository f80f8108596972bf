import Logging
import PacketIO
import SystemIO
import Wire

/// What the DHCP server hears and speaks through.
struct DHCPPorts: ~Copyable {
    /// Port 67.
    let server: UDPSocket
    /// Port 4011.
    let bootService: UDPSocket
    /// Nil when frames cannot be sent: then replies to clients without an address are broadcast.
    let packets: PacketPort?
    /// Nil on hosts without IPv6.
    let router: RouterSocket?

    static let receiveBufferBytes: Int32 = 4 << 20

    init(interface: NetworkInterface, logger: Logger) throws(SystemError) {
        let server = try Self.socket(port: DHCPArrival.serverPort, on: interface)
        let bootService = try Self.socket(port: DHCPArrival.bootServicePort, on: interface)
        self.server = server
        self.bootService = bootService
        packets = Self.packetPort(on: interface, logger: logger)
        router = Self.routerSocket(on: interface, logger: logger)
    }

    private static func packetPort(on interface: NetworkInterface, logger: Logger) -> PacketPort? {
        do throws(PacketPortError) {
            return try PacketPort(interface: interface.name)
        } catch {
            logger.warning(
                "dhcp answers by broadcast",
                metadata: ["iface": "\(interface.name)", "reason": "\(error)"])
            return nil
        }
    }

    private static func routerSocket(on interface: NetworkInterface, logger: Logger) -> RouterSocket? {
        do throws(SystemError) {
            return try RouterSocket(interface: interface)
        } catch {
            logger.debug(
                "router solicitations are not answered",
                metadata: ["iface": "\(interface.name)", "reason": "\(error)"])
            return nil
        }
    }

    private static func socket(port: UInt16, on interface: NetworkInterface) throws(SystemError) -> UDPSocket
    {
        let socket = try UDPSocket(
            port: port, device: interface.name, receiveBufferBytes: receiveBufferBytes)
        try socket.allowBroadcast()
        return socket
    }
}
