import Wire

/// dracut.cmdline(7): the one dialect that can be told of bonds, VLANs, MTUs and gateways outside the network.
extension IPWriter {
    mutating func addDracut(_ live: LiveAddress, isStatic: Bool) {
        let device = addDracutDevice()
        let mtu = live.mtu == 1500 ? "" : ":\(live.mtu)"
        let before = words.count
        if isStatic {
            for assigned in [live.ipv4, live.ipv6].compactMap({ $0 }) {
                addDracutRoutes(assigned, device)
                let fields = [
                    bracketed(assigned.address), "", assigned.gateway.map(bracketed) ?? "",
                    "\(assigned.prefixLength)", live.hostname ?? "", device, "none",
                ]
                words.append("ip=" + fields.joined(separator: ":") + mtu)
            }
        } else if device.isEmpty {
            words.append("ip=dhcp")
        } else if live.ipv4 != nil || live.ipv6Autoconfiguration == .none {
            words.append("ip=\(device):dhcp\(mtu)")
        }
        if !isStatic || live.ipv6 == nil {
            switch live.ipv6Autoconfiguration {
            case .none: break
            case .routerAdvertisement where needsIPv6(live): words.append("ip=\(device):auto6\(mtu)")
            case .dhcpv6 where needsIPv6(live): words.append("ip=\(device):dhcp6\(mtu)")
            case .routerAdvertisement, .dhcpv6: break
            }
        }
        if words[before...].filter({ $0.hasPrefix("ip=") }).count > 1 { words.append("bootdev=\(device)") }
        if isStatic { words += live.nameservers.prefix(3).map { "nameserver=\(bracketed($0))" } }
        words.append("rd.neednet=1")
        // What is named by `ifname=` is not to be configured a second time by its MAC.
        if uplink?.port.mac != nil { words.append("rd.bootif=0") }
    }

    /// An IPv4 host gets its IPv6 address from the router in any case.
    private func needsIPv6(_ live: LiveAddress) -> Bool { live.ipv4 == nil || uplink?.server?.v6 != nil }

    /// Names the card by its MAC, builds what stands on it, and answers the name of the uppermost.
    ///
    /// The names are ours: one of the kernel's (`eth0`) could be another card's at that moment.
    private mutating func addDracutDevice() -> String {
        guard let uplink else { return "" }
        var device = "bootnet"
        var vlans: [Int] = []
        var bond: Bond?
        for layer in uplink.layers {
            switch layer {
            case .bond(let found): bond = found
            case .vlan(_, let id): vlans.append(id)
            case .other(let name, "team"): warnings.append(.team(name: name))
            case .bridge, .other: break
            }
        }
        if let bond, bond.ports.count > 1 || bond.needsSwitch {
            device = "bootbond"
            let names = bond.ports.indices.map { "bootnet\($0)" }
            words += zip(names, bond.ports).compactMap { name, port in port.mac.map { "ifname=\(name):\($0)" }
            }
            let options = "mode=\(bond.mode)" + (bond.miimon.map { ",miimon=\($0)" } ?? "")
            words.append("bond=\(device):\(names.joined(separator: ",")):\(options)")
        } else if let mac = uplink.port.mac {
            words.append("ifname=\(device):\(mac)")
        } else {
            device = uplink.port.name
        }
        if vlans.count > 1 { warnings.append(.stackedVLANs(vlans)) }
        if let id = vlans.first {
            words.append("vlan=\(device).\(id):\(device)")
            device += ".\(id)"
        }
        return device
    }

    /// The way to a gateway outside the network comes first; then the default route, which dracut's own scripts could
    /// not set before.
    private mutating func addDracutRoutes(_ assigned: LiveAddress.Assigned, _ device: String) {
        guard assigned.hasOffLinkGateway, let gateway = assigned.gateway else { return }
        let (host, world) = gateway.v4 == nil ? (128, "[::/0]") : (32, "0.0.0.0/0")
        let target = gateway.v4 == nil ? "[\(gateway)/\(host)]" : "\(gateway)/\(host)"
        words += ["rd.route=\(target)::\(device)", "rd.route=\(world):\(bracketed(gateway)):\(device)"]
    }

    private func bracketed(_ address: IPAddress) -> String {
        address.v4 == nil ? "[\(address)]" : "\(address)"
    }
}
