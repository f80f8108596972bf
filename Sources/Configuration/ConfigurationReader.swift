internal import BootCore
internal import DHCPServer
internal import Wire

/// Reads a tree of YAML values into a configuration, and reports all that is wrong with it.
///
/// The order is ours, not the file's: names come before what refers to them.
struct ConfigurationReader {
    enum Key: String, ConfigurationKey {
        case interface, address, files, state, user, dhcp, tftp, http, nfs, join, loaders, profiles, machines
        case rules
        case signingKey = "signing-key"
        case defaultTarget = "default"
        case unknown
        case localBoot = "local-boot"
        case menu
    }

    let findings: Findings
    var profileNames: [String] = []
    /// Names of `vars`, of profiles and machines alike.
    var variableNames: Set<String> = []
    var usedTargets: Set<BootTarget> = []
    /// Whether every subnet of the file could be read.
    var subnetsAreWhole = true
    var claims: [Claim: SourcePlace] = [:]
    /// Whether `{nfs}` means something.
    var exportsAreStated = false

    /// Something that only one may have.
    enum Claim: Hashable {
        case mac(MACAddress)
        case uuid(SystemUUID)
        case address(IPv4Address)
        case hostname(String)
        case export(String)
    }

    init(findings: Findings) { self.findings = findings }

    /// Nil only when so much is missing that there is no telling what is meant; errors may be there anyway.
    mutating func read(_ root: YAMLNode) -> DeploymentConfiguration? {
        let top = Cursor(node: root, path: "", findings: findings)
        guard let fields = top.fields(Key.self) else { return nil }
        var configuration = DeploymentConfiguration(
            interface: fields.required(.interface)?.parsed(.interfaceName, Self.interfaceName) ?? "",
            source: SourceMap(file: findings.file, root: root))
        readHost(fields, into: &configuration)
        readDHCP(fields, into: &configuration)
        if let tftp = fields[.tftp] { readTFTP(tftp, into: &configuration.tftp) }
        if let http = fields[.http] { readHTTP(http, into: &configuration.http) }
        if let nfs = fields[.nfs] { readNFS(nfs, into: &configuration.nfs) }
        configuration.signingKey = fields[.signingKey]?.filePath()
        if let join = fields[.join] { readJoin(join, into: &configuration.join) }
        readPolicy(fields, into: &configuration)
        warnOfSubnetsWithoutAddresses(configuration)
        return configuration
    }

    private func readHost(_ fields: Fields<Key>, into configuration: inout DeploymentConfiguration) {
        configuration.address = fields[.address]?.address()
        configuration.files = fields[.files]?.absolutePath() ?? DeploymentConfiguration.defaultFiles
        configuration.state = fields[.state]?.absolutePath() ?? DeploymentConfiguration.defaultState
        if let user = fields[.user]?.parsed(.userName, { Cursor.isName($0) ? $0 : nil }) {
            configuration.user = user
        }
    }

    private mutating func readPolicy(
        _ fields: Fields<Key>, into configuration: inout DeploymentConfiguration
    ) {
        let profiles = fields[.profiles]?.entries() ?? []
        profileNames = profiles.map(\.name)
        collectVariables(profiles: profiles, machines: fields[.machines])
        if let machines = fields[.machines] {
            configuration.machines = readMachines(machines, dhcp: configuration.dhcp)
        }
        configuration.rules = readRules(fields[.rules])
        configuration.profiles = profiles.compactMap { readProfile($0.value, name: $0.name, key: $0.key) }
        if let loaders = fields[.loaders] { configuration.loaders = readLoaders(loaders) }
        if let target = fields[.defaultTarget].flatMap({ readTarget($0) }) {
            configuration.defaultTarget = target
        }
        if let unknown = fields[.unknown]?.choice(UnknownMachines.self) {
            configuration.ignoresUnknown = unknown == .ignore
        }
        configuration.localBoot = fields[.localBoot]?.choice(LocalBootMethod.self) ?? .exit
        if let menu = fields[.menu]?.fields(MenuKey.self),
            let timeout = menu[.timeout]?.duration(atLeast: 0, atMost: 86400)
        {
            configuration.menuTimeout = timeout
        }
        warnOfUnusedProfiles(profiles.map(\.key))
    }

    private enum UnknownMachines: String, CaseIterable {
        /// They boot what `default` says.
        case defaultTarget = "default"
        /// They get no answer.
        case ignore
    }

    private enum MenuKey: String, ConfigurationKey { case timeout }

    private func warnOfUnusedProfiles(_ keys: [Cursor]) {
        guard !usedTargets.contains(.menu) else { return }
        for (key, name) in zip(keys, profileNames) where !usedTargets.contains(.profile(name)) {
            key.warn(.unusedProfile(name))
        }
    }

    private func warnOfSubnetsWithoutAddresses(_ configuration: DeploymentConfiguration) {
        guard subnetsAreWhole, configuration.dhcp.mode == .server else { return }
        let reserved = configuration.machines.compactMap(\.address)
        for (index, subnet) in configuration.dhcp.subnets.enumerated()
        where subnet.ranges.isEmpty && !reserved.contains(where: { subnet.network.contains($0) }) {
            let path = "dhcp.subnets[\(index)]"
            findings.warn(
                .noAddressesToGive(subnet.network), at: configuration.source.place(of: path), path: path)
        }
    }

    /// A profile's name, `menu` or `local`.
    mutating func readTarget(_ cursor: Cursor) -> BootTarget? {
        guard let name = cursor.text(.target) else { return nil }
        let target: BootTarget
        switch name {
        case "local": target = .local
        case "menu":
            target = .menu
            if profileNames.isEmpty { cursor.report(.boot(.menuWithoutProfiles)) }
        default:
            guard profileNames.contains(name) else {
                let known = profileNames + ["menu", "local"]
                let suggestion = findings.suggestion(for: name, among: known)
                cursor.report(.boot(.unknownProfile(name, suggestion: suggestion, known: known)))
                return nil
            }
            target = .profile(name)
        }
        usedTargets.insert(target)
        return target
    }

    /// Reports it when another has this already.
    mutating func claim(_ claim: Claim, as text: String, at cursor: Cursor) {
        if let first = claims[claim] {
            cursor.report(.duplicate(text, first: first))
        } else {
            claims[claim] = cursor.node.start
        }
    }

    /// What Linux takes for a name: up to 15 bytes without `/` and spaces.
    private static func interfaceName(_ text: String) -> String? {
        let isName = (1...15).contains(text.utf8.count) && text != "." && text != ".."
        return isName && text.allSatisfy { $0.isASCII && !$0.isWhitespace && $0 != "/" && $0 != ":" }
            && text.unicodeScalars.allSatisfy { !Cursor.isControl($0) } ? text : nil
    }
}
