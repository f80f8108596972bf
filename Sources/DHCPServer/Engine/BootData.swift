import BootCore
import Wire

/// What a reply says about booting: one `BootStep`, as one client wants to hear it (docs/booting.md).
struct BootData: Equatable, Sendable {
    /// A path for TFTP, or a URL.
    var bootFile: String?
    /// Option 60.
    var vendorClass: String?
    /// Option 43.
    var vendorInformation: [UInt8]?
    /// Option 175.
    var etherboot: [UInt8]?

    /// No boot file.
    static let nothing = BootData()

    /// "Do not look for other boot servers, load the boot file": without it, option 60 alone would make firmware
    /// ask again at port 4011.
    static let loadDirectly: [UInt8] = [6, 1, 8, 255]

    /// The same for the Raspberry Pi's ROM, which goes on only if it reads this text (three trailing spaces, for
    /// the 3B).
    static let raspberryPi: [UInt8] =
        [6, 1, 3, 10, 4, 0] + Array("PXE".utf8) + [9, 23, 0, 0, 20] + Array("Raspberry Pi Boot   ".utf8) + [
            255
        ]

    /// "Do not wait for a ProxyDHCP server": saves iPXE some three seconds.
    static let noProxyDHCP: [UInt8] = [176, 1, 1]

    /// Who makes the offer, for firmware treats boot data differently by where it comes from.
    enum Setting: Sendable {
        /// The server that also gives the address.
        case server
        /// A ProxyDHCP offer beside another server's.
        case proxyOffer
        /// The answer of the boot service on port 4011.
        case bootService
    }

    private init() {}

    /// - Parameter isBootClient: it calls itself PXEClient or HTTPClient, and so wants to hear that back.
    init(
        for step: BootStep, of machine: Machine, isBootClient: Bool, from location: ServerLocation,
        in setting: Setting
    ) {
        switch step {
        case .loader(let path, let transport):
            setLoader(path, over: transport, location: location)
        case .localDisk(.refusedBootFile):
            setLoader(FirmwareRefusal.refusedFileName, over: machine.transport, location: location)
        case .script:
            bootFile = Self.scriptURL(for: machine, from: location)
        case .localDisk(.noBootFile), .addressOnly, .silence:
            break
        }
        if bootFile != nil, isBootClient { setVendorOptions(for: machine, in: setting) }
        switch (machine.stage, setting) {
        case (.ipxe, .server), (.gpxe, .server): etherboot = Self.noProxyDHCP
        case (.ipxe, _), (.gpxe, _), (.firmware, _), (.operatingSystem, _): break
        }
    }

    private mutating func setLoader(_ path: String, over transport: BootTransport, location: ServerLocation) {
        switch transport {
        case .tftp: bootFile = path
        case .http: bootFile = location.url(of: path)
        }
    }

    private mutating func setVendorOptions(for machine: Machine, in setting: Setting) {
        switch (machine.stage, machine.transport) {
        case (.firmware, .http):
            // Without it, UEFI repeats its DISCOVER for ever and never says why.
            vendorClass = "HTTPClient"
        case (.firmware, .tftp):
            vendorClass = "PXEClient"
            switch setting {
            case .server: vendorInformation = Self.directions(for: machine)
            case .proxyOffer:
                // Many UEFIs ignore these directions in a proxy's offer, and do well without at port 4011.
                vendorInformation = machine.platform?.isUEFI == true ? nil : Self.directions(for: machine)
            case .bootService: break
            }
        case (.ipxe, _), (.gpxe, _), (.operatingSystem, _):
            // A proxy's offer is known by this option alone.
            vendorClass = setting == .server ? nil : "PXEClient"
        }
    }

    private static func directions(for machine: Machine) -> [UInt8] {
        machine.platform == .raspberryPi ? raspberryPi : loadDirectly
    }

    /// The address of the script, with what iPXE is to fill in about itself.
    ///
    /// The MAC address is ours: `${net0/mac}` would be another card's on a machine with several.
    static func scriptURL(for machine: Machine, from location: ServerLocation) -> String {
        "\(location.httpBase)/boot.ipxe?mac=\(machine.mac?.description ?? "${netX/mac}")&uuid=${uuid}"
            + "&serial=${serial:uristring}&arch=${buildarch}&platform=${platform}&asset=${asset:uristring}"
    }
}
