import Wire

/// Something that a person may want to know. The driver puts it into the log and the journal.
enum NFSNotice: Equatable {
    case mounted(client: IPAddress, path: String, version: NFSVersion)
    case unmounted(client: IPAddress, path: String, version: NFSVersion)
    case refused(client: IPAddress, path: String, NFSRefusal)
    /// What to change on the client, or for it.
    case hint(client: IPAddress, NFSHint)
    /// A call that could not be decoded.
    case malformed(client: IPAddress, program: UInt32, procedure: UInt32, XDRError)
    /// At a bound the newest asker is refused.
    case atBound(client: IPAddress, NFSBound)
}

enum NFSVersion: Equatable, Hashable {
    case v3
    /// NFSv4 with this minor version.
    case v4(minor: UInt32)
}

enum NFSRefusal: Equatable {
    case noSuchExport(exports: [String])
    /// Inside an export, this folder is not there.
    case noSuchFolder
    case notAFolder
    case clientNotAllowed(clients: [String])
    case unprivilegedPort(UInt16)
    case failed(String)
}

enum NFSHint: Equatable, Hashable {
    /// It asked for NFS or MOUNT of this version.
    case oldVersion(program: UInt32, version: UInt32)
    /// NFSv4.0, of which the client can do better or not.
    case minorVersion(UInt32)
    /// It looked for a lock manager.
    case lockManager
    /// It mounted by v3, and left before it had used anything.
    case leftAtOnce(path: String)
    /// Root is somebody else here, and that kept it from something.
    case squashedRoot(path: String)
    /// Credentials of a kind that is not understood.
    case credentials(flavor: UInt32)
}

enum NFSBound: Equatable, Hashable {
    case clients(limit: Int)
    case sessions(limit: Int)
    case opens(limit: Int)
    case locks(limit: Int)
}

/// Each hint once for each client, until so many were given.
struct GivenHints {
    private struct Key: Hashable {
        var client: IPAddress
        var hint: NFSHint
    }

    private var given: Set<Key> = []
    static let maximum = 4096

    /// Whether it was not given before.
    mutating func admits(_ hint: NFSHint, to client: IPAddress) -> Bool {
        if given.count >= Self.maximum { given = [] }
        return given.insert(Key(client: client, hint: hint)).inserted
    }
}
