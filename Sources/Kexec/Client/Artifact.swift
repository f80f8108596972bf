public import BootCore
public import SystemIO

/// A file to fetch, with what is known of it beforehand.
public struct Artifact: Equatable, Sendable {
    public var url: HTTPURL
    /// What people see: "kernel", "initrd 2 of 3".
    public var label: String
    public var byteCount: Int64?
    /// 64 lower-case hexadecimal digits.
    public var sha256: String?

    public init(url: HTTPURL, label: String, byteCount: Int64? = nil, sha256: String? = nil) {
        self.url = url
        self.label = label
        self.byteCount = byteCount
        self.sha256 = sha256
    }

    public init(_ artifact: JoinArtifact, label: String) throws(HTTPURLError) {
        self.init(
            url: try HTTPURL(artifact.url), label: label, byteCount: artifact.byteCount,
            sha256: artifact.sha256)
    }
}

/// What was fetched.
public struct FetchedArtifact: Equatable, Sendable {
    public var artifact: Artifact
    public var byteCount: Int64
    public var sha256: String
    /// The digest was known beforehand, and is the same.
    public var isVerified: Bool
}

/// A sealed file in memory, and what it was made of.
public struct FetchedFile: ~Copyable {
    public let file: MemoryFile
    public let artifacts: [FetchedArtifact]

    public consuming func takeFile() -> MemoryFile { file }
}

/// What happens meanwhile, for people to see.
public enum FetchEvent: Equatable, Sendable {
    /// - Parameter byteCount: nil while it is not known.
    case started(Artifact, byteCount: Int64?)
    /// So many bytes are there; fewer than before after a new start.
    case progress(Int64)
    /// Something went wrong that is tried again after a pause, in words.
    case interrupted(String, pause: Duration)
    case finished(FetchedArtifact)
}
