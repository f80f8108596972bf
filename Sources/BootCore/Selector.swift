public import Wire

/// What a machine boots, in the configuration's words.
public enum BootTarget: Hashable, Sendable {
    case profile(String)
    /// An iPXE menu of all profiles.
    case menu
    /// The machine's own disk.
    case local
}

/// How a machine is left to its own disk once iPXE runs on it.
public enum LocalBootMethod: String, CaseIterable, Sendable {
    /// Leave iPXE with an error, so that the firmware goes on to its next boot device.
    case exit
    /// Let iPXE start the first BIOS disk itself, for firmware that stops after a network boot (BIOS only).
    case sanboot
    /// Give an address and no boot file at all.
    case noBootFile = "no-boot-file"
}

/// A machine that the configuration names.
public struct KnownMachine: Hashable, Sendable {
    public var mac: MACAddress?
    public var uuid: SystemUUID?
    public var hostname: String?
    public var address: IPv4Address?
    /// Nil: what the rules or the default say.
    public var target: BootTarget?
    public var localBoot: LocalBootMethod?
    public var vars: [String: String]
    public var dhcpOptions: [ExtraDHCPOption]

    public init(
        mac: MACAddress? = nil, uuid: SystemUUID? = nil, hostname: String? = nil, address: IPv4Address? = nil,
        target: BootTarget? = nil, localBoot: LocalBootMethod? = nil, vars: [String: String] = [:],
        dhcpOptions: [ExtraDHCPOption] = []
    ) {
        self.mac = mac
        self.uuid = uuid
        self.hostname = hostname
        self.address = address
        self.target = target
        self.localBoot = localBoot
        self.vars = vars
        self.dhcpOptions = dhcpOptions
    }
}

/// Which machines a rule is for. Everything that is set must match; nothing set matches every machine.
public struct Selector: Hashable, Sendable {
    public var mac: MACAddress?
    public var uuid: SystemUUID?
    /// A name, or a beginning of names when it ends in `*`; letter case does not count.
    public var hostname: String?
    public var subnet: IPv4Network?
    public var platform: Platform?

    public init(
        mac: MACAddress? = nil, uuid: SystemUUID? = nil, hostname: String? = nil, subnet: IPv4Network? = nil,
        platform: Platform? = nil
    ) {
        self.mac = mac
        self.uuid = uuid
        self.hostname = hostname
        self.subnet = subnet
        self.platform = platform
    }

    public func matches(_ machine: Machine) -> Bool {
        if let mac, machine.mac != mac { return false }
        if let uuid, machine.uuid != uuid, machine.uuid?.swapped != uuid { return false }
        if let hostname, !Self.matches(hostname, machine.hostname) { return false }
        if let subnet {
            guard let address = machine.address, subnet.contains(address) else { return false }
        }
        if let platform, machine.platform != platform { return false }
        return true
    }

    /// Larger is more specific: MAC, then UUID, host name (whole before beginning), subnet (longer prefix
    /// first), architecture.
    var specificity: [Int] {
        [
            mac == nil ? 0 : 1,
            uuid == nil ? 0 : 1,
            hostname.map { $0.hasSuffix("*") ? $0.count : 1000 } ?? 0,
            subnet.map { $0.prefixLength + 1 } ?? 0,
            platform == nil ? 0 : 1,
        ]
    }

    private static func matches(_ pattern: String, _ hostname: String?) -> Bool {
        guard let hostname = hostname?.lowercased() else { return false }
        let pattern = pattern.lowercased()
        return pattern.hasSuffix("*") ? hostname.hasPrefix(pattern.dropLast()) : hostname == pattern
    }
}

/// What the machines that a selector matches boot.
public struct BootRule: Hashable, Sendable {
    public var selector: Selector
    public var target: BootTarget

    public init(selector: Selector, target: BootTarget) {
        self.selector = selector
        self.target = target
    }
}
