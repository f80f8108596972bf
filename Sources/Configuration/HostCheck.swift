public import BootCore
internal import DHCPServer
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
}

/// What came of comparing a configuration with the host.
public struct HostReport: Sendable {
    /// Nil when there is any error.
    public var selection: HostSelection?
    public var errors: [ConfigurationError]
    public var warnings: [ConfigurationWarning]
}

/// Compares a configuration with the host that is to serve it.
public struct HostCheck<Facts: HostFacts> {
    let configuration: DeploymentConfiguration
    let facts: Facts
    let findings: Findings

    /// - Parameter checksPorts: false on a reload, when we hold the ports ourselves.
    public static func run(
        _ configuration: DeploymentConfiguration, facts: Facts, checksPorts: Bool = true
    ) -> HostReport {
        let findings = Findings(file: configuration.source.file)
        let check = HostCheck(configuration: configuration, facts: facts, findings: findings)
        let interface = check.interface()
        let address = interface.flatMap { check.address(on: $0) }
        let user = check.user()
        let loaders = check.files(for: user ?? facts.currentUser)
        check.state(for: user ?? facts.currentUser)
        if checksPorts, let address { check.ports(at: address) }
        var selection: HostSelection?
        if let interface, let address, let user, findings.errors.isEmpty {
            selection = HostSelection(interface: interface, address: address, user: user, loaders: loaders)
        }
        return HostReport(
            selection: selection, errors: findings.sortedErrors, warnings: findings.sortedWarnings)
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

    private func ports(at address: IPv4Address) {
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
        for (port, device, path) in ports {
            switch facts.portState(port, device: device) {
            case .free: break
            case .taken(let holder): report(.portTaken(port, holder: holder?.description), path: path)
            case .failed(let error) where error.isPermission: warn(.portNotTried(port), path: path)
            case .failed(let error):
                report(.portRefused(port, reason: SystemError.text(of: error.code)), path: path)
            }
        }
    }
}
