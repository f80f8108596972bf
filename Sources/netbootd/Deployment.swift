import BootCore
import Configuration
import DHCPServer
import HTTPServer
import NFSServer
import SystemIO
import TFTPServer
import Wire

/// A configuration that passed every check, with what of this host it uses.
struct Deployment {
    let configuration: DeploymentConfiguration
    let host: HostSelection

    private var policy: BootPolicy { configuration.policy(loaders: host.loaders) }

    var dhcpSettings: DHCPSettings { configuration.dhcpSettings(address: host.address, policy: policy) }
    var tftpSettings: TFTPSettings {
        configuration.tftpSettings(address: host.address, mtu: host.interface.mtu)
    }
    var httpSettings: HTTPSettings {
        let program = HostFiles.live.link("/proc/self/exe")
        return configuration.httpSettings(
            address: host.address, policy: policy, signingKey: host.signingKey,
            programFolder: program?.lastIndex(of: "/").flatMap { end in program.map { String($0[..<end]) } })
    }

    var nfsSettings: NFSSettings {
        configuration.nfsSettings(
            address: host.address, interface: host.interface.name, policy: policy, exports: host.exports)
    }

    var isExporting: Bool { !host.exports.isEmpty }

    /// One line for whoever started it.
    var summary: String {
        let location = configuration.location(address: host.address)
        let dhcp =
            switch configuration.dhcp.mode {
            case .server:
                "DHCP for \(configuration.dhcp.subnets.map(\.network.description).joined(separator: ", "))"
            case .proxy: "proxy DHCP"
            case .off: "no DHCP"
            }
        let count = host.exports.count
        let nfs = count == 0 ? "" : ", NFS (\(count) \(count == 1 ? "export" : "exports"))"
        return "\(dhcp), TFTP\(nfs) and \(location.httpBase) on \(host.interface.name)"
    }

    /// The keys that this changes and only a restart can bring about.
    func needsRestart(after running: Deployment) -> [String] {
        let (new, old) = (configuration, running.configuration)
        let settings: [(key: String, isSame: Bool)] = [
            ("interface", new.interface == old.interface),
            ("address", host.address == running.host.address),
            ("state", new.state == old.state),
            ("user", new.user == old.user),
            ("dhcp.mode", (new.dhcp.mode == .off) == (old.dhcp.mode == .off)),
            ("tftp.port", new.tftp.port == old.tftp.port),
            ("http.port", new.http.port == old.http.port),
            ("http.threads", new.http.threads == old.http.threads),
            ("http.max-connections", new.http.maximumConnections == old.http.maximumConnections),
            (
                "http.max-connections-per-client",
                new.http.maximumConnectionsPerClient == old.http.maximumConnectionsPerClient
            ),
            ("http.idle-timeout", new.http.idleTimeout == old.http.idleTimeout),
            // Its ports are opened at the start only; without exports they are served and have nothing to offer.
            ("nfs", running.isExporting || !isExporting),
            ("nfs.port", new.nfs.port == old.nfs.port),
            ("nfs.threads", new.nfs.threads == old.nfs.threads),
        ]
        return settings.filter { !$0.isSame }.map(\.key)
    }

    /// This, but for what stays as it runs until a restart: nobody is to be told of a port that is not open.
    func keepingWhatNeedsRestart(of running: Deployment) -> Deployment {
        var configuration = configuration
        let old = running.configuration
        configuration.interface = old.interface
        configuration.address = old.address
        configuration.state = old.state
        configuration.user = old.user
        if (configuration.dhcp.mode == .off) != (old.dhcp.mode == .off) {
            configuration.dhcp.mode = old.dhcp.mode
        }
        configuration.tftp.port = old.tftp.port
        configuration.http = old.http
        var host = running.host
        host.loaders = self.host.loaders
        host.signingKey = self.host.signingKey
        if running.isExporting { host.exports = self.host.exports }
        configuration.nfs.port = old.nfs.port
        configuration.nfs.threads = old.nfs.threads
        return Deployment(configuration: configuration, host: host)
    }
}

/// What came of reading a configuration file and comparing it with this host.
struct CheckedConfiguration {
    /// Nil when there is any error.
    let deployment: Deployment?
    /// A line each, with its place.
    let errors: [String]
    let warnings: [String]
    private let path: String

    init(path: String, ports: PortExpectation) {
        self.path = path
        let report = DeploymentConfiguration.load(path: path)
        let host = HostCheck.run(report, facts: LiveHostFacts(), ports: ports)
        if let configuration = report.configuration, let selection = host?.selection {
            deployment = Deployment(configuration: configuration, host: selection)
        } else {
            deployment = nil
        }
        errors = (report.errors + (host?.errors ?? [])).map(\.description)
        warnings = (report.warnings + (host?.warnings ?? [])).map(\.description)
    }

    /// "netbootd.yaml: 3 errors"
    var verdict: String {
        "\(path): \(errors.count) \(errors.count == 1 ? "error" : "errors")"
    }
}
