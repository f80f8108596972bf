public import BootCore
public import Wire

/// What the NFS server is told by the configuration.
public struct NFSSettings: Sendable {
    /// The address that it listens on, beside the interface's IPv6 addresses.
    public var address: IPv4Address
    /// The interface whose IPv6 addresses it listens on; nil: IPv4 alone.
    public var interface: String?
    /// Of NFS and MOUNT.
    public var port: UInt16
    /// Where the portmapper is: 111; another for tests alone, because clients know no other.
    public var portmapperPort: UInt16
    /// Each has its own connections; those of one client address share one.
    public var threads: Int
    /// Connections at once; a further one is closed at once, and the log says so.
    public var maximumConnections: Int
    /// The same for one client address.
    public var maximumConnectionsPerClient: Int
    public var exports: [NFSExport]
    /// Whose machines have names that `clients` may state.
    public var policy: BootPolicy
    /// Behind the names of machines in these networks.
    public var domains: [IPv4Network: String]

    public init(
        address: IPv4Address, interface: String? = nil, port: UInt16 = 2049, portmapperPort: UInt16 = 111,
        threads: Int = 1, maximumConnections: Int = 2048, maximumConnectionsPerClient: Int = 64,
        exports: [NFSExport] = [], policy: BootPolicy = BootPolicy(), domains: [IPv4Network: String] = [:]
    ) {
        self.address = address
        self.interface = interface
        self.port = port
        self.portmapperPort = portmapperPort
        self.threads = threads
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerClient = maximumConnectionsPerClient
        self.exports = exports
        self.policy = policy
        self.domains = domains
    }
}

/// A folder that clients may mount, read-only.
public struct NFSExport: Hashable, Sendable {
    /// What clients mount, for every version: absolute, without `.`, `..`, or a slash at its end; `/` for a whole tree.
    public var path: String
    public var folder: Folder
    /// The best match counts, whatever the order.
    public var grants: [ExportGrant]
    /// Stands for the path where clients must not notice that the path changes; nil: the path itself does.
    public var fsid: UInt64?

    public enum Folder: Hashable, Sendable {
        /// Relative to the tree that TFTP and HTTP serve; empty for all of it.
        case tree(String)
        /// An absolute path of the host, as `/etc/exports` has it.
        case host(String)
    }

    public init(path: String, folder: Folder, grants: [ExportGrant], fsid: UInt64? = nil) {
        self.path = path
        self.folder = folder
        self.grants = grants
        self.fsid = fsid
    }

    /// Where it is on the host.
    ///
    /// - Parameter tree: the folder that TFTP and HTTP serve.
    public func hostFolder(tree: String) -> String {
        switch folder {
        case .tree(""): tree
        case .tree(let path): tree + "/" + path
        case .host(let path): path
        }
    }
}

/// Who may mount an export, and as whom its files are then read (exports(5)).
public struct ExportGrant: Hashable, Sendable {
    public var clients: ExportClients
    public var squash: Squash
    /// Whom squashed users become.
    public var anonymousUserID: UInt32
    public var anonymousGroupID: UInt32
    /// `insecure`: ports from 1024 on may ask, too.
    public var allowsAnyPort: Bool

    public enum Squash: String, CaseIterable, Hashable, Sendable {
        /// User and group 0 become the anonymous one.
        case root = "root_squash"
        /// Nobody does.
        case none = "no_root_squash"
        /// Everybody does.
        case all = "all_squash"
    }

    public static let nobody: UInt32 = 65534

    public init(
        clients: ExportClients, squash: Squash = .root, anonymousUserID: UInt32 = Self.nobody,
        anonymousGroupID: UInt32 = Self.nobody, allowsAnyPort: Bool = false
    ) {
        self.clients = clients
        self.squash = squash
        self.anonymousUserID = anonymousUserID
        self.anonymousGroupID = anonymousGroupID
        self.allowsAnyPort = allowsAnyPort
    }
}

/// Whom a grant is for.
public enum ExportClients: Hashable, Sendable {
    /// `*`
    case everyone
    /// A host or a subnet.
    case network(IPNetwork)
    /// A name, in lower case, in which `*` and `?` stand for anything but a dot; machines of the configuration alone
    /// have one. `*.lab.example` is every machine of that domain.
    case name(String)
}

extension ExportClients: CustomStringConvertible {
    /// As exports(5) writes it.
    public var description: String {
        switch self {
        case .everyone: "*"
        case .network(let network): network.description
        case .name(let name): name
        }
    }
}
