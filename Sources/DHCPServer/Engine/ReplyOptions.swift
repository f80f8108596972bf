import BootCore
import Wire

/// A subnet's settings as option values, made once for all its clients.
struct SubnetOptions: Sendable {
    let leaseSeconds: UInt32
    let extra: [ExtraDHCPOption]
    /// By option code.
    private let values: [[UInt8]?]

    init(_ subnet: DHCPSubnet) {
        leaseSeconds = UInt32(clamping: subnet.lease.components.seconds)
        extra = subnet.options
        let stated: [(DHCPOptionCode, [UInt8]?)] = [
            (.subnetMask, subnet.network.mask.bytes),
            (.router, subnet.router?.bytes),
            (.domainNameServers, Self.list(subnet.dns)),
            (.timeServers, Self.list(subnet.ntp)),
            (.domainName, OptionEncoding.text(subnet.domain)),
            (.broadcastAddress, subnet.network.broadcast.bytes),
            (.domainSearch, OptionEncoding.domainSearch(subnet.searchDomains)),
            (.classlessRoutes, OptionEncoding.classlessRoutes(subnet.routes, defaultRouter: subnet.router)),
        ]
        var values = [[UInt8]?](repeating: nil, count: 256)
        for (code, value) in stated { values[Int(code.rawValue)] = value }
        self.values = values
    }

    subscript(code: DHCPOptionCode) -> [UInt8]? { values[Int(code.rawValue)] }

    /// At most 63 addresses fit one option.
    private static func list(_ addresses: [IPv4Address]) -> [UInt8]? {
        addresses.isEmpty ? nil : addresses.prefix(63).flatMap(\.bytes)
    }
}

/// The options of one OFFER or ACK.
///
/// A new option is a line in `order` and a case in `value(of:)`.
struct ReplyOptions {
    var message: DHCPMessage
    var type: DHCPMessageType
    var serverIdentifier: IPv4Address
    /// Nil where no address is given: INFORM, proxy, boot service.
    var leaseSeconds: UInt32?
    /// Nil where the other server tells of the network: proxy, boot service.
    var subnet: SubnetOptions?
    var bootServer: IPv4Address
    var boot: BootData
    /// The name that the configuration has for the machine.
    var hostname: String?
    /// What the configuration states byte for byte, the most specific last.
    var extra: [ExtraDHCPOption]
    /// Boot ROMs are told of the router though they forget to ask.
    var isBootClient: Bool

    /// What firmware reads first comes first; what it might choke on, last.
    private static let beforeExtra: [DHCPOptionCode] = [
        .messageType, .serverIdentifier, .leaseTime, .renewalTime, .rebindingTime, .subnetMask, .router,
        .domainNameServers, .domainName, .hostname, .broadcastAddress, .timeServers, .bootServerName,
        .subnetSelection, .domainSearch, .classlessRoutes,
    ]
    private static let afterExtra: [DHCPOptionCode] = [
        .vendorClass, .vendorInformation, .clientIdentifier, .clientMachineIdentifier, .etherboot, .bootFile,
        .relayInformation,
    ]
    private static let inOrder = DHCPOptionSet((beforeExtra + afterExtra).map(\.rawValue))
    /// The protocol's own, which no configuration may change.
    private static let fixed = DHCPOptionSet(
        [DHCPOptionCode.messageType, .serverIdentifier, .leaseTime, .relayInformation, .overload].map(
            \.rawValue))

    func list() -> DHCPOptionList {
        let asked = message.parameterRequestList
        var list = DHCPOptionList()
        for code in Self.beforeExtra { append(code, to: &list, asked: asked) }
        for index in extra.indices {
            let code = DHCPOptionCode(rawValue: extra[index].code)
            guard !Self.inOrder.contains(code), let value = extraValue(of: code) else { continue }
            list.append(code, value)
        }
        for code in Self.afterExtra { append(code, to: &list, asked: asked) }
        return list
    }

    private func append(_ code: DHCPOptionCode, to list: inout DHCPOptionList, asked: DHCPOptionSet?) {
        if let value = extraValue(of: code) {
            list.append(code, value)
        } else if isSent(code, asked: asked), let value = value(of: code) {
            list.append(code, value)
        }
    }

    /// What the configuration states for `code` is sent whether it was asked for or not.
    func extraValue(of code: DHCPOptionCode) -> [UInt8]? {
        guard !extra.isEmpty, !Self.fixed.contains(code) else { return nil }
        let value = extra.last { $0.code == code.rawValue }?.bytes
        return code == .bootFile ? value.map(Self.terminated) : value
    }

    /// Clients that ask for nothing get everything (GRUB); what a boot cannot do without is sent anyway.
    private func isSent(_ code: DHCPOptionCode, asked: DHCPOptionSet?) -> Bool {
        switch code {
        case .bootServerName: asked?.contains(code) ?? false
        case .renewalTime, .rebindingTime, .domainNameServers, .domainName, .hostname, .broadcastAddress,
            .timeServers, .domainSearch, .classlessRoutes:
            asked?.contains(code) ?? true
        case .router: isBootClient || asked?.contains(code) ?? true
        default: true
        }
    }

    private func value(of code: DHCPOptionCode) -> [UInt8]? {
        switch code {
        case .messageType: [type.rawValue]
        case .serverIdentifier: serverIdentifier.bytes
        case .leaseTime: leaseSeconds.map(Self.seconds)
        case .renewalTime: leaseSeconds.map { Self.seconds($0 / 2) }
        case .rebindingTime: leaseSeconds.map { Self.seconds(UInt32(UInt64($0) * 7 / 8)) }
        case .hostname: subnet == nil ? nil : OptionEncoding.text(hostname)
        case .bootServerName: boot.bootFile == nil ? nil : Array(bootServer.description.utf8)
        case .subnetSelection: message.subnetSelection?.bytes
        case .vendorClass: OptionEncoding.text(boot.vendorClass)
        case .vendorInformation: boot.vendorInformation
        case .clientIdentifier: message.clientIdentifier.map(Array.init)
        case .clientMachineIdentifier: message[code].map(Array.init)
        case .etherboot: boot.etherboot
        case .bootFile: boot.bootFile.map { Self.terminated(Array($0.utf8)) }
        case .relayInformation: message[code].map(Array.init)
        default: subnet?[code]
        }
    }

    /// The NUL is for EDK2, which writes one behind the value, into the next option, and for ROMs that read until
    /// they find one. A value that fills its option has no room for it.
    private static func terminated(_ bootFile: [UInt8]) -> [UInt8] {
        bootFile.last == 0 || bootFile.count >= 255 ? bootFile : bootFile + [0]
    }

    private static func seconds(_ seconds: UInt32) -> [UInt8] { IPv4Address(rawValue: seconds).bytes }
}
