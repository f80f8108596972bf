import Glibc
import Testing
import Wire

@testable import SystemIO

@Suite("Whether a port is free, and who holds it")
struct PortHolderTests {
    private let loopback = IPv4Address(127, 0, 0, 1)

    private var ownName: String {
        let bytes = (try? contents(ofFile: "/proc/self/comm", limit: 64)) ?? []
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    private func isTaken(
        _ transport: PortHolder.Transport, _ address: IPv4Address, _ port: UInt16
    ) -> Bool {
        do throws(SystemError) {
            try tryPort(transport, address: address, port: port)
            return false
        } catch {
            return error.isAddressInUse
        }
    }

    @Test("A UDP port that we hold is taken, by us, on its address and on all")
    func udp() throws {
        let socket = try UDPSocket(address: loopback, port: 0)
        let holder = PortHolder(processID: getpid(), name: ownName)
        #expect(isTaken(.udp, loopback, socket.port) && isTaken(.udp, .any, socket.port))
        #expect(PortHolder.find(.udp, address: loopback, port: socket.port) == holder)
        #expect(PortHolder.find(.udp, address: .any, port: socket.port) == holder)
        #expect(PortHolder.find(.tcp, address: loopback, port: socket.port) == nil)
        let other = IPv4Address(127, 0, 0, 2)
        #expect(!isTaken(.udp, other, socket.port))
        #expect(PortHolder.find(.udp, address: other, port: socket.port) == nil)
    }

    @Test("Of TCP, who listens holds the port")
    func tcp() throws {
        let listener = OwnedDescriptor(try boundTCP())
        let port = try localPort(listener.rawValue)
        #expect(PortHolder.find(.tcp, address: loopback, port: port) == nil)
        try #require(listen(listener.rawValue, 1) == 0)
        #expect(isTaken(.tcp, loopback, port))
        #expect(PortHolder.find(.tcp, address: loopback, port: port)?.processID == getpid())
    }

    @Test("A free port has no holder")
    func free() throws {
        // The socket goes before the next line.
        let port = try UDPSocket(address: loopback, port: 0).port
        #expect(!isTaken(.udp, loopback, port))
        #expect(PortHolder.find(.udp, address: loopback, port: port) == nil)
    }

    @Test("The kernel's tables are read for IPv4 and IPv6")
    func tables() {
        let four = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
             1: 0100007F:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 111 2
             2: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 222 2
             3: 0A00007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 333 2
             4: cut
            """
        func inodes(_ table: String, _ port: UInt16, _ transport: PortHolder.Transport = .udp) -> [Substring]
        {
            PortHolder.socketInodes(in: table, transport: transport, address: loopback, port: port)
        }
        #expect(inodes(four, 69) == ["111"])
        #expect(inodes(four, 67) == ["222"])
        #expect(inodes(four, 80) == [] && inodes(four, 80, .tcp) == [])
        let any = "00000000000000000000000000000000"
        let mapped = "0000000000000000FFFF00000100007F"
        let global = "B80D0120000000000000000001000000"
        let six =
            "head\n"
            + [any, mapped, global].enumerated()
            .map { "\($0): \($1):0045 x:0 0A 0 0 0 0 0 \($0) 2" }.joined(separator: "\n")
        #expect(inodes(six, 69, .tcp) == ["0", "1"])
    }

    private func boundTCP() throws -> CInt {
        let fd = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = loopback.rawValue.bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        return fd
    }

    private func localPort(_ fd: CInt) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(fd, $0, &length)
            }
        }
        try #require(code == 0)
        return UInt16(bigEndian: address.sin_port)
    }
}
