public import Wire

/// A port that a server of ours listens on.
public struct HostPort: Hashable, Sendable {
    public enum Transport: String, Sendable {
        case udp = "UDP"
        case tcp = "TCP"
    }

    public var transport: Transport
    /// `IPv4Address.any` for the whole interface.
    public var address: IPv4Address
    public var number: UInt16

    public init(transport: Transport, address: IPv4Address, number: UInt16) {
        self.transport = transport
        self.address = address
        self.number = number
    }
}

/// What does not fit between a configuration and the host that is to serve it.
public enum HostProblem: Equatable, Sendable {
    case interfacesUnknown(reason: String)
    case noSuchInterface(String, there: [String], suggestion: String?)
    case interfaceIsDown(String)
    case interfaceWithoutMAC(String)
    case interfaceWithoutAddress(String)
    case addressNotOnInterface(IPv4Address, interface: String, there: [IPv4Address])
    /// None of the interface's addresses lies in a served subnet.
    case addressNotServed(interface: String, there: [IPv4Address], subnets: [IPv4Network])
    case severalAddresses(interface: String, [IPv4Address])
    case noSuchUser(String)
    case folderMissing(String)
    case notAFolder(String)
    case folderNotWritable(String, user: String)
    case folderNotReadable(String, user: String)
    case folderCannotBeMade(String, reason: String)
    /// It would have to change hands, and does not look like a folder of ours.
    case folderHoldsOtherThings(String, user: String)
    case folderTrouble(String, reason: String)
    case file(FileProblem)
    case key(KeyProblem)
    case exportsFileUnreadable(String, reason: String)
    /// Both in the configuration and in the file of exports(5).
    case exportedTwice(String)
    case unknownHost(String)
    case executableUnreadable(String, user: String, reason: String)
    /// `holder` is a process's name and number.
    case portTaken(HostPort, holder: String?)
    case portRefused(HostPort, reason: String)
}

/// What is wrong with a boot file, under its path in the tree.
public enum FileProblem: Equatable, Sendable {
    /// `package` ships a file of this name; `inTree` is what was probably meant.
    case missing(String, folder: String, package: String?, inTree: String?)
    case notReadable(String, user: String)
    case notAFile(String)
    case outsideTree(String, folder: String)
    case trouble(String, reason: String)
}

/// What is wrong with the file of the signing key, under its path on this host.
public enum KeyProblem: Equatable, Sendable {
    case missing(String)
    case notReadable(String, user: String, groupID: UInt32)
    case malformed(String, SigningKeyFileError)
    case trouble(String, reason: String)
}
