import Wire

/// Options of exports(5), as they are read word by word.
public struct ExportOptions: Equatable, Sendable {
    public var squash = ExportGrant.Squash.root
    public var anonymousUserID = ExportGrant.nobody
    public var anonymousGroupID = ExportGrant.nobody
    public var allowsAnyPort = false
    public var fsid: UInt64?

    public init() {}

    /// What is wrong with an option.
    public enum Problem: Error, Equatable, Sendable {
        /// `rw`
        case asksForWriting
        /// A flavor beside `sys`.
        case security(String)
        /// It is known elsewhere, and cannot be done here.
        case unsupported(String)
        case badNumber(option: String, found: String)
        case unknown(String)
    }

    /// Something that is read, and means less than one may think.
    public enum Advice: Equatable, Sendable {
        /// `fsid=0`
        case rootFileSystem
    }

    /// All words that are understood, for suggestions.
    public static let known = [
        "ro", "root_squash", "no_root_squash", "all_squash", "no_all_squash", "anonuid", "anongid", "secure",
        "insecure", "fsid", "sec",
    ]

    /// What a kernel server is told by these, and what makes no difference to a server of files that nobody writes.
    private static let ignored: Set<String> = [
        "ro", "sync", "async", "subtree_check", "no_subtree_check", "crossmnt", "hide", "nohide", "wdelay",
        "no_wdelay", "acl", "no_acl", "auth_nlm", "no_auth_nlm", "secure_locks", "insecure_locks",
        "nordirplus",
        "rdirplus", "no_pnfs",
    ]

    /// Takes one option.
    public mutating func apply(_ word: String) throws(Problem) -> Advice? {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let name = parts[0]
        switch (name, parts.count == 2 ? parts[1] : nil) {
        case ("rw", nil): throw .asksForWriting
        case ("root_squash", nil): if squash == .none { squash = .root }
        case ("no_root_squash", nil): squash = .none
        case ("all_squash", nil): squash = .all
        case ("no_all_squash", nil): if squash == .all { squash = .root }
        case ("secure", nil): allowsAnyPort = false
        case ("insecure", nil): allowsAnyPort = true
        case ("anonuid", let value?): anonymousUserID = try number(name, value)
        case ("anongid", let value?): anonymousGroupID = try number(name, value)
        case ("fsid", let value?): return try setFileSystem(value)
        case ("sec", let value?):
            // A list from the most wanted on.
            guard value.split(separator: ":").contains("sys") else { throw .security(value) }
        case ("refer", _), ("replicas", _), ("pnfs", _), ("mountpoint", _), ("mp", _), ("xprtsec", _):
            throw .unsupported(name)
        case (let name, nil) where Self.ignored.contains(name): break
        default: throw .unknown(word)
        }
        return nil
    }

    /// -1 and -2 are how some write 65534 and the like.
    private func number(_ option: String, _ text: String) throws(Problem) -> UInt32 {
        if let value = UInt32(text), !text.hasPrefix("+") { return value }
        if let value = Int32(text), value < 0 { return UInt32(bitPattern: value) }
        throw .badNumber(option: option, found: text)
    }

    private mutating func setFileSystem(_ text: String) throws(Problem) -> Advice? {
        if text == "root" || text == "0" {
            fsid = 0
            return .rootFileSystem
        }
        if let number = UInt32(text), !text.hasPrefix("+") {
            fsid = UInt64(number)
        } else if let uuid = SystemUUID(text) {
            fsid = uuid.bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        } else {
            throw .badNumber(option: "fsid", found: text)
        }
        return nil
    }

    /// One for each of the clients that these options are for.
    public func grant(to clients: ExportClients) -> ExportGrant {
        ExportGrant(
            clients: clients, squash: squash, anonymousUserID: anonymousUserID,
            anonymousGroupID: anonymousGroupID, allowsAnyPort: allowsAnyPort)
    }
}

/// What is wrong with a client of an export.
public enum ExportClientsProblem: Error, Equatable, Sendable {
    /// `@group`
    case netgroup(String)
    /// Neither an address, a network nor a name.
    case unreadable(String)
}

extension ExportClients {
    /// Reads `*`, a host, a network or a name with wildcards.
    public init(parsing text: String) throws(ExportClientsProblem) {
        if text == "*" {
            self = .everyone
        } else if text.hasPrefix("@") {
            throw .netgroup(text)
        } else if let network = IPNetwork(text) {
            self = .network(network)
        } else {
            guard Self.isNamePattern(text) else { throw .unreadable(text) }
            self = .name(text.lowercased())
        }
    }

    /// A host name in which wildcards may stand; digits and dots alone would be an address that is none.
    private static func isNamePattern(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && !text.hasPrefix(".") && !text.hasPrefix("-")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._*?".contains($0)) }
            && !text.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// Whether it is a name that means one host.
    public var hostName: String? {
        guard case .name(let name) = self, !name.contains(where: { "*?".contains($0) }) else { return nil }
        return name
    }
}

extension ExportClients {
    /// Whether a host of this name, in lower case, is meant by its name.
    public func fits(name: String) -> Bool {
        guard case .name(let pattern) = self else { return false }
        return Self.fits(Array(name.utf8)[...], Array(pattern.utf8)[...])
    }

    private static func fits(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        let dot = UInt8(ascii: ".")
        while let first = pattern.popFirst() {
            switch first {
            case UInt8(ascii: "*"):
                while true {
                    if fits(name, pattern) { return true }
                    guard let skipped = name.popFirst(), skipped != dot else { return false }
                }
            case UInt8(ascii: "?"):
                guard let found = name.popFirst(), found != dot else { return false }
            default:
                guard name.popFirst() == first else { return false }
            }
        }
        return name.isEmpty
    }
}
