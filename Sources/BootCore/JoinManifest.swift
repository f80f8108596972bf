public import Wire

/// What a live host is told to load, so that it gets where its firmware would get by PXE.
///
/// The server renders it as JSON (`GET /api/v1/join`) and signs those bytes; `kexec-join` reads it.
public struct JoinManifest: Equatable, Sendable {
    /// What the server took the asker for, so that a client notices a manifest that is meant for another.
    public var mac: MACAddress?
    public var uuid: SystemUUID?
    public var hostname: String?
    /// The asker's own, given back: an old signed manifest cannot pass for a new one.
    public var nonce: String?
    public var boots: Boots

    public enum Boots: Equatable, Sendable {
        case entry(JoinEntry)
        /// The machine may choose; `GET /api/v1/join?entry=NAME` has the choice.
        case menu([JoinChoice])
        /// The machine is to boot from its own disk: there is nothing to join.
        case local
    }

    public init(
        mac: MACAddress? = nil, uuid: SystemUUID? = nil, hostname: String? = nil, nonce: String? = nil,
        boots: Boots
    ) {
        self.mac = mac
        self.uuid = uuid
        self.hostname = hostname
        self.nonce = nonce
        self.boots = boots
    }
}

/// An entry of a server's menu.
public struct JoinChoice: Equatable, Sendable {
    public var name: String
    public var title: String

    public init(name: String, title: String) {
        self.name = name
        self.title = title
    }
}

/// A kernel with all that goes with it.
public struct JoinEntry: Equatable, Sendable {
    public var name: String
    public var title: String
    public var kernel: JoinArtifact
    /// In the order in which they are to be concatenated.
    public var initrds: [JoinArtifact]
    /// As firmware's loader would pass it, placeholders filled in.
    public var commandLine: String
    /// iPXE's `${…}` that a live host cannot fill in, as they stand in `commandLine`.
    public var unresolved: [String]
    public var initramfs: InitramfsDialect

    public init(
        name: String, title: String = "", kernel: JoinArtifact, initrds: [JoinArtifact] = [],
        commandLine: String = "", unresolved: [String] = [], initramfs: InitramfsDialect = .initramfsTools
    ) {
        self.name = name
        self.title = title
        self.kernel = kernel
        self.initrds = initrds
        self.commandLine = commandLine
        self.unresolved = unresolved
        self.initramfs = initramfs
    }
}

/// A file to fetch.
public struct JoinArtifact: Equatable, Sendable {
    public var url: String
    /// Nil for a file that is not the server's own.
    public var byteCount: Int64?
    /// 64 lower-case hexadecimal digits; nil likewise.
    public var sha256: String?

    public init(url: String, byteCount: Int64? = nil, sha256: String? = nil) {
        self.url = url
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}

/// Who reads `ip=` and its kin from the kernel's command line, each in a way of its own.
///
/// The raw value is the name in the configuration (`initramfs: dracut`).
public enum InitramfsDialect: String, CaseIterable, Sendable {
    /// Debian's and Ubuntu's, live-boot and casper among them: the kernel's own `ip=`, by klibc's ipconfig.
    case initramfsTools = "initramfs-tools"
    /// Fedora's and SUSE's.
    case dracut
    case alpine
    case nixos
    /// Nobody but the kernel itself.
    case none
}
