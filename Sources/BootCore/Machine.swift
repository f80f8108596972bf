public import Wire

/// Which program of a boot is asking. One machine passes through several within a minute.
public enum LoaderStage: Hashable, Sendable {
    /// The firmware's own PXE or HTTP boot client.
    case firmware
    /// gPXE, or an Etherboot of its time: scripts start with `#!gpxe`, no `||` or labels.
    case gpxe
    /// iPXE, in a ROM or loaded by us.
    case ipxe(IPXEFeatures)
    /// No boot client: an operating system that wants an address.
    case operatingSystem
}

/// What an iPXE announces in option 175 that netbootd's answer depends on.
public struct IPXEFeatures: Hashable, Sendable {
    /// It can fetch by HTTP (sub-option 19). NIC ROMs without it get a fuller iPXE first.
    public var http: Bool

    public init(http: Bool) { self.http = http }
}

/// Who asks: all that is known of a machine by the time it asks.
public struct Machine: Hashable, Sendable {
    public var mac: MACAddress?
    public var uuid: SystemUUID?
    public var serial: String?
    public var asset: String?
    /// Nil when it did not say, or said something for which no boot program is known.
    public var platform: Platform?
    public var transport: BootTransport
    public var stage: LoaderStage
    public var hostname: String?
    /// The address that it has or is about to get.
    public var address: IPv4Address?

    public init(
        mac: MACAddress? = nil, uuid: SystemUUID? = nil, serial: String? = nil, asset: String? = nil,
        platform: Platform? = nil, transport: BootTransport = .tftp, stage: LoaderStage = .operatingSystem,
        hostname: String? = nil, address: IPv4Address? = nil
    ) {
        self.mac = mac
        self.uuid = uuid
        self.serial = serial
        self.asset = asset
        self.platform = platform
        self.transport = transport
        self.stage = stage
        self.hostname = hostname
        self.address = address
    }

    /// Raspberry Pi boot ROMs call themselves x86 BIOS (architecture 0); only the maker's part of the MAC tells.
    public static func isRaspberryPi(_ mac: MACAddress) -> Bool {
        [0xb827eb, 0xdca632, 0xe45f01, 0xd83add, 0x28cdc1, 0x2ccf67].contains(mac.rawValue >> 24)
    }
}
