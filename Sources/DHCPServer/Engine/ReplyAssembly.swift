import BootCore
import Wire

/// What goes into replies.
extension DHCPResponder {
    /// The policy's word, unless that is silence.
    func step(for machine: Machine) throws(IgnoreReason) -> BootStep {
        let step = settings.policy.nextStep(for: machine)
        if case .silence(let reason) = step { throw .policy(reason) }
        return step
    }

    /// iPXE never sends an INFORM: who does so in its name is a live host that looks for its boot server
    /// (kexec-join). The script's URL tells it, even where the machine's firmware is to boot from disk.
    func stepToTell(_ machine: Machine, in type: DHCPMessageType) throws(IgnoreReason) -> BootStep {
        let step = try step(for: machine)
        guard type == .inform, case .ipxe = machine.stage else { return step }
        return .script
    }

    func leaseSeconds(for exchange: Exchange) -> UInt32 {
        let configured = subnetOptions[exchange.subnet].leaseSeconds
        return exchange.machine.stage == .operatingSystem
            ? configured : max(configured, Self.minimumBootLeaseSeconds)
    }

    func serverIdentifier(for message: DHCPMessage) -> IPv4Address {
        message.relayServerIdentifierOverride ?? settings.location.address
    }

    /// Adds options and boot data to an OFFER or ACK. Both carry the same, for EDK2 uses the one's or the other's.
    func fill(_ reply: inout DHCPReply, for exchange: Exchange, step: BootStep, leaseSeconds: UInt32?) {
        let boot = BootData(
            for: step, of: exchange.machine, isBootClient: Machine.isBootClient(exchange.message),
            from: settings.location, in: .server)
        var options = options(
            for: exchange.message, type: reply.type, machine: exchange.machine, known: exchange.known,
            boot: boot)
        options.leaseSeconds = leaseSeconds
        options.subnet = subnetOptions[exchange.subnet]
        options.extra = subnetOptions[exchange.subnet].extra + options.extra
        complete(&reply, with: options)
    }

    /// The options of any reply with boot data, without what concerns a subnet.
    func options(
        for message: DHCPMessage, type: DHCPMessageType, machine: Machine, known: KnownMachine?,
        boot: BootData
    ) -> ReplyOptions {
        ReplyOptions(
            message: message, type: type, serverIdentifier: serverIdentifier(for: message),
            bootServer: settings.location.address, boot: boot,
            hostname: known?.hostname, extra: extraOptions(for: machine, known: known),
            isBootClient: machine.stage != .operatingSystem)
    }

    func complete(_ reply: inout DHCPReply, with options: ReplyOptions) {
        reply.nextServer = settings.location.address
        if let configured = options.extraValue(of: .bootFile) {
            reply.setBootFile(String(decoding: configured.prefix { $0 != 0 }, as: UTF8.self))
        } else if let bootFile = options.boot.bootFile {
            // Firmware reads one or the other, shim this alone, iPXE this first: both say the same.
            reply.setBootFile(bootFile)
        }
        reply.options = options.list()
    }

    /// The profile's, then the machine's own.
    private func extraOptions(for machine: Machine, known: KnownMachine?) -> [ExtraDHCPOption] {
        let own = known?.dhcpOptions ?? []
        guard profilesHaveOptions, case .profile(let name) = settings.policy.target(for: machine)?.target,
            let profile = settings.policy.profile(named: name)
        else { return own }
        return profile.dhcpOptions + own
    }

    func response(_ reply: DHCPReply, to exchange: Exchange, step: BootStep?) -> DHCPResponse {
        DHCPResponse(
            action: .reply(reply, ReplyRoute(for: reply, to: exchange.message, via: exchange.arrival)),
            machine: exchange.machine, step: step, remarks: exchange.remarks)
    }
}
