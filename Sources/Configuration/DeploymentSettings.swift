public import BootCore
public import DHCPServer
public import HTTPServer
public import NFSServer
public import TFTPServer
public import Wire

/// What each server is told.
extension DeploymentConfiguration {
    /// The stated loaders over the defaults.
    public var allLoaders: [Platform: String] {
        BootPolicy.defaultLoaders.merging(loaders) { $1 }
    }

    /// - Parameter loaders: those that are really there (`HostCheck` tells); nil: all.
    public func policy(loaders: [Platform: String]? = nil) -> BootPolicy {
        BootPolicy(
            profiles: profiles, machines: machines, rules: rules, defaultTarget: defaultTarget,
            ignoresUnknown: ignoresUnknown, localBoot: localBoot, menuTimeout: menuTimeout,
            loaders: loaders ?? allLoaders)
    }

    /// Where clients find a server that uses this address.
    public func location(address: IPv4Address) -> ServerLocation {
        ServerLocation(address: address, httpPort: http.port, tftpPort: tftp.port)
    }

    public func dhcpSettings(address: IPv4Address, policy: BootPolicy) -> DHCPSettings {
        DHCPSettings(
            mode: dhcp.mode, authoritative: dhcp.authoritative, subnets: dhcp.subnets, policy: policy,
            location: location(address: address),
            answersRouterSolicitations: dhcp.answersRouterSolicitations)
    }

    /// - Parameter mtu: the interface's, in bytes.
    public func tftpSettings(address: IPv4Address, mtu: Int) -> TFTPSettings {
        TFTPSettings(
            address: address, port: tftp.port, singlePort: tftp.singlePort,
            maximumTransfers: tftp.maximumTransfers,
            maximumTransfersPerClient: tftp.maximumTransfersPerClient,
            maximumWindowSize: tftp.maximumWindowSize, mtu: mtu)
    }

    /// - Parameters:
    ///   - interface: whose IPv6 addresses are served, too.
    ///   - exports: with the names in them looked up (`HostCheck` does that).
    public func nfsSettings(
        address: IPv4Address, interface: String, policy: BootPolicy, exports: [NFSExport]
    ) -> NFSSettings {
        NFSSettings(
            address: address, interface: interface, port: nfs.port, threads: nfs.threads,
            maximumConnections: nfs.maximumConnections,
            maximumConnectionsPerClient: nfs.maximumConnectionsPerClient, exports: exports, policy: policy,
            domains: domains)
    }

    /// Behind the names of machines, by the networks that these are in.
    var domains: [IPv4Network: String] {
        Dictionary(dhcp.subnets.compactMap { subnet in subnet.domain.map { (subnet.network, $0) } }) { $1 }
    }

    /// Where a package puts the static client.
    public static let packagedExecutable = "/usr/lib/netbootd/kexec-join"

    /// - Parameters:
    ///   - signingKey: the content of the file that `signing-key` names.
    ///   - programFolder: where this program is, for a client beside it.
    public func httpSettings(
        address: IPv4Address, policy: BootPolicy, signingKey: SigningKeyFile? = nil,
        programFolder: String? = nil
    ) -> HTTPSettings {
        HTTPSettings(
            location: location(address: address), policy: policy, threads: http.threads,
            maximumConnections: http.maximumConnections,
            maximumConnectionsPerClient: http.maximumConnectionsPerClient, idleTimeout: http.idleTimeout,
            signingKey: signingKey.flatMap { SigningKey(seed: $0.bytes) },
            joinExecutables: join.executable.map { [$0] }
                ?? (programFolder.map { ["\($0)/kexec-join"] } ?? []) + [Self.packagedExecutable])
    }
}
