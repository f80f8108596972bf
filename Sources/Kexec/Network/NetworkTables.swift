public import Wire

/// A network interface as the kernel tells of it.
public struct NetworkLink: Equatable, Sendable {
    public var index: UInt32
    public var name: String
    /// ARPHRD: 1 for Ethernet, 32 for InfiniBand.
    public var hardwareType: UInt16
    /// As it is now: the ports of a bond share one.
    public var address: [UInt8]
    /// The card's own; nil where the driver does not tell.
    public var permanentAddress: [UInt8]?
    /// In bytes.
    public var mtu: Int
    public var isUp: Bool
    public var hasCarrier: Bool
    /// `vlan`, `bond`, `bridge` and so on; nil for hardware.
    public var kind: String?
    public var vlanID: Int?
    /// The interface that this one sits on, when it is in the same network namespace.
    public var lowerIndex: UInt32?
    /// The bridge, bond or team that this one is a port of.
    public var masterIndex: UInt32?

    public init(
        index: UInt32, name: String, hardwareType: UInt16 = 1, address: [UInt8] = [],
        permanentAddress: [UInt8]? = nil, mtu: Int = 1500, isUp: Bool = true, hasCarrier: Bool = true,
        kind: String? = nil, vlanID: Int? = nil, lowerIndex: UInt32? = nil, masterIndex: UInt32? = nil
    ) {
        self.index = index
        self.name = name
        self.hardwareType = hardwareType
        self.address = address
        self.permanentAddress = permanentAddress
        self.mtu = mtu
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.kind = kind
        self.vlanID = vlanID
        self.lowerIndex = lowerIndex
        self.masterIndex = masterIndex
    }

    /// Nil for anything but RTM_NEWLINK.
    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == NetlinkRequest.newLink, let type = message.body.hostWord16(at: 2),
            let index = message.body.hostWord32(at: 4), let flags = message.body.hostWord32(at: 8)
        else { return nil }
        self.init(
            index: index, name: "", hardwareType: type, isUp: flags & 1 != 0, hasCarrier: flags & 0x10000 != 0
        )
        var isElsewhere = false
        for attribute in try message.attributes(from: 16) {
            switch attribute.type {
            case 1: address = attribute.value
            case 3: name = attribute.text
            case 4: mtu = Int(attribute.number ?? 0)
            case 5: lowerIndex = attribute.number
            case 10: masterIndex = attribute.number
            case 18: try readKind(attribute.value)
            case 37: isElsewhere = true  // IFLA_LINK_NETNSID: the other end of a veth, say
            case 54: permanentAddress = attribute.value.contains { $0 != 0 } ? attribute.value : nil
            default: break
            }
        }
        if isElsewhere || lowerIndex == index || lowerIndex == 0 { lowerIndex = nil }
    }

    /// IFLA_LINKINFO.
    private mutating func readKind(_ bytes: [UInt8]) throws(NetlinkError) {
        let attributes = try NetlinkAttribute.attributes(in: bytes)
        kind = attributes.first { $0.type == 1 }?.text
        guard kind == "vlan", let data = attributes.first(where: { $0.type == 2 }) else { return }
        let id = try NetlinkAttribute.attributes(in: data.value).first { $0.type == 1 }?.value.hostWord16(
            at: 0)
        vlanID = id.map(Int.init)
    }
}

/// An address of an interface.
public struct LinkAddress: Equatable, Sendable {
    public var linkIndex: UInt32
    public var address: IPAddress
    public var prefixLength: Int
    /// 0 is the world's, 253 the link's, 254 the host's.
    public var scope: UInt8
    /// IFA_F_*: 1 secondary or temporary, 0x20 deprecated, 0x40 tentative, 0x80 permanent.
    public var flags: UInt32
    /// Seconds that are left; nil for ever.
    public var validSeconds: UInt32?

    public init(
        linkIndex: UInt32, address: IPAddress, prefixLength: Int, scope: UInt8 = 0, flags: UInt32 = 0x80,
        validSeconds: UInt32? = nil
    ) {
        self.linkIndex = linkIndex
        self.address = address
        self.prefixLength = prefixLength
        self.scope = scope
        self.flags = flags
        self.validSeconds = validSeconds
    }

    /// Somebody (a DHCP client, a router) gave it for a time.
    public var isTemporary: Bool { validSeconds != nil || flags & 0x80 == 0 }

    /// Nil for anything but RTM_NEWADDR.
    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == NetlinkRequest.newAddress, message.body.count >= 8,
            let index = message.body.hostWord32(at: 4)
        else { return nil }
        var (own, peer, seconds): (IPAddress?, IPAddress?, UInt32?)
        var flags = UInt32(message.body[2])
        for attribute in try message.attributes(from: 8) {
            switch attribute.type {
            // They differ on point-to-point links.
            case 1: peer = IPAddress(bytes: attribute.value)
            case 2: own = IPAddress(bytes: attribute.value)
            case 6: seconds = attribute.value.hostWord32(at: 4)
            case 8: flags = attribute.number ?? flags
            default: break
            }
        }
        guard let address = own ?? peer else { return nil }
        self.init(
            linkIndex: index, address: address, prefixLength: Int(message.body[1]), scope: message.body[3],
            flags: flags, validSeconds: seconds == .max ? nil : seconds)
    }
}

/// Who is where: an entry of a neighbour table, or of a bridge's forwarding table.
public struct LinkNeighbour: Equatable, Sendable {
    /// The interface, or the port of the bridge.
    public var linkIndex: UInt32
    /// Nil in a forwarding table.
    public var address: IPAddress?
    public var mac: MACAddress
    /// The bridge.
    public var masterIndex: UInt32?

    public init(linkIndex: UInt32, address: IPAddress? = nil, mac: MACAddress, masterIndex: UInt32? = nil) {
        self.linkIndex = linkIndex
        self.address = address
        self.mac = mac
        self.masterIndex = masterIndex
    }

    /// Nil for anything but RTM_NEWNEIGH of somebody with an Ethernet address.
    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == NetlinkRequest.newNeighbour, let index = message.body.hostWord32(at: 4) else {
            return nil
        }
        var (address, mac, master): (IPAddress?, MACAddress?, UInt32?)
        for attribute in try message.attributes(from: 12) {
            switch attribute.type {
            case 1: address = IPAddress(bytes: attribute.value)
            case 2: mac = MACAddress(bytes: attribute.value)
            case 9: master = attribute.number
            default: break
            }
        }
        guard let mac else { return nil }
        self.init(linkIndex: index, address: address, mac: mac, masterIndex: master)
    }
}

/// Where a packet leaves this host, as RTM_GETROUTE tells.
struct KernelRoute: Equatable {
    var linkIndex: UInt32
    var gateway: IPAddress?
    var source: IPAddress?
    /// The destination is this very host.
    var isLocal: Bool

    /// Nil for anything but RTM_NEWROUTE with an interface.
    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == NetlinkRequest.newRoute, message.body.count >= 12 else { return nil }
        var index: UInt32?
        isLocal = message.body[7] == 2  // RTN_LOCAL
        for attribute in try message.attributes(from: 12) {
            switch attribute.type {
            case 4: index = attribute.number
            case 5: gateway = IPAddress(bytes: attribute.value)
            case 7: source = IPAddress(bytes: attribute.value)
            case 18: gateway = IPAddress(bytes: attribute.value.dropFirst(2))  // RTA_VIA, of the other family
            default: break
            }
        }
        guard let index else { return nil }
        linkIndex = index
    }
}
