public import BootCore
public import DHCPServer
internal import HTTPServer
public import NFSServer
internal import TFTPServer
public import Wire

/// All that one configuration file says, with the defaults for what it does not say.
public struct DeploymentConfiguration: Equatable, Sendable {
    /// The interface on the lab subnet.
    public var interface: String
    /// Which of the interface's addresses to use; nil: the one in a served subnet.
    public var address: IPv4Address?
    /// The folder that is the tree.
    public var files: String
    public var state: String
    /// Who the servers are once they have their ports, when root starts them.
    public var user = Self.defaultUser
    public var dhcp = DHCP()
    public var tftp = TFTP()
    public var http = HTTP()
    public var nfs = NFS()
    /// The file with the private key that manifests are signed with.
    public var signingKey: String?
    public var join = Join()
    /// As the file states them; `BootPolicy.defaultLoaders` hold for the other platforms.
    public var loaders: [Platform: String] = [:]
    public var profiles: [Profile] = []
    public var machines: [KnownMachine] = []
    public var rules: [BootRule] = []
    public var defaultTarget = BootTarget.local
    public var ignoresUnknown = false
    public var localBoot = LocalBootMethod.exit
    public var menuTimeout = Duration.seconds(30)
    /// Where each value stands in the file.
    public var source: SourceMap

    public static let defaultFiles = "/srv/netboot"
    public static let defaultState = "/var/lib/netbootd"
    /// What the names of the lease database's files in `state` begin with.
    public static let leaseDatabase = "leases.sqlite"
    /// Where there is no such user and the file names none, `nobody` does.
    public static let defaultUser = "netbootd"

    public init(
        interface: String, files: String = Self.defaultFiles, state: String = Self.defaultState,
        source: SourceMap
    ) {
        self.interface = interface
        self.files = files
        self.state = state
        self.source = source
    }

    public struct DHCP: Equatable, Sendable {
        public var mode = DHCPSettings.Mode.server
        public var authoritative = true
        public var answersRouterSolicitations = true
        public var subnets: [DHCPSubnet] = []
    }

    public struct TFTP: Equatable, Sendable {
        public var port: UInt16
        public var singlePort: Bool
        public var maximumTransfers: Int
        public var maximumTransfersPerClient: Int
        public var maximumWindowSize: UInt16

        /// The TFTP server's own defaults.
        init() {
            let settings = TFTPSettings(address: .any)
            port = settings.port
            singlePort = settings.singlePort
            maximumTransfers = settings.maximumTransfers
            maximumTransfersPerClient = settings.maximumTransfersPerClient
            maximumWindowSize = settings.maximumWindowSize
        }
    }

    public struct HTTP: Equatable, Sendable {
        public var port: UInt16 = 80
        public var threads: Int
        public var maximumConnections: Int
        public var maximumConnectionsPerClient: Int
        public var idleTimeout: Duration

        /// The HTTP server's own defaults.
        init() {
            let settings = HTTPSettings(
                location: ServerLocation(address: .any, httpPort: port), policy: BootPolicy())
            threads = settings.threads
            maximumConnections = settings.maximumConnections
            maximumConnectionsPerClient = settings.maximumConnectionsPerClient
            idleTimeout = settings.idleTimeout
        }
    }

    /// What live hosts are offered.
    public struct Join: Equatable, Sendable {
        /// The static client; nil: where it is most likely to be.
        public var executable: String?
        /// How long after its jump a machine counts as missing.
        public var backWithin = BootJournal.defaultBackWithin
    }

    public struct NFS: Equatable, Sendable {
        public var port: UInt16
        public var threads: Int
        public var maximumConnections: Int
        public var maximumConnectionsPerClient: Int
        /// Folders of the tree.
        public var exports: [NFSExport] = []
        /// A file of exports(5) with folders of the host.
        public var exportsFile: String?

        /// Whether anything is to be exported.
        public var isUsed: Bool { !exports.isEmpty || exportsFile != nil }

        /// The NFS server's own defaults.
        init() {
            let settings = NFSSettings(address: .any)
            port = settings.port
            threads = settings.threads
            maximumConnections = settings.maximumConnections
            maximumConnectionsPerClient = settings.maximumConnectionsPerClient
        }
    }
}

/// Where each value of a configuration stands, by its key path.
public struct SourceMap: Equatable, Sendable {
    public var file: String
    private var places: [String: SourcePlace] = [:]

    public init(file: String) { self.file = file }

    init(file: String, root: YAMLNode) {
        self.file = file
        add(root, path: "")
    }

    /// Nil when the file does not mention it.
    public func place(of path: String) -> SourcePlace? { places[path] }

    private mutating func add(_ node: YAMLNode, path: String) {
        places[path] = node.start
        switch node.content {
        case .scalar, .refused: break
        case .sequence(let items):
            for (index, item) in items.enumerated() { add(item, path: "\(path)[\(index)]") }
        case .mapping(let entries):
            for entry in entries { add(entry.value, path: path.isEmpty ? entry.key : "\(path).\(entry.key)") }
        }
    }
}
