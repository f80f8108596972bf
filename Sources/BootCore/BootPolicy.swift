internal import Wire

/// What firmware or a loader is to do next. Every protocol renders this, and decides nothing itself.
public enum BootStep: Equatable, Sendable {
    /// Fetch and start this boot program, a path in the tree.
    case loader(String, over: BootTransport)
    /// Fetch and run the iPXE script (`IPXEScript`).
    case script
    /// Leave the firmware to its next boot device.
    case localDisk(FirmwareRefusal)
    /// An address and nothing more.
    case addressOnly(NoBootReason)
    /// No answer at all.
    case silence(NoBootReason)
}

/// What makes a firmware give up the network and try its next boot device soonest (docs/booting.md).
public enum FirmwareRefusal: Equatable, Sendable {
    /// Offer no boot file: BIOS ROMs and iPXE go on at once.
    case noBootFile
    /// Offer a boot file that TFTP or HTTP then refuses: UEFI ignores an offer without one, and waits a minute
    /// for a better.
    case refusedBootFile

    /// The file that DHCP names for `refusedBootFile`. No server has it, and who is asked for it need not worry.
    public static let refusedFileName = "netbootd-boots-the-local-disk"
}

public enum NoBootReason: Equatable, Sendable {
    /// It is an operating system.
    case notABootClient
    /// Neither machine nor rule names it, and `unknown: ignore` is set.
    case unknownMachine
    /// It told no architecture, or one without a boot program.
    case unknownPlatform
    /// No loader is configured for this platform.
    case noLoader(Platform)
}

/// Why a machine got its target, for logs and explanations.
public enum PolicySource: Hashable, Sendable {
    case machine
    case rule(index: Int)
    case defaultTarget
}

/// Which entry each machine boots, and by which steps. A pure value made from the configuration.
public struct BootPolicy: Sendable {
    public var profiles: [Profile]
    public var machines: [KnownMachine]
    public var rules: [BootRule]
    public var defaultTarget: BootTarget
    /// Machines that neither `machines` nor `rules` name get no answer.
    public var ignoresUnknown: Bool
    public var localBoot: LocalBootMethod
    public var menuTimeout: Duration
    /// The boot program of each platform that leads to iPXE, as paths in the tree.
    public var loaders: [Platform: String]

    private let machineByMAC: [MACAddress: Int]
    private let machineByUUID: [SystemUUID: Int]
    private let profileByName: [String: Int]

    /// Debian's and Alpine's names; the two packages ship no other platform's.
    public static let defaultLoaders: [Platform: String] = [
        .bios: "undionly.kpxe",
        .uefiX64: "snponly.efi",
        .uefiIA32: "ipxe-i386.efi",
        .uefiARM64: "ipxe-arm64.efi",
    ]

    public init(
        profiles: [Profile] = [], machines: [KnownMachine] = [], rules: [BootRule] = [],
        defaultTarget: BootTarget = .local, ignoresUnknown: Bool = false, localBoot: LocalBootMethod = .exit,
        menuTimeout: Duration = .seconds(30), loaders: [Platform: String] = Self.defaultLoaders
    ) {
        self.profiles = profiles
        self.machines = machines
        self.rules = rules
        self.defaultTarget = defaultTarget
        self.ignoresUnknown = ignoresUnknown
        self.localBoot = localBoot
        self.menuTimeout = menuTimeout
        self.loaders = loaders
        machineByMAC = Self.firstIndices(machines.map { $0.mac.map { [$0] } ?? [] })
        // Both byte orders, because people copy either from firmware screens.
        machineByUUID = Self.firstIndices(machines.map { $0.uuid.map { [$0, $0.swapped] } ?? [] })
        profileByName = Self.firstIndices(profiles.map { [$0.name] })
    }

    public func knownMachine(for machine: Machine) -> KnownMachine? {
        if let mac = machine.mac, let index = machineByMAC[mac] { return machines[index] }
        if let uuid = machine.uuid, !uuid.isMeaningless, let index = machineByUUID[uuid] {
            // An entry that names another MAC means that machine alone.
            let known = machines[index]
            return known.mac == nil || machine.mac == nil ? known : nil
        }
        return nil
    }

    public func profile(named name: String) -> Profile? { profileByName[name].map { profiles[$0] } }

    /// What `machine` boots, and what said so; nil when it is unknown and unknown machines are ignored.
    ///
    /// The machine's own entry comes first, then the most specific rule (of equals the earlier), then the default.
    public func target(for machine: Machine) -> (target: BootTarget, source: PolicySource)? {
        let machine = named(machine)
        let known = knownMachine(for: machine)
        if let target = known?.target { return (target, .machine) }
        let matching = rules.indices.filter { rules[$0].selector.matches(machine) }
        let best = matching.max { left, right in
            let (first, second) = (rules[left].selector.specificity, rules[right].selector.specificity)
            return first == second ? left > right : first.lexicographicallyPrecedes(second)
        }
        if let best { return (rules[best].target, .rule(index: best)) }
        return known == nil && ignoresUnknown ? nil : (defaultTarget, .defaultTarget)
    }

    /// What `machine` is to do next.
    public func nextStep(for machine: Machine) -> BootStep {
        guard let (target, _) = target(for: machine) else { return .silence(.unknownMachine) }
        if machine.stage == .operatingSystem { return .addressOnly(.notABootClient) }
        guard let platform = machine.platform else { return .addressOnly(.unknownPlatform) }
        if target == .local { return localStep(for: machine, platform: platform) }
        if let own = ownLoader(of: target, on: platform) { return .loader(own, over: machine.transport) }
        switch machine.stage {
        case .ipxe(let features) where features.http: return .script
        case .gpxe: return .script
        case .operatingSystem, .firmware, .ipxe: break
        }
        guard let loader = loaders[platform] else { return .addressOnly(.noLoader(platform)) }
        return .loader(loader, over: machine.transport)
    }

    /// How `machine` is left to its disk from within iPXE.
    public func localBootMethod(for machine: Machine) -> LocalBootMethod {
        knownMachine(for: machine)?.localBoot ?? localBoot
    }

    /// `machine` under the name that the configuration gives it, which its own word does not change.
    public func named(_ machine: Machine) -> Machine {
        guard let hostname = knownMachine(for: machine)?.hostname else { return machine }
        var machine = machine
        machine.hostname = hostname
        return machine
    }

    /// The boot program that takes iPXE's place for this target.
    private func ownLoader(of target: BootTarget, on platform: Platform) -> String? {
        guard case .profile(let name) = target else { return nil }
        return profile(named: name)?.loaders[platform]
    }

    private func localStep(for machine: Machine, platform: Platform) -> BootStep {
        switch machine.stage {
        case .firmware where platform.isUEFI: .localDisk(.refusedBootFile)
        case .ipxe, .gpxe:
            // iPXE without a boot file gives up by itself; `sanboot` takes a script.
            localBootMethod(for: machine) == .noBootFile ? .localDisk(.noBootFile) : .script
        case .firmware, .operatingSystem: .localDisk(.noBootFile)
        }
    }

    private static func firstIndices<Key: Hashable>(_ keys: [[Key]]) -> [Key: Int] {
        var indices: [Key: Int] = [:]
        for (position, list) in keys.enumerated() {
            for key in list where indices[key] == nil { indices[key] = position }
        }
        return indices
    }
}
