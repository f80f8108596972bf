public import BootFiles
public import NFSServer
public import Wire

/// One thing that is wrong with a configuration. `description` puts it into words.
public struct ConfigurationError: Error, Equatable, Sendable {
    public var file: String
    /// Nil when it concerns something that the file does not mention.
    public var place: SourcePlace?
    /// `dhcp.subnets[0].lease`; empty for the file as a whole.
    public var path: String
    public var problem: ConfigurationProblem

    public init(file: String, place: SourcePlace?, path: String, problem: ConfigurationProblem) {
        self.file = file
        self.place = place
        self.path = path
        self.problem = problem
    }
}

/// Something that is allowed but hardly meant.
public struct ConfigurationWarning: Equatable, Sendable {
    public var file: String
    public var place: SourcePlace?
    public var path: String
    public var advice: ConfigurationAdvice

    public init(file: String, place: SourcePlace?, path: String, advice: ConfigurationAdvice) {
        self.file = file
        self.place = place
        self.path = path
        self.advice = advice
    }
}

public enum ConfigurationProblem: Equatable, Sendable {
    // The file itself.
    /// The system's words for why it cannot be read.
    case unreadable(String)
    case yaml(YAMLProblem)

    // Keys and values.
    case unknownKey(suggestion: String?, known: [String])
    case missingKey(String)
    case unexpected(Found, expected: Expectation, suggestion: String? = nil)
    /// A number where a time with its unit must stand.
    case timeWithoutUnit(Int)
    case badPath(String, BootPath.Refusal)
    case unclosedBrace
    case badPlaceholder(String)
    case unknownPlaceholder(String, suggestion: String?, known: [String])
    case nfsPlaceholder
    case exportOption(ExportOptions.Problem, suggestion: String?)
    case exportClients(ExportClientsProblem)
    /// In a file of exports(5).
    case exportsFile(ExportsFile.What)
    /// This option is the server's own affair.
    case ownedOption(UInt8, OptionOwner)
    case optionTooLong(byteCount: Int)
    case emptyOption
    case perClientAboveTotal(perClient: Int, total: Int)
    /// Something that only one may have.
    case duplicate(String, first: SourcePlace)

    // What values mean together.
    case boot(BootProblem)
    case addressing(AddressProblem)
    case host(HostProblem)
}

/// What is wrong with profiles, machines and rules.
public enum BootProblem: Equatable, Sendable {
    case unknownProfile(String, suggestion: String?, known: [String])
    case reservedProfileName(String)
    case nothingToBoot
    case uselessWithoutKernel(String)
    case menuWithoutProfiles
    case machineWithoutIdentity
    case ruleWithoutMatch
}

/// What is wrong with subnets and the addresses in them.
public enum AddressProblem: Equatable, Sendable {
    case noSubnets
    case outside(String, IPv4Network)
    case reserved(IPv4Address, IPv4Network)
    case rangeHolds(IPv4Range, IPv4Address, AddressRole)
    case overlapping(String, with: String, first: SourcePlace)
    case inNoSubnet(IPv4Address, [IPv4Network])
    case taken(IPv4Address, AddressRole)
}

public enum ConfigurationAdvice: Equatable, Sendable {
    case exportOption(ExportOptions.Advice)
    case exportsFile(ExportsFile.What)
    case everyoneIsRoot
    case noMachineOfName(String)
    case unusualNFSPort(UInt16)
    case portmapperTaken(holder: String?)
    case cannotReadAllFiles(user: String)
    case unusedProfile(String)
    case noAddressesToGive(IPv4Network)
    case unusedInMode(String)
    case unusualTFTPPort(UInt16)
    case prefixDiffers(interface: IPv4Network, subnet: IPv4Network)
    case addressInNoSubnet(IPv4Address)
    case defaultUserMissing(String, instead: String)
    case keyReadableByOthers(String)
    case portNotTried(HostPort)
    case portHeldByOurs(HostPort, holder: String)
}

/// What stood where something else was expected.
public enum Found: Equatable, Sendable {
    case nothing
    case text(String, isQuoted: Bool)
    case list
    case mapping
}

/// What would have been right.
public enum Expectation: Equatable, Sendable {
    case text
    case mapping
    case list
    case textOrMapping
    case number(ClosedRange<Int>)
    case truth
    case oneOf([String])
    /// A time from `minimumSeconds` on, as `1h`.
    case duration(minimumSeconds: Int, maximumSeconds: Int)
    case mac
    case uuid
    case address
    case network
    case clients
    case exportOption
    case range
    case hostname
    case hostnamePattern
    case domain
    case absolutePath
    case filePath
    case bootPathOrURL
    case interfaceName
    case userName
    case profileName
    case variableName
    case target
    case optionCode
    case optionValue
    case hexadecimal
    case lineOfText
}

/// Whose address it is.
public enum AddressRole: Equatable, Sendable {
    case router
    case server
}

/// Why a DHCP option is not for the configuration to set.
public enum OptionOwner: Equatable, Sendable {
    /// Pad, end, overload: they are how a message is written down.
    case encoding
    /// Message type, server identifier and the like: netbootd answers by them.
    case protocolItself
    case client
    case relay
    /// It has a key of its own.
    case leaseKey
}
