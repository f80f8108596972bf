internal import BootCore
internal import DHCPServer
internal import Wire

/// `dhcp`, `tftp`, `http` and `join`.
extension ConfigurationReader {
    private enum DHCPKey: String, ConfigurationKey {
        case mode, subnets, authoritative
        case answerRouterSolicitations = "answer-router-solicitations"
    }

    private enum TFTPKey: String, ConfigurationKey {
        case port
        case singlePort = "single-port"
        case maximumTransfers = "max-transfers"
        case maximumTransfersPerClient = "max-transfers-per-client"
        case maximumWindow = "max-window"
    }

    private enum HTTPKey: String, ConfigurationKey {
        case port, threads
        case maximumConnections = "max-connections"
        case maximumConnectionsPerClient = "max-connections-per-client"
        case idleTimeout = "idle-timeout"
    }

    private enum JoinKey: String, ConfigurationKey {
        case executable
        case backWithin = "back-within"
    }

    mutating func readDHCP(_ top: Fields<Key>, into configuration: inout DeploymentConfiguration) {
        guard let cursor = top[.dhcp] else {
            top.place.report(.addressing(.noSubnets))
            return
        }
        guard let fields = cursor.fields(DHCPKey.self) else { return }
        if let mode = fields[.mode] {
            // A misspelt mode says nothing of whether subnets are needed.
            guard let value = mode.choice(DHCPSettings.Mode.self) else {
                _ = fields[.subnets].map { readSubnets($0) }
                return
            }
            configuration.dhcp.mode = value
        }
        configuration.dhcp.authoritative = fields[.authoritative]?.truth() ?? true
        configuration.dhcp.answersRouterSolicitations = fields[.answerRouterSolicitations]?.truth() ?? true
        if let subnets = fields[.subnets] { configuration.dhcp.subnets = readSubnets(subnets) }
        switch configuration.dhcp.mode {
        case .server:
            if fields[.subnets]?.isEmptyList ?? true { cursor.report(.addressing(.noSubnets)) }
        case .proxy, .off:
            fields[.subnets]?.warn(.unusedInMode(configuration.dhcp.mode.rawValue))
        }
    }

    func readTFTP(_ cursor: Cursor, into tftp: inout DeploymentConfiguration.TFTP) {
        guard let fields = cursor.fields(TFTPKey.self) else { return }
        if let port = fields[.port]?.number(1...65535) {
            tftp.port = UInt16(port)
            if port != 69 { fields[.port]?.warn(.unusualTFTPPort(tftp.port)) }
        }
        if let singlePort = fields[.singlePort]?.truth() { tftp.singlePort = singlePort }
        if let count = fields[.maximumTransfers]?.number(1...65536) { tftp.maximumTransfers = count }
        if let count = fields[.maximumTransfersPerClient]?.number(1...65536) {
            tftp.maximumTransfersPerClient = count
        }
        if let window = fields[.maximumWindow]?.number(1...1024) { tftp.maximumWindowSize = UInt16(window) }
        check(
            perClient: tftp.maximumTransfersPerClient, at: fields[.maximumTransfersPerClient],
            total: tftp.maximumTransfers, at: fields[.maximumTransfers])
    }

    func readHTTP(_ cursor: Cursor, into http: inout DeploymentConfiguration.HTTP) {
        guard let fields = cursor.fields(HTTPKey.self) else { return }
        if let port = fields[.port]?.number(1...65535) { http.port = UInt16(port) }
        if let threads = fields[.threads]?.number(1...64) { http.threads = threads }
        if let count = fields[.maximumConnections]?.number(1...65536) { http.maximumConnections = count }
        if let count = fields[.maximumConnectionsPerClient]?.number(1...65536) {
            http.maximumConnectionsPerClient = count
        }
        if let timeout = fields[.idleTimeout]?.duration(atLeast: 1, atMost: 3600) {
            http.idleTimeout = timeout
        }
        check(
            perClient: http.maximumConnectionsPerClient, at: fields[.maximumConnectionsPerClient],
            total: http.maximumConnections, at: fields[.maximumConnections])
    }

    func readJoin(_ cursor: Cursor, into join: inout DeploymentConfiguration.Join) {
        guard let fields = cursor.fields(JoinKey.self) else { return }
        join.executable = fields[.executable]?.filePath()
        if let time = fields[.backWithin]?.duration(atLeast: 30, atMost: 86400) { join.backWithin = time }
    }

    func check(perClient: Int, at perClientPlace: Cursor?, total: Int, at totalPlace: Cursor?) {
        guard perClient > total else { return }
        (perClientPlace ?? totalPlace)?.report(.perClientAboveTotal(perClient: perClient, total: total))
    }
}

extension Cursor {
    /// A list without values, or nothing at all.
    var isEmptyList: Bool {
        switch node.content {
        case .sequence(let items): items.isEmpty
        case .scalar: node.isEmpty
        case .mapping, .refused: false
        }
    }
}
