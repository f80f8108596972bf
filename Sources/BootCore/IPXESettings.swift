internal import Wire

/// iPXE's own `${…}`, as far as netbootd knows what iPXE would put there. A live host has no iPXE to do it.
struct IPXESettings {
    let machine: Machine
    let location: ServerLocation
    /// As they stand in the text, each once.
    private(set) var unresolved: [String] = []

    /// - Parameter machine: with the name that the configuration gives it.
    init(machine: Machine, location: ServerLocation) {
        self.machine = machine
        self.location = location
    }

    /// `text` with its settings filled in; those of which nothing is known stay, and are added to `unresolved`.
    mutating func expand(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
            result += rest[..<start.lowerBound]
            let setting = rest[start.lowerBound...end]
            if let value = value(of: rest[start.upperBound..<end]) {
                result += value
            } else {
                result += setting
                if !unresolved.contains(String(setting)) { unresolved.append(String(setting)) }
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    /// - Parameter setting: `net0/mac:hexhyp`. Only the first network device is meant: it is the one that boots.
    private func value(of setting: Substring) -> String? {
        let parts = setting.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let type = parts.count > 1 ? parts[1] : ""
        var name = parts.first ?? ""
        if let device = ["net0/", "netX/"].first(where: { name.hasPrefix($0) }) {
            name = name.dropFirst(device.count)
            guard ["mac", "ip", "hostname", "next-server"].contains(name) else { return nil }
        }
        if name == "mac" { return mac(as: type) }
        guard type.isEmpty || type == "string" else { return nil }
        switch name {
        case "uuid": return machine.uuid?.description
        case "serial": return known(machine.serial)
        case "asset": return known(machine.asset)
        case "hostname": return known(machine.hostname)
        case "ip": return machine.address?.description
        case "next-server": return location.address.description
        case "platform": return machine.platform?.ipxeNames?.platform
        case "buildarch": return machine.platform?.ipxeNames?.buildArchitecture
        default: return nil
        }
    }

    private func mac(as type: Substring) -> String? {
        switch type {
        case "", "hex": machine.mac?.description
        case "hexhyp": machine.mac?.hyphenated
        case "hexraw": machine.mac.map { hexadecimal($0.bytes) }
        default: nil
        }
    }

    private func known(_ text: String?) -> String? {
        let text = BootPolicy.harmless(text)
        return text.isEmpty ? nil : text
    }
}
