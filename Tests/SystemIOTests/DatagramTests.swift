import Glibc
import SystemIO
import Testing
import Wire

@Suite("Datagrams over loopback")
struct DatagramTests {
    static let loopback = IPv4Address(127, 0, 0, 1)

    private func receiveAll(
        _ receiver: inout DatagramReceiver, from socket: UDPSocket, count: Int, atMost limit: Int = 32
    ) throws -> [(origin: DatagramOrigin, bytes: [UInt8])] {
        var datagrams: [(origin: DatagramOrigin, bytes: [UInt8])] = []
        var loop = try EventLoop()
        try loop.add(socket.rawDescriptor, token: 0)
        let deadline = ContinuousClock.now + .seconds(10)
        while datagrams.count < count && ContinuousClock.now < deadline {
            _ = try loop.wait(until: deadline)
            let received = try receiver.receive(from: socket, atMost: limit) { origin, bytes in
                datagrams.append((origin, bytes.toArray()))
            }
            #expect(received <= limit)
        }
        return datagrams
    }

    @Test("A datagram tells who sent it, to which address and by which interface")
    func origin() throws {
        let server = try UDPSocket(port: 0)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        let destination = IPv4Endpoint(address: IPv4Address(127, 0, 0, 9), port: server.port)
        try client.send([1, 2, 3].span, to: destination)
        var receiver = DatagramReceiver(bufferBytes: 64)
        let datagrams = try receiveAll(&receiver, from: server, count: 1)
        let first = try #require(datagrams.first)
        #expect(first.bytes == [1, 2, 3])
        #expect(first.origin.peer == IPv4Endpoint(address: Self.loopback, port: client.port))
        #expect(first.origin.localAddress == IPv4Address(127, 0, 0, 9))
        #expect(first.origin.interfaceIndex == 1)
        #expect(first.origin.byteCount == 3)
        // And the answer can come from the address that was asked.
        try server.send([4].span, to: first.origin.peer, from: first.origin.localAddress)
        let answer = try receiveAll(&receiver, from: client, count: 1)
        #expect(answer.first?.origin.peer == destination)
    }

    @Test("A socket that was not asked to does not tell the local address")
    func withoutLocalAddress() throws {
        let server = try UDPSocket(address: Self.loopback, port: 0, reportsLocalAddress: false)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        try client.send([1].span, to: IPv4Endpoint(address: Self.loopback, port: server.port))
        var receiver = DatagramReceiver(bufferBytes: 64)
        let datagrams = try receiveAll(&receiver, from: server, count: 1, atMost: 1)
        #expect(datagrams.first?.origin.localAddress == .any)
        #expect(datagrams.first?.origin.peer.port == client.port)
    }

    @Test("A datagram longer than the buffer is cut, and says how long it was", arguments: [1, 32])
    func truncation(limit: Int) throws {
        let server = try UDPSocket(address: Self.loopback, port: 0)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        let bytes = (0..<100).map { UInt8($0) }
        try client.send(bytes.span, to: IPv4Endpoint(address: Self.loopback, port: server.port))
        var receiver = DatagramReceiver(bufferBytes: 64)
        let datagrams = try receiveAll(&receiver, from: server, count: 1, atMost: limit)
        #expect(datagrams.first?.bytes == Array(bytes[..<64]))
        #expect(datagrams.first?.origin.byteCount == 100)
    }

    @Test("An empty datagram is a datagram")
    func empty() throws {
        let server = try UDPSocket(address: Self.loopback, port: 0)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        let nothing: [UInt8] = []
        try client.send(nothing.span, to: IPv4Endpoint(address: Self.loopback, port: server.port))
        var receiver = DatagramReceiver(bufferBytes: 64)
        #expect(try receiveAll(&receiver, from: server, count: 1).first?.bytes == [])
    }

    @Test("Many datagrams come in batches, in their order", arguments: [1, 5, 32])
    func batches(limit: Int) throws {
        let server = try UDPSocket(address: Self.loopback, port: 0)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        for number in UInt8(0)..<80 {
            let bytes = [number]
            try client.send(bytes.span, to: IPv4Endpoint(address: Self.loopback, port: server.port))
        }
        var receiver = DatagramReceiver(bufferBytes: 64)
        let datagrams = try receiveAll(&receiver, from: server, count: 80, atMost: limit)
        #expect(datagrams.map(\.bytes) == (UInt8(0)..<80).map { [$0] })
        // Then there is none, and nobody waits.
        let more = try receiver.receive(from: server) { _, _ in }
        #expect(more == 0)
    }

    @Test("One call sends many segments, which arrive as datagrams of their own")
    func segments() throws {
        let server = try UDPSocket(address: Self.loopback, port: 0, receiveBufferBytes: 1 << 20)
        let client = try UDPSocket(address: Self.loopback, port: 0)
        let peer = IPv4Endpoint(address: Self.loopback, port: server.port)
        // 44 whole segments and a shorter one: as much as one call takes.
        let bytes = (0..<44 * 1432 + 7).map { UInt8(truncatingIfNeeded: $0 / 1432 &+ $0) }
        try client.sendSegments(bytes.span, segmentBytes: 1432, to: peer)
        var receiver = DatagramReceiver(bufferBytes: 2000)
        let datagrams = try receiveAll(&receiver, from: server, count: 45)
        #expect(datagrams.map(\.bytes.count) == Array(repeating: 1432, count: 44) + [7])
        #expect(Array(datagrams.map(\.bytes).joined()) == bytes)
    }

    @Test("A refusal of segments is told from other errors")
    func segmentationRefusal() throws {
        let client = try UDPSocket(address: Self.loopback, port: 0)
        // Without checksums there is no UDP GSO.
        var on = CInt(1)
        let size = socklen_t(MemoryLayout<CInt>.size)
        #expect(unsafe setsockopt(client.rawDescriptor, SOL_SOCKET, SO_NO_CHECK, &on, size) == 0)
        let bytes = [UInt8](repeating: 0, count: 2000)
        do throws(SystemError) {
            try client.sendSegments(
                bytes.span, segmentBytes: 1000, to: IPv4Endpoint(address: Self.loopback, port: 9))
            Issue.record("the kernel has taken them")
        } catch {
            #expect(error.isSegmentationRefusal)
            #expect(!error.isBufferFull)
        }
    }

    @Test("A port in use is an error that says so")
    func bindErrors() throws {
        let server = try UDPSocket(address: Self.loopback, port: 0)
        do throws(SystemError) {
            _ = try UDPSocket(address: Self.loopback, port: server.port)
            Issue.record("bound twice")
        } catch {
            #expect(error.isAddressInUse)
            #expect(error.description == "bind UDP 127.0.0.1:\(server.port): Address already in use")
        }
    }

    @Test("Sending to a closed port does no harm to the next reading")
    func closedPort() throws {
        let client = try UDPSocket(address: Self.loopback, port: 0)
        let gone = try UDPSocket(address: Self.loopback, port: 0).port
        try client.send([1].span, to: IPv4Endpoint(address: Self.loopback, port: gone))
        var receiver = DatagramReceiver(bufferBytes: 64)
        let count = try receiver.receive(from: client) { _, _ in }
        #expect(count == 0)
    }
}
