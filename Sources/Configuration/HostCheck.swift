public import BootCore
internal import DHCPServer
public import NFSServer
public import SystemIO
public import Wire

/// What of the host the servers use.
public struct HostSelection: Equatable, Sendable {
    public var interface: NetworkInterface
    /// The interface's address that the servers use.
    public var address: IPv4Address
    /// Who the servers are once they have their ports.
    public var user: UserIdentity
    /// The boot programs that are there.
    public var loaders: [Platform: String]
    /// Nil when the configuration names none.
    public var signingKey: SigningKeyFile?
    /// Of the configuration and of the file of exports(5) that it names.
    public var exports: [NFSExport] = []
}

/// What came of comparing a configuration with the host.
public struct HostReport: Sendable {
    /// Nil when there is any error.
    public var selection: HostSelection?
    public var errors: [ConfigurationError]
    public var warnings: [ConfigurationWarning]
}

/// Who may hold the ports that a configuration wants.
public enum PortExpectation: Equatable, Sendable {
    /// Nobody: we are about to take them.
    case mustBeFree
    /// Nobody, or a netbootd that serves already and is to take the changed file later.
    case mayBeOurs
    /// We do, so there is nothing to look at.
    case areOurs
}

/// Compares a configuration with the host that is to serve it.
public struct HostCheck<Facts: HostFacts> {
    let configuration: DeploymentConfiguration
    let facts: Facts
    let findings: Findings

    public static func run(
        _ configuration: DeploymentConfiguration, facts: Facts, ports: PortExpectation = .mustBeFree
    ) -> HostReport {
        let findings = Findings(file: configuration.source.file)
        let check = HostCheck(configuration: configuration, facts: facts, findings: findings)
        let interface = check.interface()
        let address = interface.flatMap { check.address(on: $0) }
        let user = check.user()
        let loaders = check.files(for: user ?? facts.currentUser)
        check.state(for: user ?? facts.currentUser)
        let signingKey = check.signingKey(for: user ?? facts.currentUser)
        check.joinExecutable(for: user ?? facts.currentUser)
        let exports = check.exports()
        if let address { check.ports(at: address, ports) }
        var selection: HostSelection?
        if let interface, let address, let user, findings.errors.isEmpty {
            selection = HostSelection(
                interface: interface, address: address, user: user, loaders: loaders, signingKey: signingKey,
                exports: exports)
        }
        return HostReport(
            selection: selection, errors: findings.sortedErrors, warnings: findings.sortedWarnings)
    }

    /// Checks what came of a file, even of one with errors, so that all is said at once.
    ///
    /// Of a file with errors only that is checked which other errors cannot make wrong: interface, files and
    /// folders.
    ///
    /// - Returns: nil when nothing of the file could be read.
    public static func run(
        _ report: ConfigurationReport, facts: Facts, ports: PortExpectation = .mustBeFree
    ) -> HostReport? {
        if let configuration = report.configuration { return run(configuration, facts: facts, ports: ports) }
        guard let configuration = report.readable else { return nil }
        let findings = Findings(file: configuration.source.file)
        let check = HostCheck(configuration: configuration, facts: facts, findings: findings)
        if !configuration.interface.isEmpty { _ = check.interface() }
        let user = check.user() ?? facts.currentUser
        _ = check.files(for: user)
        check.state(for: user)
        _ = check.signingKey(for: user)
        check.joinExecutable(for: user)
        _ = check.exports()
        return HostReport(
            selection: nil, errors: findings.sortedErrors, warnings: findings.sortedWarnings)
    }

    func report(_ problem: HostProblem, path: String) { report(.host(problem), path: path) }

    func report(_ problem: ConfigurationProblem, path: String) {
        findings.report(problem, at: configuration.source.place(of: path), path: path)
    }

    func warn(_ advice: ConfigurationAdvice, path: String) {
        findings.warn(advice, at: configuration.source.place(of: path), path: path)
    }

    /// Who the servers will be: root becomes the configuration's user, anybody else stays who he is.
    private func user() -> UserIdentity? {
        let current = facts.currentUser
        guard current.userID == 0 else { return current }
        if let user = facts.user(named: configuration.user) { return user }
        let substitute = "nobody"
        let isStated = configuration.source.place(of: "user") != nil
        guard !isStated, let nobody = facts.user(named: substitute) else {
            report(.noSuchUser(configuration.user), path: "user")
            return nil
        }
        warn(.defaultUserMissing(configuration.user, instead: substitute), path: "user")
        return nobody
    }

    /// A rpcbind may have it: then it is told of our ports.
    private func checkPortmapper(at address: IPv4Address) {
        let port = HostPort(transport: .tcp, address: address, number: 111)
        guard case .taken(let holder) = facts.portState(port, device: nil) else { return }
        if let holder, ["netbootd", "rpcbind"].contains(holder.name) { return }
        warn(.portmapperTaken(holder: holder?.description), path: "nfs")
    }

    private func ports(at address: IPv4Address, _ expectation: PortExpectation) {
        guard expectation != .areOurs else { return }
        var ports: [(port: HostPort, device: String?, path: String)] = []
        if configuration.dhcp.mode != .off {
            for number: UInt16 in [67, 4011] {
                let port = HostPort(transport: .udp, address: .any, number: number)
                ports.append((port, configuration.interface, "dhcp"))
            }
        }
        let tftp = HostPort(transport: .udp, address: address, number: configuration.tftp.port)
        let http = HostPort(transport: .tcp, address: address, number: configuration.http.port)
        ports += [(tftp, nil, "tftp.port"), (http, nil, "http.port")]
        if configuration.nfs.isUsed {
            for transport in [HostPort.Transport.tcp, .udp] {
                let nfs = HostPort(transport: transport, address: address, number: configuration.nfs.port)
                ports.append((nfs, nil, "nfs.port"))
            }
            checkPortmapper(at: address)
        }
        for (port, device, path) in ports {
            switch facts.portState(port, device: device) {
            case .free: break
            case .taken(let holder?) where holder.name == "netbootd" && expectation == .mayBeOurs:
                warn(.portHeldByOurs(port, holder: holder.description), path: path)
            case .taken(let holder): report(.portTaken(port, holder: holder?.description), path: path)
            case .failed(let error) where error.isPermission: warn(.portNotTried(port), path: path)
            case .failed(let error):
                report(.portRefused(port, reason: SystemError.text(of: error.code)), path: path)
            }
        }
    }
}
