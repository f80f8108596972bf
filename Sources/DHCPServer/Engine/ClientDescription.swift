import BootCore
import Wire

/// What a DHCP message tells of the machine that sent it (docs/booting.md).
extension Machine {
    init(_ message: DHCPMessage) {
        let mac = message.hardwareAddress.mac
        let stage = Self.stage(of: message)
        let architecture = stage == .operatingSystem ? nil : Self.architecture(of: message)
        let isRaspberryPi = architecture?.rawValue == 0 && mac.map(Self.isRaspberryPi) ?? false
        let transport: BootTransport
        if message.vendorClassStarts(with: "HTTPClient") {
            transport = .http
        } else if message.vendorClassStarts(with: "PXEClient") {
            transport = .tftp
        } else {
            transport = architecture?.transport ?? .tftp
        }
        self.init(
            mac: mac, uuid: message.machineUUID,
            platform: isRaspberryPi ? .raspberryPi : architecture?.platform,
            transport: transport, stage: stage, hostname: message.hostname)
    }

    /// Its own program comes first: iPXE and gPXE still call themselves PXEClient, and to answer them like
    /// firmware would feed them to themselves for ever.
    private static func stage(of message: DHCPMessage) -> LoaderStage {
        let etherboot = message.etherboot
        if message.userClass(is: "gPXE") { return .gpxe }
        let saysIPXE = message.userClass(is: "iPXE")
        if saysIPXE || etherboot != nil {
            // FlexBoot has no user class; some chained iPXEs have no feature list, and HTTP is in all of those.
            let hasFeatures = etherboot?.contains { ipxeFeatureCodes.contains($0.code) } ?? false
            return .ipxe(IPXEFeatures(http: hasFeatures ? etherboot?[19] != nil : saysIPXE))
        }
        if isBootClient(message) || message[.clientArchitecture] != nil { return .firmware }
        return .operatingSystem
    }

    /// The sub-options of option 175 in which iPXE lists what it can do.
    private static let ipxeFeatureCodes: ClosedRange<UInt8> = 16...47

    /// Says of itself that it boots by PXE or HTTP.
    static func isBootClient(_ message: DHCPMessage) -> Bool {
        message.vendorClassStarts(with: "PXEClient") || message.vendorClassStarts(with: "HTTPClient")
    }

    /// The first architecture for which there are boot programs; the text of option 60 where 93 is unreadable.
    private static func architecture(of message: DHCPMessage) -> ClientArchitecture? {
        let listed = message.clientArchitectures.map(ClientArchitecture.init)
        if let known = listed.first(where: { $0.platform != nil }) { return known }
        return listed.first ?? message.vendorClassArchitecture.map(ClientArchitecture.init)
    }
}
