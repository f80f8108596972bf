public import SystemIO
public import Wire

/// What a DHCP server is told of this host when it is asked for the boot server.
public struct DiscoveryIdentity: Equatable, Sendable {
    /// The one that firmware would show.
    public var mac: MACAddress
    public var uuid: SystemUUID?
    /// Option 93 (RFC 4578): 0 for BIOS, 7 for UEFI on x86-64, 11 for UEFI on arm64.
    public var architecture: UInt16

    public init(mac: MACAddress, uuid: SystemUUID? = nil, architecture: UInt16) {
        self.mac = mac
        self.uuid = uuid
        self.architecture = architecture
    }
}

/// A boot server that DHCP told of.
public struct DiscoveredServer: Equatable, Sendable {
    /// Its base: `http://10.0.0.1/`.
    public var url: HTTPURL
    /// A boot file's URL named it; else only its address was told, and its HTTP port is a guess.
    public var isStated: Bool
    /// Who told.
    public var dhcpServer: IPv4Address
}

/// Asks the network for the boot server, by DHCPINFORM: the host keeps the address that it has.
///
/// It speaks in raw frames, because the host's own DHCP client often holds port 68, and asks at port 4011, too,
/// where a ProxyDHCP server beside another one answers.
public enum ServerDiscovery {
    /// When the question is sent, from the start.
    private static let sendTimes: [Duration] = [.zero, .seconds(1), .seconds(3)]
    private static let limit = Duration.seconds(5)
    /// For a better answer after a first one.
    private static let patience = Duration.milliseconds(700)

    /// The server that is told of best, within five seconds.
    ///
    /// - Parameters:
    ///   - interface: the uplink, which has `address`.
    ///   - identity: its MAC may be another than the interface's own (a bond's port).
    /// - Throws: also when nobody answers.
    public static func find(
        on interface: NetworkInterface, address: IPv4Address, identity: DiscoveryIdentity
    ) throws(DiscoveryError) -> DiscoveredServer {
        guard let sourceMAC = interface.mac else { throw .notEthernet(interface.name) }
        do throws(SystemError) {
            let socket = try FrameSocket(interfaceIndex: interface.index, hearing: 68)
            let inform = DHCPInform(
                transactionID: .random(in: 1...UInt32.max), address: address, identity: identity)
            let frames = [67, 4011].map { port in
                UDPFrame(
                    sourceMAC: sourceMAC, destinationMAC: .broadcast,
                    source: IPv4Endpoint(address: address, port: 68),
                    destination: IPv4Endpoint(address: .broadcast, port: port), payload: inform.encoded()
                ).encoded()
            }
            if let found = try ask(inform, frames, over: socket) { return found }
        } catch { throw error.isPermission ? .notPermitted(error) : .network(error) }
        throw .silence(interface.name)
    }

    private static func ask(
        _ inform: DHCPInform, _ frames: [[UInt8]], over socket: borrowing FrameSocket
    ) throws(SystemError) -> DiscoveredServer? {
        let start = ContinuousClock.now
        var end = start + limit
        var best: DiscoveredServer?
        var sent = 0
        while ContinuousClock.now < end {
            if sent < sendTimes.count, ContinuousClock.now >= start + sendTimes[sent] {
                for frame in frames { try socket.send(frame) }
                sent += 1
            }
            let next = sent < sendTimes.count ? min(end, start + sendTimes[sent]) : end
            let frame: [UInt8]
            do throws(SystemError) {
                frame = try socket.receive(by: next)
            } catch {
                guard error.isTimeout else { throw error }
                continue
            }
            guard let (source, payload) = udpPayload(ofFrame: frame, toPort: 68),
                let answer = DHCPBootAnswer(payload, to: inform), let (url, isStated) = answer.server
            else { continue }
            let found = DiscoveredServer(
                url: url, isStated: isStated, dhcpServer: answer.dhcpServer ?? source)
            if isStated { return found }
            if best == nil { end = min(end, .now + patience) }
            best = best ?? found
        }
        return best
    }
}

/// Why DHCP told of no boot server.
public enum DiscoveryError: Error, Equatable, Sendable {
    case notEthernet(String)
    case notPermitted(SystemError)
    case network(SystemError)
    case silence(String)
}

extension DiscoveryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notEthernet(let name):
            "\(name) is no Ethernet, so DHCP cannot be asked for the boot server there; name it with --server URL"
        case .notPermitted(let error): "DHCP cannot be asked for the boot server: \(error); run as root"
        case .network(let error):
            "DHCP cannot be asked for the boot server: \(error); name it with --server URL"
        case .silence(let name):
            "no DHCP server on \(name) tells of a boot server; name it with --server URL, or in "
                + "/etc/netbootd/join.yaml"
        }
    }
}
