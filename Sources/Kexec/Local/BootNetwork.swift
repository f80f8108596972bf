import CLinux
import Glibc
public import SystemIO
import Wire

/// Brings the network of a system up that has nothing else to do it.
public struct BootNetwork {
    private let host: HostFiles
    private let say: (String) -> Void

    /// - Parameter say: is told each step, in a line.
    public init(host: HostFiles = .live, say: @escaping (String) -> Void) {
        self.host = host
        self.say = say
    }

    /// What has come of it.
    public enum State: Equatable, Sendable {
        case none
        /// There was an address before: by the kernel's own `ip=`, or from an earlier attempt.
        case configuredBefore
        case leased(ClientLease)
    }

    /// Ups every port, and takes the first lease that any of them gets.
    public func configure() throws(SystemError) -> State {
        let control = OwnedDescriptor(socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0))
        guard control.rawValue >= 0 else { throw SystemError("open a socket", code: errno) }
        _ = unsafe netbootd_interface_up(control.rawValue, "lo")
        let ports = ports()
        for port in ports where unsafe netbootd_interface_up(control.rawValue, port) != 0 {
            say("\(port): \(SystemError("bring it up", code: errno))")
        }
        let interfaces = try NetworkInterface.all().filter { ports.contains($0.name) }
        if let known = interfaces.first(where: { !$0.addresses.isEmpty }) {
            say("\(known.name): has the address \(known.addresses[0].address) already")
            useNameServersOfKernel()
            return .configuredBefore
        }
        if interfaces.isEmpty {
            say("there is no network port with a driver; add its module to the folder of modules")
            return .none
        }
        guard let (name, lease) = try LeaseRace(interfaces: interfaces, say: say).run() else {
            say("no DHCP server has answered on \(interfaces.map(\.name).joined(separator: ", "))")
            return .none
        }
        try use(lease, on: name, control.rawValue)
        return .leased(lease)
    }

    /// What has hardware beneath it and speaks Ethernet.
    private func ports() -> [String] {
        host.names(inFolder: "/sys/class/net").filter { name in
            host.text("/sys/class/net/\(name)/type") == "1" && host.exists("/sys/class/net/\(name)/device")
        }
    }

    private func use(_ lease: ClientLease, on name: String, _ control: CInt) throws(SystemError) {
        let mask: UInt32 = lease.prefixLength == 0 ? 0 : ~0 << UInt32(32 - lease.prefixLength)
        guard unsafe netbootd_interface_address(control, name, lease.address.rawValue, mask) == 0 else {
            throw SystemError("give \(name) the address \(lease.address)", code: errno)
        }
        if let router = lease.router,
            unsafe netbootd_default_route(control, name, router.rawValue) != 0, errno != EEXIST
        {
            say("\(name): \(SystemError("set the route by \(router)", code: errno))")
        }
        var text = lease.domain.map { "search \($0)\n" } ?? ""
        for server in lease.nameServers { text += "nameserver \(server)\n" }
        writeResolverFile(text)
        if let hostname = lease.hostname { unsafe sethostname(hostname, hostname.utf8.count) }
        say("\(name): has the address \(lease.address)/\(lease.prefixLength) from \(lease.server)")
    }

    /// What `ip=` has brought is told in the form of resolv.conf.
    private func useNameServersOfKernel() {
        guard let text = host.text("/proc/net/pnp"), text.contains("nameserver") else { return }
        writeResolverFile(text + "\n")
    }

    private func writeResolverFile(_ text: String) {
        do throws(SystemError) {
            try host.write(Array(text.utf8), to: "/etc/resolv.conf", mode: 0o644)
        } catch {
            say("\(error)")
        }
    }
}

/// DHCP on several ports at once.
private struct LeaseRace {
    let interfaces: [NetworkInterface]
    let say: (String) -> Void

    private struct Runner {
        var name: String
        var client: DHCPClient
        var socket: UDPSocket
        var isRunning = true
    }

    func run() throws(SystemError) -> (String, ClientLease)? {
        var loop = try EventLoop()
        var runners: [Runner] = []
        for interface in interfaces {
            guard let mac = interface.mac else { continue }
            let socket = try UDPSocket(port: 68, device: interface.name, reportsLocalAddress: false)
            try socket.allowBroadcast()
            try loop.add(socket.rawDescriptor, token: UInt64(runners.count))
            let client = DHCPClient(
                mac: mac, transactionID: UInt32.random(in: 1 ... .max), at: .now)
            runners.append(Runner(name: interface.name, client: client, socket: socket))
        }
        var receiver = DatagramReceiver(bufferBytes: 2048)
        while let deadline = runners.filter(\.isRunning).map(\.client.deadline).min() {
            let now = ContinuousClock.now
            for index in runners.indices where runners[index].isRunning {
                let action = runners[index].client.timePassed(to: now)
                if let lease = carryOut(action, by: &runners[index]) { return (runners[index].name, lease) }
            }
            for event in try loop.wait(until: max(deadline, now + .milliseconds(10))) {
                let index = Int(event.token)
                var datagrams: [[UInt8]] = []
                _ = try receiver.receive(from: runners[index].socket) { datagrams.append($1.toArray()) }
                for bytes in datagrams where runners[index].isRunning {
                    let action = runners[index].client.received(bytes, at: .now)
                    if let lease = carryOut(action, by: &runners[index]) {
                        return (runners[index].name, lease)
                    }
                }
            }
        }
        return nil
    }

    private func carryOut(_ action: DHCPClient.Action, by runner: inout Runner) -> ClientLease? {
        switch action {
        case .wait: return nil
        case .use(let lease): return lease
        case .abandon: runner.isRunning = false
        case .send(let bytes):
            do throws(SystemError) {
                try runner.socket.send(bytes.span, to: IPv4Endpoint(address: .broadcast, port: 67))
            } catch {
                // A port without a cable says ENETDOWN until there is one.
                say("\(runner.name): \(error)")
            }
        }
        return nil
    }
}
