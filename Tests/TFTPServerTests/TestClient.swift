import SystemIO
import Wire

@testable import TFTPServer

/// A socket that speaks TFTP packet by packet.
final class TestClient {
    private let socket: UDPSocket
    private var receiver = DatagramReceiver(bufferBytes: 66_000)
    private var loop: EventLoop
    /// Who sent the last packet that was received.
    private(set) var sender = IPv4Endpoint(address: .any, port: 0)

    init() throws {
        socket = try UDPSocket(address: IPv4Address(127, 0, 0, 1), port: 0)
        loop = try EventLoop()
        try loop.add(socket.rawDescriptor, token: 0)
    }

    var endpoint: IPv4Endpoint { IPv4Endpoint(address: IPv4Address(127, 0, 0, 1), port: socket.port) }

    func send(_ packet: TFTPPacket, to server: IPv4Endpoint) throws {
        try send(packet.encoded(), to: server)
    }

    func send(_ bytes: [UInt8], to server: IPv4Endpoint) throws { try socket.send(bytes.span, to: server) }

    /// The next packet; nil when none has come for so long.
    func receive(within timeout: Duration = .seconds(5)) throws -> TFTPPacket? {
        let deadline = ContinuousClock.now + timeout
        while true {
            var packet: TFTPPacket?
            let count = try receiver.receive(from: socket, atMost: 1) { origin, bytes in
                sender = origin.peer
                packet = try? TFTPPacket(parsing: bytes)
            }
            if count > 0 { return packet }
            guard ContinuousClock.now < deadline else { return nil }
            _ = try loop.wait(until: deadline)
        }
    }

    /// Reads a whole file, with the options that the server grants.
    func read(
        _ file: String, _ options: [TFTPOption] = [], mode: TFTPMode = .octet, from server: IPv4Endpoint
    ) throws -> [UInt8] {
        try send(.readRequest(TFTPRequest(file: Array(file.utf8), mode: mode, options: options)), to: server)
        var content: [UInt8] = []
        var expected = UInt64(1)
        var (blockSize, windowSize) = (512, UInt64(1))
        while let packet = try receive() {
            switch packet {
            case .optionAcknowledgment(let granted):
                for option in granted where option.name == "blksize" { blockSize = Int(option.value) ?? 0 }
                for option in granted where option.name == "windowsize" {
                    windowSize = UInt64(option.value) ?? 0
                }
                try send(.acknowledgment(block: 0), to: sender)
            case .data(let block, let bytes):
                guard block == UInt16(truncatingIfNeeded: expected) else { continue }
                content += bytes
                let isLast = bytes.count < blockSize
                if isLast || expected % windowSize == 0 {
                    try send(.acknowledgment(block: block), to: sender)
                }
                if isLast { return content }
                expected += 1
            case .error(let code, let text): throw Refused(code: code, text: text)
            case .readRequest, .writeRequest, .acknowledgment: continue
            }
        }
        throw SystemError("read \(file): the server has gone silent", code: 0)
    }

    struct Refused: Error, Equatable {
        var code: TFTPErrorCode
        var text: String
    }
}
