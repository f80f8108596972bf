import BootCore
import Wire

/// Boot files without addresses: PXE's boot service on port 4011, and ProxyDHCP offers beside another server
/// (PXE 2.1 §2.2).
extension DHCPResponder {
    /// Answers at port 4011, in either mode: firmware asks there once an offer named PXEClient without saying
    /// where to load from.
    func bootServiceReply(
        to message: DHCPMessage, type: DHCPMessageType, of machine: Machine, via arrival: DHCPArrival
    ) throws(IgnoreReason) -> DHCPResponse {
        guard type == .request || type == .discover || type == .inform else {
            throw .unexpectedType(type.rawValue)
        }
        var machine = machine
        machine.address = ownAddress(in: message, via: arrival)
        let (data, step) = try bootData(for: message, type: type, machine: machine, in: .bootService)
        var boot = data
        // Who chose from a menu wants to see what it gets.
        if let item = message.bootItem { boot.vendorInformation = [71, 4] + item + [255] }
        var reply = DHCPReply(.acknowledgment, to: message, mtu: mtu)
        reply.clientAddress = message.clientAddress
        complete(
            &reply,
            with: options(
                for: message, type: reply.type, machine: machine,
                known: settings.policy.knownMachine(for: machine), boot: boot))
        return DHCPResponse(
            action: .reply(reply, bootServiceRoute(for: message, via: arrival)), machine: machine, step: step)
    }

    /// The address that the packet itself shows to be the machine's: what else a message says of one, anybody
    /// could say of anybody's.
    private func ownAddress(in message: DHCPMessage, via arrival: DHCPArrival) -> IPv4Address? {
        let source = arrival.source.address
        guard message.clientAddress == source || message.clientAddress == .any else { return nil }
        return isServed(source) && mayBeAnotherHost(source) ? source : nil
    }

    private func bootServiceRoute(for message: DHCPMessage, via arrival: DHCPArrival) -> ReplyRoute {
        if arrival.source.address != .any { return .bootService(arrival.source) }
        let stated = message.clientAddress
        guard isServed(stated), mayBeAnotherHost(stated) else { return .broadcast }
        return .bootService(IPv4Endpoint(address: stated, port: arrival.source.port))
    }

    /// Answers at port 67 in proxy mode.
    func proxyReply(
        to message: DHCPMessage, type: DHCPMessageType, of machine: Machine, via arrival: DHCPArrival
    ) throws(IgnoreReason) -> DHCPResponse {
        guard Machine.isBootClient(message) else { throw .notABootClient }
        var machine = machine
        guard type == .discover else {
            // The other server's business; but now it is known which address the machine will have.
            machine.address = type == .request ? message.requestedAddress : nil
            return DHCPResponse(action: .ignore(.proxyMode), machine: machine)
        }
        let (boot, step) = try bootData(for: message, type: type, machine: machine, in: .proxyOffer)
        var reply = DHCPReply(.offer, to: message, mtu: mtu)
        complete(
            &reply,
            with: options(
                for: message, type: reply.type, machine: machine,
                known: settings.policy.knownMachine(for: machine), boot: boot))
        return DHCPResponse(
            action: .reply(reply, ReplyRoute(for: reply, to: message, via: arrival)), machine: machine,
            step: step)
    }

    private func bootData(
        for message: DHCPMessage, type: DHCPMessageType, machine: Machine, in setting: BootData.Setting
    ) throws(IgnoreReason) -> (BootData, BootStep) {
        guard Machine.isBootClient(message) else { throw .notABootClient }
        let step = try stepToTell(machine, in: type)
        switch step {
        case .loader, .script, .localDisk(.refusedBootFile): break
        case .localDisk(.noBootFile): throw .bootsFromDisk
        case .addressOnly(let reason), .silence(let reason): throw .policy(reason)
        }
        let data = BootData(
            for: step, of: machine, isBootClient: true, from: settings.location, in: setting)
        return (data, step)
    }
}
