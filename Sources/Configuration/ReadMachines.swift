internal import BootCore
internal import DHCPServer
internal import Wire

/// `machines` and `rules`.
extension ConfigurationReader {
    private enum MachineKey: String, ConfigurationKey {
        case mac, uuid, hostname, address, profile, vars, options
        case localBoot = "local-boot"
    }

    private enum RuleKey: String, ConfigurationKey { case match, profile }

    private enum MatchKey: String, ConfigurationKey { case mac, uuid, arch, subnet, hostname }

    mutating func readMachines(_ cursor: Cursor, dhcp: DeploymentConfiguration.DHCP) -> [KnownMachine] {
        var machines: [KnownMachine] = []
        for item in cursor.items() ?? [] {
            guard let fields = item.fields(MachineKey.self) else { continue }
            machines.append(readMachine(fields, dhcp: dhcp))
        }
        return machines
    }

    private mutating func readMachine(
        _ fields: Fields<MachineKey>, dhcp: DeploymentConfiguration.DHCP
    ) -> KnownMachine {
        var machine = KnownMachine()
        if fields[.mac] == nil, fields[.uuid] == nil { fields.place.report(.boot(.machineWithoutIdentity)) }
        if let cursor = fields[.mac], let mac = cursor.mac() {
            machine.mac = mac
            claim(.mac(mac), as: "\(mac)", at: cursor)
        }
        if let cursor = fields[.uuid], let uuid = cursor.uuid() {
            machine.uuid = uuid
            claim(.uuid(uuid), as: "\(uuid)", at: cursor)
            // The policy knows it by both byte orders.
            if uuid.swapped != uuid { claims[.uuid(uuid.swapped)] = cursor.node.start }
        }
        if let cursor = fields[.hostname], let hostname = cursor.hostname() {
            machine.hostname = hostname
            claim(.hostname(hostname.lowercased()), as: hostname, at: cursor)
        }
        if let cursor = fields[.address], let address = cursor.address() {
            machine.address = address
            claim(.address(address), as: "\(address)", at: cursor)
            check(reservation: address, in: dhcp, at: cursor)
        }
        machine.target = fields[.profile].flatMap { readTarget($0) }
        machine.localBoot = fields[.localBoot]?.choice(LocalBootMethod.self)
        machine.vars = fields[.vars].map(readVariables) ?? [:]
        machine.dhcpOptions = fields[.options].map(readOptions) ?? []
        return machine
    }

    private func check(
        reservation address: IPv4Address, in dhcp: DeploymentConfiguration.DHCP, at cursor: Cursor
    ) {
        // Without a readable subnet there is an error already.
        guard dhcp.mode == .server, !dhcp.subnets.isEmpty else { return }
        guard let subnet = dhcp.subnets.first(where: { $0.network.contains(address) }) else {
            if subnetsAreWhole {
                cursor.report(.addressing(.inNoSubnet(address, dhcp.subnets.map(\.network))))
            }
            return
        }
        guard isHost(address, of: subnet.network, at: cursor) else { return }
        if subnet.router == address { cursor.report(.addressing(.taken(address, .router))) }
    }

    mutating func readRules(_ cursor: Cursor?) -> [BootRule] {
        var rules: [BootRule] = []
        for item in cursor?.items() ?? [] {
            guard let fields = item.fields(RuleKey.self) else { continue }
            let selector = fields.required(.match).flatMap { readSelector($0) }
            let target = fields.required(.profile).flatMap { readTarget($0) }
            if let selector, let target { rules.append(BootRule(selector: selector, target: target)) }
        }
        return rules
    }

    private func readSelector(_ cursor: Cursor) -> Selector? {
        guard let fields = cursor.fields(MatchKey.self) else { return nil }
        if fields.isEmpty { cursor.report(.boot(.ruleWithoutMatch)) }
        return Selector(
            mac: fields[.mac]?.mac(), uuid: fields[.uuid]?.uuid(),
            hostname: fields[.hostname]?.parsed(.hostnamePattern, Self.hostnamePattern),
            subnet: fields[.subnet]?.network(), platform: fields[.arch]?.choice(Platform.self))
    }

    /// A host name, or the beginning of one and a `*`.
    private static func hostnamePattern(_ text: String) -> String? {
        guard text.last == "*" else { return Cursor.isHostname(text) ? text : nil }
        // Whatever may follow the beginning, so a hyphen may end it.
        return text == "*" || Cursor.isHostname(text.dropLast() + "x") ? text : nil
    }
}
