public import SystemIO
public import Wire

/// Who this host is, in the words in which its firmware would say it to the boot server.
public struct HostIdentity: Equatable, Sendable {
    /// The uplink's first; then those of the other cards.
    public var macs: [MACAddress]
    public var uuid: SystemUUID?
    public var serial: String?
    public var asset: String?
    /// As iPXE's `${buildarch}` has it: `x86_64`, `arm64`, `i386`.
    public var architecture: String
    /// As iPXE's `${platform}` has it: `efi` or `pcbios`.
    public var platform: String
    public var hostname: String?
    /// Files that only root may read, so that the server may not know this host.
    public var unreadable: [String]

    public init(
        macs: [MACAddress] = [], uuid: SystemUUID? = nil, serial: String? = nil, asset: String? = nil,
        architecture: String, platform: String, hostname: String? = nil, unreadable: [String] = []
    ) {
        self.macs = macs
        self.uuid = uuid
        self.serial = serial
        self.asset = asset
        self.architecture = architecture
        self.platform = platform
        self.hostname = hostname
        self.unreadable = unreadable
    }

    /// - Parameter machine: what `uname -m` says.
    public static func read(
        uplink: Uplink?, network: HostNetwork, machine: String, files: HostFiles = .live
    ) -> HostIdentity {
        var identity = HostIdentity(
            architecture: ipxeArchitecture(machine),
            platform: files.exists("/sys/firmware/efi") ? "efi" : "pcbios",
            hostname: LiveAddress.hostname(files))
        let finder = UplinkFinder(network: network, files: files, nextHop: nil, wanted: nil)
        let others = network.physicalLinks(files).compactMap { finder.port($0).mac }.filter(\.isUnicast)
        for mac in [uplink?.port.mac].compactMap({ $0 }) + others.sorted() where !identity.macs.contains(mac)
        {
            identity.macs.append(mac)
        }
        func field(_ name: String) -> String? {
            let path = "/sys/class/dmi/id/\(name)"
            guard let text = files.text(path) else {
                if files.exists(path) { identity.unreadable.append(path) }
                return nil
            }
            return isPlaceholder(text) ? nil : text
        }
        identity.uuid = field("product_uuid").flatMap { SystemUUID($0) }.flatMap {
            $0.isMeaningless ? nil : $0
        }
        identity.serial = field("product_serial")
        identity.asset = field("chassis_asset_tag")
        return identity
    }

    /// The processor as iPXE names it; anything else as it is.
    static func ipxeArchitecture(_ machine: String) -> String {
        switch machine {
        case "aarch64": "arm64"
        case "loongarch64": "loong64"
        case "i386", "i486", "i586", "i686": "i386"
        case _ where machine.hasPrefix("armv"): "arm32"
        default: machine
        }
    }

    /// What makers leave in a field that they did not fill in.
    static func isPlaceholder(_ text: String) -> Bool {
        let words = text.lowercased().filter { $0.isLetter || $0.isNumber }
        let known = [
            "tobefilledbyoem", "defaultstring", "notspecified", "notapplicable", "notavailable", "none", "na",
            "oem",
            "unknown", "invalid", "systemserialnumber", "chassisserialnumber", "serialnumber", "assettag",
            "chassisassettag", "noassettag", "noassetinformation", "systemproductname", "0123456789",
            "123456789",
        ]
        return words.isEmpty || known.contains(words) || Set(words).count == 1 && words.count > 3
    }
}

extension HostNetwork {
    /// The network cards, wireless ones among them.
    public func physicalLinks(_ files: HostFiles = .live) -> [NetworkLink] {
        links.filter { files.exists("/sys/class/net/\($0.name)/device") }
    }
}
