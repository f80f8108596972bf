import Glibc
import PacketIO
import Synchronization
import SystemIO
import Testing
import Wire

@testable import DHCPServer

/// A network of its own for one test: `srv0` with 10.0.0.1/24 and, at the other end of the cable, `cli0`.
///
/// Everything happens on one thread, which is alone in a network namespace; the namespace goes with it.
struct TestNetwork {
    /// Root can make namespaces.
    static var isPossible: Bool { geteuid() == 0 }

    static let clientMAC = MACAddress(rawValue: 0x5254_00c1_0001)

    let server: NetworkInterface

    /// Runs `body` in a new network, and hands on what it answers or throws.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (TestNetwork) throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Value>()
        let thread = try ServiceThread(name: "test-network") {
            outcome.put(Result { try body(TestNetwork()) })
        }
        thread.join()
        return try outcome.take()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)

        func put(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }

        func take() throws -> Value {
            guard let result = result.withLock({ $0 }) else { throw SetupError(step: "run", code: 0) }
            return try result.get()
        }
    }

    struct SetupError: Error {
        var step: String
        var code: Int32
    }

    private init() throws {
        // Glibc's module hides what is Linux's own.
        typealias Unshare = @convention(c) (CInt) -> CInt
        guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), "unshare") else {
            throw SetupError(step: "unshare", code: 0)
        }
        let newNetwork: CInt = 0x4000_0000
        guard unsafe unsafeBitCast(symbol, to: Unshare.self)(newNetwork) == 0 else {
            throw SetupError(step: "unshare", code: errno)
        }
        try Self.shell(
            """
            PATH=$PATH:/usr/sbin:/sbin; set -e
            ip link set lo up
            ip link add srv0 type veth peer name cli0
            ip link set cli0 address \(Self.clientMAC)
            ip addr add 10.0.0.1/24 brd + dev srv0
            ip link set srv0 up; ip link set cli0 up
            ip addr add fe80::5/64 dev srv0 nodad; ip addr add fe80::6/64 dev cli0 nodad
            """)
        guard let server = try NetworkInterface.named("srv0") else { throw SetupError(step: "srv0", code: 0) }
        self.server = server
    }

    static func shell(_ script: String) throws {
        let arguments = ["/bin/sh", "-c", script]
        var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe 0..<pointers.count { unsafe free(pointers[index]) } }
        var child = pid_t()
        let code = unsafe posix_spawn(&child, "/bin/sh", nil, nil, &pointers, environ)
        guard code == 0 else { throw SetupError(step: "posix_spawn", code: code) }
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        guard status == 0 else { throw SetupError(step: script, code: status) }
    }
}

/// The machine at `cli0`: it speaks and hears in frames, for it has no address.
struct TestClient: ~Copyable {
    private let mouth: PacketPort
    private let ear: OwnedDescriptor

    /// A UDP datagram as it came over the cable.
    struct Heard: Sendable {
        var destinationMAC: MACAddress?
        var source: IPv4Endpoint
        var destination: IPv4Endpoint
        var message: DHCPMessage
    }

    init() throws {
        let ear = try Self.packetSocket()
        mouth = try PacketPort(interface: "cli0")
        self.ear = ear
    }

    private static func packetSocket() throws -> OwnedDescriptor {
        let (packetFamily, allProtocols): (CInt, CInt) = (17, 0x0300)
        let fd = socket(packetFamily, CInt(SOCK_RAW.rawValue), allProtocols)
        let descriptor = OwnedDescriptor(fd)
        // A sockaddr_ll, which Glibc's module hides, too.
        var address = [UInt8](repeating: 0, count: 20)
        let index = try NetworkInterface.named("cli0")?.index ?? 0
        address[0] = UInt8(packetFamily)
        address[3] = 3
        address[4] = UInt8(truncatingIfNeeded: index)
        address[5] = UInt8(truncatingIfNeeded: index >> 8)
        let bound = unsafe address.withUnsafeBytes { bytes in
            unsafe bind(fd, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard bound == 0 else { throw TestNetwork.SetupError(step: "packet socket", code: errno) }
        return descriptor
    }

    func say(_ message: ClientMessage, port: UInt16 = DHCPArrival.serverPort) throws {
        try say(message.bytes, port: port)
    }

    func say(_ bytes: [UInt8], port: UInt16 = DHCPArrival.serverPort) throws {
        let frame = UDPFrame(
            sourceMAC: TestNetwork.clientMAC, destinationMAC: .broadcast,
            source: IPv4Endpoint(address: .any, port: DHCPArrival.clientPort),
            destination: IPv4Endpoint(address: .broadcast, port: port), payload: bytes)
        try mouth.send(frame.encoded())
    }

    /// The first DHCP reply that comes within a second or two.
    func hear(milliseconds: CInt = 2000) -> Heard? {
        frame(milliseconds: milliseconds) { frame in Self.datagram(frame) }
    }

    /// Says `message` and waits for the answer to it.
    func ask(_ message: ClientMessage) throws -> Heard {
        try say(message)
        guard let heard = hear() else { throw TestNetwork.SetupError(step: "wait for an answer", code: 0) }
        return heard
    }

    /// The first frame from the server that `select` makes something of.
    func frame<Value>(milliseconds: CInt, _ select: ([UInt8]) -> Value?) -> Value? {
        let deadline = ContinuousClock.now + .milliseconds(Int(milliseconds))
        var buffer = [UInt8](repeating: 0, count: 2048)
        while ContinuousClock.now < deadline {
            var wait = pollfd(fd: ear.rawValue, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, 20) > 0 else { continue }
            let count = unsafe recv(ear.rawValue, &buffer, buffer.count, 0)
            if count > 0, let value = select(Array(buffer.prefix(count))) { return value }
        }
        return nil
    }

    private static func datagram(_ frame: [UInt8]) -> Heard? {
        guard frame.count > 42, frame[12] == 8, frame[13] == 0, frame[14] == 0x45, frame[23] == 17,
            let source = IPv4Address(bytes: frame[26..<30]),
            let destination = IPv4Address(bytes: frame[30..<34]),
            let message = try? DHCPMessage(parsing: Array(frame[42...]).span), message.operation == 2
        else { return nil }
        func port(_ offset: Int) -> UInt16 { UInt16(frame[offset]) << 8 | UInt16(frame[offset + 1]) }
        return Heard(
            destinationMAC: MACAddress(bytes: frame[0..<6]),
            source: IPv4Endpoint(address: source, port: port(34)),
            destination: IPv4Endpoint(address: destination, port: port(36)), message: message)
    }
}
