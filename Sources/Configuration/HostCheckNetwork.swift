internal import BootCore
internal import DHCPServer
internal import SystemIO
internal import Wire

/// The interface and its addresses.
extension HostCheck {
    func interface() -> NetworkInterface? {
        let name = configuration.interface
        let all: [NetworkInterface]
        do throws(SystemError) {
            all = try facts.interfaces()
        } catch {
            report(.interfacesUnknown(reason: error.description), path: "interface")
            return nil
        }
        guard let interface = all.first(where: { $0.name == name }) else {
            let there = all.map(\.name)
            report(
                .noSuchInterface(name, there: there, suggestion: closest(to: name, among: there)),
                path: "interface")
            return nil
        }
        if !interface.isUp { report(.interfaceIsDown(name), path: "interface") }
        if interface.mac == nil, configuration.dhcp.mode != .off {
            report(.interfaceWithoutMAC(name), path: "interface")
        }
        return interface
    }

    /// The address that the configuration names, or the only one that can be meant.
    func address(on interface: NetworkInterface) -> IPv4Address? {
        let there = interface.addresses.map(\.address)
        guard !there.isEmpty else {
            report(.interfaceWithoutAddress(interface.name), path: "interface")
            return nil
        }
        guard let chosen = chosenAddress(of: interface, there: there) else { return nil }
        checkSubnet(of: chosen, on: interface)
        checkReservations(against: chosen)
        return chosen
    }

    private func chosenAddress(of interface: NetworkInterface, there: [IPv4Address]) -> IPv4Address? {
        if let stated = configuration.address {
            if there.contains(stated) { return stated }
            report(
                .addressNotOnInterface(stated, interface: interface.name, there: there), path: "address")
            return nil
        }
        let subnets = configuration.dhcp.subnets.map(\.network)
        let candidates =
            switch configuration.dhcp.mode {
            case .server: there.filter { address in subnets.contains { $0.contains(address) } }
            case .proxy, .off: there
            }
        guard let first = candidates.first else {
            report(
                .addressNotServed(interface: interface.name, there: there, subnets: subnets),
                path: "interface")
            return nil
        }
        guard candidates.count == 1 else {
            report(.severalAddresses(interface: interface.name, candidates), path: "interface")
            return nil
        }
        return first
    }

    private func checkSubnet(of address: IPv4Address, on interface: NetworkInterface) {
        guard configuration.dhcp.mode == .server else { return }
        let subnets = configuration.dhcp.subnets
        guard let index = subnets.firstIndex(where: { $0.network.contains(address) }) else {
            warn(.addressInNoSubnet(address), path: "address")
            return
        }
        let own = interface.addresses.first { $0.address == address }?.network
        if let own, own != subnets[index].network {
            warn(
                .prefixDiffers(interface: own, subnet: subnets[index].network),
                path: "dhcp.subnets[\(index)].subnet")
        }
        if subnets[index].network.isReserved(address) {
            report(.addressing(.reserved(address, subnets[index].network)), path: "interface")
        }
    }

    private func checkReservations(against address: IPv4Address) {
        guard configuration.dhcp.mode == .server else { return }
        for (index, machine) in configuration.machines.enumerated() where machine.address == address {
            report(.addressing(.taken(address, .server)), path: "machines[\(index)].address")
        }
    }
}
