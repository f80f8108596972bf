import CLinux
import Glibc
public import Wire

/// The process that holds a port.
public struct PortHolder: Equatable, Sendable {
    public var processID: Int32
    /// As `ps` shows it; at most 15 bytes.
    public var name: String

    public init(processID: Int32, name: String) {
        self.processID = processID
        self.name = name
    }

    public enum Transport: Sendable {
        case udp
        case tcp
    }

    /// Who is in the way of a socket on this address and port.
    ///
    /// Nil when nobody is, or when it is another user's process and we are not root.
    public static func find(_ transport: Transport, address: IPv4Address, port: UInt16) -> PortHolder? {
        let tables =
            switch transport {
            case .udp: ["/proc/net/udp", "/proc/net/udp6"]
            case .tcp: ["/proc/net/tcp", "/proc/net/tcp6"]
            }
        var inodes: Set<Substring> = []
        for table in tables {
            guard let bytes = try? contents(ofFile: table, limit: 16 << 20) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            inodes.formUnion(socketInodes(in: text, transport: transport, address: address, port: port))
        }
        return inodes.isEmpty ? nil : process(withSocketIn: inodes)
    }

    /// The inodes of sockets in a table of `/proc/net` that would be in the way.
    static func socketInodes(
        in table: String, transport: Transport, address: IPv4Address, port: UInt16
    ) -> [Substring] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9 else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, UInt16(local[1], radix: 16) == port,
                isInTheWay(local[0], of: address)
            else { return nil }
            // Of TCP, only who listens: a connection on the port leaves it free.
            if transport == .tcp, fields[3] != "0A" { return nil }
            return fields[9]
        }
    }

    /// - Parameter digits: the address's 32-bit words as this machine writes them in hexadecimal; IPv6 has four.
    private static func isInTheWay(_ digits: Substring, of address: IPv4Address) -> Bool {
        guard let own = UInt32(digits.suffix(8), radix: 16) else { return false }
        let other = IPv4Address(rawValue: UInt32(bigEndian: own))
        // An IPv6 socket hears IPv4 when it is bound to no address, or to a mapped one.
        let isIPv4 =
            digits.count == 8 || digits.dropLast(8).allSatisfy { $0 == "0" }
            || digits.dropLast(8).hasSuffix("FFFF0000")
        return isIPv4 && (address == .any || other == .any || other == address)
    }

    private static func process(withSocketIn inodes: Set<Substring>) -> PortHolder? {
        let links = Set(inodes.map { "socket:[\($0)]" })
        for entry in names(inFolder: "/proc") {
            guard let processID = Int32(entry) else { continue }
            let folder = "/proc/\(entry)/fd"
            guard
                names(inFolder: folder).contains(where: { links.contains(target(ofLink: "\(folder)/\($0)")) })
            else { continue }
            let name = (try? contents(ofFile: "/proc/\(entry)/comm", limit: 64)) ?? []
            return PortHolder(
                processID: processID, name: String(decoding: name.prefix { $0 != 10 }, as: UTF8.self))
        }
        return nil
    }

    /// Empty when it cannot be read.
    private static func target(ofLink path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension PortHolder: CustomStringConvertible {
    public var description: String { "\(name) (process \(processID))" }
}

/// Binds a port for a moment.
///
/// - Parameter device: an interface's name, for a port of that interface alone.
/// - Throws: why a server could not bind it.
public func tryPort(
    _ transport: PortHolder.Transport, address: IPv4Address, port: UInt16, device: String? = nil
) throws(SystemError) {
    let type =
        switch transport {
        case .udp: SOCK_DGRAM
        case .tcp: SOCK_STREAM
        }
    let fd = unsafe netbootd_bind4(CInt(type.rawValue), address.rawValue, port, device)
    guard fd >= 0 else { throw .last("bind port \(port) of \(address)") }
    close(fd)
}
