public import BootFiles
public import SystemIO
public import Wire

/// What the host check asks the host.
public protocol HostFacts {
    func interfaces() throws(SystemError) -> [NetworkInterface]
    /// Nil when there is none of that name.
    func user(named name: String) -> UserIdentity?
    /// Who runs this process.
    var currentUser: UserIdentity { get }
    /// How each of `paths` fares in the tree under `folder` (and the package folders) when `user` opens it.
    func files(_ paths: Set<String>, inTree folder: String, for user: UserIdentity) -> [String: FileState]
    /// What is wrong with a folder for `user`; nil when nothing is.
    func folderTrouble(_ path: String, forWriting: Bool, for user: UserIdentity) -> SystemError?
    /// A file of this host as `user` reads it: its first `limit` bytes.
    func hostFile(_ path: String, limit: Int, for user: UserIdentity) throws(SystemError) -> HostFile
    /// Whether a folder is empty or holds a file of this prefix, so that root gives it to the servers' user.
    func mayGiveFolder(_ path: String, filesNamed prefix: String) -> Bool
    func portState(_ port: HostPort, device: String?) -> PortState
    /// Whether the servers that this process starts may read every file.
    var mayReadAllFiles: Bool { get }
    /// What the host's resolver says of a name; none when it does not know it.
    func addresses(ofHost name: String) -> [IPAddress]
}

/// What becomes of opening a file of the tree.
public enum FileState: Equatable, Sendable {
    case readable
    case failed(OpenFailure)
}

/// What becomes of binding a port.
public enum PortState: Equatable, Sendable {
    case free
    case taken(PortHolder?)
    case failed(SystemError)
}

/// The host that this process runs on.
public struct LiveHostFacts: HostFacts {
    private let packageFolders: [String]

    public init(packageFolders: [String] = BootTree.packageFolders) { self.packageFolders = packageFolders }

    public func interfaces() throws(SystemError) -> [NetworkInterface] { try NetworkInterface.all() }

    public func user(named name: String) -> UserIdentity? { UserIdentity(name: name) }

    public var currentUser: UserIdentity { .current }

    public func files(
        _ paths: Set<String>, inTree folder: String, for user: UserIdentity
    ) -> [String: FileState] {
        asking(for: user) {
            var states: [String: FileState] = [:]
            do throws(SystemError) {
                let tree = try BootTree(folder: folder, packageFolders: packageFolders)
                for path in paths { states[path] = Self.state(of: path, in: tree) }
            } catch {
                for path in paths { states[path] = .failed(.other(error)) }
            }
            return states
        }
    }

    private static func state(of text: String, in tree: BootTree) -> FileState {
        guard let path = try? BootPath(text) else { return .failed(.notFound) }
        do throws(OpenFailure) {
            _ = try tree.open(path)
            return .readable
        } catch {
            return .failed(error)
        }
    }

    public func folderTrouble(_ path: String, forWriting: Bool, for user: UserIdentity) -> SystemError? {
        asking(for: user) {
            do throws(SystemError) {
                try checkFolder(path, forWriting: forWriting)
                return nil
            } catch {
                return error
            }
        }
    }

    public func hostFile(
        _ path: String, limit: Int, for user: UserIdentity
    ) throws(SystemError) -> HostFile {
        let result = asking(for: user) { () -> Result<HostFile, SystemError> in
            Result { () throws(SystemError) in try HostFile(path: path, limit: limit) }
        }
        return try result.get()
    }

    public func mayGiveFolder(_ path: String, filesNamed prefix: String) -> Bool {
        Privileges.mayGiveFolder(path, filesNamed: prefix)
    }

    public func portState(_ port: HostPort, device: String?) -> PortState {
        let transport: PortHolder.Transport =
            switch port.transport {
            case .udp: .udp
            case .tcp: .tcp
            }
        do throws(SystemError) {
            try tryPort(transport, address: port.address, port: port.number, device: device)
            return .free
        } catch {
            guard error.isAddressInUse else { return .failed(error) }
            return .taken(PortHolder.find(transport, address: port.address, port: port.number))
        }
    }

    public var mayReadAllFiles: Bool { Privileges.mayReadAllFiles }

    public func addresses(ofHost name: String) -> [IPAddress] { IPAddress.resolved(name) }

    /// Only root can ask for somebody else; anybody else asks for himself.
    private func asking<Answer>(for user: UserIdentity, _ body: () -> Answer) -> Answer {
        guard currentUser.isRoot, !user.isRoot else { return body() }
        do throws(SystemError) {
            return try withFileSystemIdentity(userID: user.userID, groupID: user.groupID, body)
        } catch {
            // Root without the right to change users (a bare container) stays what it is when it serves, too.
            return body()
        }
    }
}
