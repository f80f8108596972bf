import BootCore
import Glibc
import Logging
import Synchronization
import SystemIO
import TestSupport
import Testing
import Wire

@testable import DHCPServer

@Suite(
    "The service, on a network of its own",
    .enabled(if: TestNetwork.isPossible, "needs root, for a network namespace"))
struct ServiceTests {
    static let mac = TestNetwork.clientMAC

    static func service(
        on network: TestNetwork, in folder: String, directory: MachineDirectory = MachineDirectory(),
        journal: BootJournal = BootJournal()
    ) throws -> DHCPService {
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .trace
        return try DHCPService(
            interface: network.server, settings: try Dialogue.settings(), stateFolder: folder,
            directory: directory, journal: journal, logger: logger)
    }

    private static func request(_ address: IPv4Address, _ options: [DHCPOptionCode: [UInt8]] = [:])
        -> ClientMessage
    {
        ClientMessage(
            .request, from: mac,
            options.merging([
                .requestedAddress: address.bytes, .serverIdentifier: Dialogue.server.bytes,
            ]) { $1 })
    }

    @Test("A client without an address is answered by a frame to its card, and its lease is on disk by then")
    func lease() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (offer, acknowledgment, leases, machine, counts) = try TestNetwork.run { network in
            let directory = MachineDirectory()
            let service = try Self.service(on: network, in: path, directory: directory)
            try service.start()
            defer { service.stop() }
            let client = try TestClient()
            let offer = try client.ask(ClientMessage(.discover, from: Self.mac, ClientOptions.uefi))
            let acknowledgment = try client.ask(Self.request(offer.message.yourAddress, ClientOptions.uefi))
            let leases = try LeaseStore.open(folder: path, at: .now).leases
            return (
                offer, acknowledgment, leases, directory.machine(at: offer.message.yourAddress),
                service.counts
            )
        }
        let address = IPv4Address(10, 0, 0, 100)
        for heard in [offer, acknowledgment] {
            #expect(heard.destinationMAC == Self.mac)
            #expect(heard.source == IPv4Endpoint(address: Dialogue.server, port: 67))
            #expect(heard.destination == IPv4Endpoint(address: address, port: 68))
            #expect(heard.message.yourAddress == address && heard.message.bootFile == "snponly.efi")
        }
        #expect(acknowledgment.message.messageType == .acknowledgment)
        #expect(leases.map(\.address) == [address] && leases.first?.state == .leased)
        #expect(machine?.mac == Self.mac && machine?.platform == .uefiX64)
        #expect(counts.offers == 1 && counts.acknowledgments == 1 && counts.ignored == 0)
    }

    @Test("A client with the broadcast flag is answered by broadcast, and one at port 4011 from there")
    func otherRoutes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (broadcast, bootService) = try TestNetwork.run { network in
            let service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let client = try TestClient()
            let broadcast = try client.ask(
                ClientMessage(.discover, from: Self.mac).with { $0.flags = 0x8000 })
            try client.say(ClientMessage(.request, from: Self.mac, ClientOptions.uefi), port: 4011)
            return (broadcast, client.hear())
        }
        #expect(broadcast.destinationMAC == .broadcast)
        #expect(broadcast.source == IPv4Endpoint(address: Dialogue.server, port: 67))
        #expect(broadcast.destination == IPv4Endpoint(address: .broadcast, port: 68))
        let message = try #require(bootService?.message)
        #expect(message.messageType == .acknowledgment)
        #expect(message.yourAddress == .any && message.bootFile == "snponly.efi")
    }

    @Test("Leases outlive the service, and new settings take effect without a restart")
    func restartAndReload() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (first, second, renamed) = try TestNetwork.run { network in
            let client = try TestClient()
            var service = try Self.service(on: network, in: path)
            try service.start()
            let wish: [DHCPOptionCode: [UInt8]] = [.requestedAddress: [10, 0, 0, 150]]
            let offered = try client.ask(ClientMessage(.discover, from: Self.mac, wish)).message.yourAddress
            let first = try client.ask(Self.request(offered)).message
            service.stop()
            service.stop()

            service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let second = try client.ask(.reboot(with: offered, from: Self.mac)).message
            var settings = try Dialogue.settings()
            settings.subnets[0].domain = "other.example"
            service.apply(settings)
            var renamed: DHCPMessage?
            for _ in 0..<50 where renamed?[.domainName].map(Array.init) != [UInt8](text: "other.example") {
                renamed = try client.ask(.reboot(with: offered, from: Self.mac)).message
            }
            return (first, second, renamed)
        }
        #expect(first.yourAddress == IPv4Address(10, 0, 0, 150))
        #expect(second.messageType == .acknowledgment && second.yourAddress == first.yourAddress)
        #expect(renamed?[.domainName].map(Array.init) == [UInt8](text: "other.example"))
        #expect(renamed?.yourAddress == first.yourAddress)
    }

    @Test("A lease that cannot be written is not acknowledged, until it can be")
    func writeFailure() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (refused, counts, granted) = try TestNetwork.run { network in
            let service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let database = try SQLiteDatabase(path: "\(path)/\(LeaseStore.fileName)")
            try database.execute(
                "CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            let client = try TestClient()
            let offered = try client.ask(ClientMessage(.discover, from: Self.mac)).message.yourAddress
            try client.say(Self.request(offered))
            let refused = client.hear(milliseconds: 300)
            let counts = service.counts
            try database.execute("DROP TRIGGER full")
            return (refused, counts, try client.ask(Self.request(offered)).message)
        }
        #expect(refused == nil && counts.unwritten == 1 && counts.acknowledgments == 0)
        #expect(granted.messageType == .acknowledgment)
    }

    @Test("A move to another address that could not be written is written whole by the client's next try")
    func writeFailureOfMove() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (first, second) = (IPv4Address(10, 0, 0, 150), IPv4Address(10, 0, 0, 160))
        let leases = try TestNetwork.run { network in
            let service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let client = try TestClient()
            _ = try client.ask(Self.request(first))
            let database = try SQLiteDatabase(path: "\(path)/\(LeaseStore.fileName)")
            try database.execute(
                "CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            try client.say(Self.request(second))
            #expect(client.hear(milliseconds: 300) == nil)
            try database.execute("DROP TRIGGER full")
            _ = try client.ask(Self.request(second))
            return try LeaseStore.open(folder: path, at: .now).leases
        }
        let states = Dictionary(uniqueKeysWithValues: leases.map { ($0.address, $0.state) })
        #expect(states == [first: .released, second: .leased])
    }

    @Test(
        "An interface that is removed or made anew ends the service with a failure, and a link that is down does not",
        arguments: [
            ("ip link del srv0", "interface srv0 went away"),
            (
                "ip link del srv0; ip link add srv0 type veth peer name cli0; ip addr add 10.0.0.1/24 dev srv0",
                "interface srv0 was made anew"
            ),
            ("ip link set srv0 down", nil),
        ] as [(String, String?)])
    func interfaceGone(change: String, failure: String?) throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let reported = try TestNetwork.run { network in
            let reports = FailureReports()
            let service = try Self.service(on: network, in: path)
            try service.start(onFailure: { reports.add($0) })
            defer { service.stop() }
            try TestNetwork.shell("PATH=$PATH:/usr/sbin:/sbin; set -e; \(change)")
            for _ in 0..<45 where reports.all.isEmpty { usleep(100_000) }
            return reports.all
        }
        #expect(reported.map(\.operation) == (failure.map { [$0] } ?? []))
    }

    private final class FailureReports: Sendable {
        private let errors = Mutex<[SystemError]>([])

        var all: [SystemError] { errors.withLock { $0 } }

        func add(_ error: SystemError) { errors.withLock { $0.append(error) } }
    }

    @Test("A second server on the host is told that the port is taken")
    func portInUse() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let isInUse = try TestNetwork.run { network in
            let first = try Self.service(on: network, in: path)
            defer { first.stop() }
            do throws(SystemError) {
                _ = try DHCPService(
                    interface: network.server,
                    settings: DHCPSettings(
                        subnets: [], policy: BootPolicy(),
                        location: ServerLocation(address: Dialogue.server, httpPort: 80)),
                    stateFolder: path, directory: MachineDirectory(), logger: Logger(label: "test"))
                return false
            } catch {
                return error.isAddressInUse
            }
        }
        #expect(isInUse)
    }

    @Test("Garbage and floods end in counts, and the next client is served")
    func garbage() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let (counts, offer) = try TestNetwork.run { network in
            let service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let client = try TestClient()
            var generator = SeededGenerator(seed: 4011)
            for round in 0..<300 {
                let count = Int.random(in: 0...1400, using: &generator)
                try client.say((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
                if round % 3 == 0 { try client.say(ClientMessage(nil, from: .test(round))) }
            }
            // The client hears itself, too, and must make room for the answer.
            _ = client.hear(milliseconds: 200)
            return (service.counts, try client.ask(ClientMessage(.discover, from: Self.mac)).message)
        }
        #expect(counts.malformed == 300 && counts.ignored == 100)
        #expect(offer.messageType == .offer)
    }

    @Test("A router solicitation is answered: no router, no prefix (iPXE)")
    func routerSolicitation() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let advertisement = try TestNetwork.run { network in
            let service = try Self.service(on: network, in: path)
            try service.start()
            defer { service.stop() }
            let client = try TestClient()
            if let interface = try NetworkInterface.named("cli0") { try Self.solicit(from: interface) }
            return client.frame(milliseconds: 3000) { frame in
                frame.count >= 70 && frame[12] == 0x86 && frame[13] == 0xdd && frame[54] == 134 ? frame : nil
            }
        }
        let frame = try #require(advertisement)
        #expect(Array(frame[0..<6]) == [0x33, 0x33, 0, 0, 0, 1])
        #expect(frame[21] == 255, "hop limit")
        #expect(frame[22] == 0xfe && frame[23] == 0x80, "from a link-local address")
        #expect(frame[55] == 0 && frame[58..<70].allSatisfy { $0 == 0 } && frame.count == 70)
    }

    /// Sends what a starting iPXE sends.
    private static func solicit(from interface: NetworkInterface) throws {
        let fd = OwnedDescriptor(socket(AF_INET6, CInt(SOCK_RAW.rawValue), 58))
        var (hops, index): (CInt, CInt) = (255, CInt(interface.index))
        let level = CInt(IPPROTO_IPV6)
        unsafe setsockopt(fd.rawValue, level, IPV6_MULTICAST_HOPS, &hops, 4)
        unsafe setsockopt(fd.rawValue, level, IPV6_MULTICAST_IF, &index, 4)
        var routers = sockaddr_in6()
        routers.sin6_family = sa_family_t(AF_INET6)
        routers.sin6_scope_id = interface.index
        unsafe inet_pton(AF_INET6, "ff02::2", &routers.sin6_addr)
        let message: [UInt8] = [133, 0, 0, 0, 0, 0, 0, 0]
        let sent = unsafe withUnsafeBytes(of: &routers) { address in
            unsafe sendto(
                fd.rawValue, message, message.count, 0,
                address.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(address.count))
        }
        guard sent == message.count else { throw TestNetwork.SetupError(step: "solicit", code: errno) }
    }
}
