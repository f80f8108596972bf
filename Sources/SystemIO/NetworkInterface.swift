import CLinux
import Glibc
public import Wire

/// A network interface of this host, as it was when asked for.
public struct NetworkInterface: Equatable, Sendable {
    public var name: String
    public var index: UInt32
    /// Nil for interfaces without an Ethernet address.
    public var mac: MACAddress?
    public var isUp: Bool
    /// In bytes.
    public var mtu: Int
    public var addresses: [InterfaceAddress]

    public struct InterfaceAddress: Equatable, Sendable {
        public var address: IPv4Address
        public var network: IPv4Network
    }

    /// All interfaces, in the kernel's order.
    public static func all() throws(SystemError) -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw .last("getifaddrs") }
        defer { unsafe freeifaddrs(list) }
        var interfaces: [NetworkInterface] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe add(entry.pointee, to: &interfaces)
            unsafe next = entry.pointee.ifa_next
        }
        let probe = OwnedDescriptor(socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0))
        guard probe.rawValue >= 0 else { throw .last("open a socket") }
        for index in interfaces.indices {
            interfaces[index].mtu = Int(unsafe netbootd_interface_mtu(probe.rawValue, interfaces[index].name))
        }
        return interfaces
    }

    public static func named(_ name: String) throws(SystemError) -> NetworkInterface? {
        try all().first { $0.name == name }
    }

    /// Every interface comes first as a link (AF_PACKET), then once for each address.
    private static func add(_ entry: ifaddrs, to interfaces: inout [NetworkInterface]) {
        guard let address = unsafe entry.ifa_addr else { return }
        let name = unsafe String(cString: entry.ifa_name)
        switch CInt(unsafe address.pointee.sa_family) {
        case AF_PACKET:
            let link = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_ll.self)
            let bytes = unsafe withUnsafeBytes(of: link.sll_addr) {
                unsafe Array($0.prefix(Int(link.sll_halen)))
            }
            let flags = unsafe entry.ifa_flags
            interfaces.append(
                NetworkInterface(
                    name: name, index: UInt32(link.sll_ifindex), mac: MACAddress(bytes: bytes),
                    isUp: flags & UInt32(IFF_UP) != 0, mtu: 0, addresses: []))
        case AF_INET:
            guard let mask = unsafe entry.ifa_netmask else { return }
            let own = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
            let netmask = unsafe UnsafeRawPointer(mask).loadUnaligned(as: sockaddr_in.self)
            let value = IPv4Address(rawValue: UInt32(bigEndian: own.sin_addr.s_addr))
            let length = UInt32(bigEndian: netmask.sin_addr.s_addr).nonzeroBitCount
            // An address label such as eth0:1 belongs to eth0.
            let base = String(name.prefix { $0 != ":" })
            guard let index = interfaces.firstIndex(where: { $0.name == base }),
                let network = IPv4Network(containing: value, prefixLength: length)
            else { return }
            interfaces[index].addresses.append(InterfaceAddress(address: value, network: network))
        default:
            break
        }
    }
}
