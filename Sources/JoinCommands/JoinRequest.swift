import Kexec
import SystemIO
import Wire

/// What the options and `join.yaml` come to.
struct JoinRequest {
    var server: String?
    var interface: String?
    var entry: String?
    /// 32 bytes.
    var trustedKey: [UInt8]?
    var artifacts: HandmadeEntry?
    var ip = IPChoice.auto
    var append: [String] = []
    var reuse = CommandLineReuse.none
    var method = KexecLoader.Choice.auto
    var isDryRun = false
    var isJSON = false
    /// Load, and stay.
    var staysLoaded = false
    /// A service of the host's shutdown calls: load, and let the reboot that is under way jump.
    var isForService = false
    /// Jump without stopping services.
    var isImmediate = false
    var delay = Duration.zero
    var isConfirmed = false
    var isForced = false

    /// Whatever the server says.
    init() {}

    /// - Parameter file: `join.yaml`'s values; what the options say goes before them.
    init(
        _ server: ServerOptions, _ artifacts: ArtifactOptions, _ line: CommandLineOptions,
        _ jump: JumpOptions, _ checks: CheckOptions = CheckOptions(), isForService: Bool,
        file: JoinSettingsFile
    ) throws {
        self.artifacts = try HandmadeEntry(artifacts)
        self.server = server.server ?? (self.artifacts == nil ? file.values[.server] : nil)
        interface = server.interface ?? file.values[.interface]
        entry = server.entry ?? file.values[.entry]
        if self.artifacts != nil {
            let useless = [("--entry", server.entry), ("--trust-key", server.trustKey)].filter { $0.1 != nil }
            guard useless.isEmpty else {
                throw CommandFailure(
                    "\(useless[0].0) is about a server's entry, and --kernel or --netboot is in place of one")
            }
        }
        trustedKey = try (server.trustKey ?? file.values[.trustKey]).map(Self.key)
        let how = line.ip ?? file.values[.ip] ?? "auto"
        ip = try CommandFailure.inWords { try IPChoice(how) }
        append = [file.values[.append], line.append].compactMap { $0 }
        let reuse = line.reuseCommandLine ?? file.values[.reuseCommandLine] ?? "none"
        guard let known = CommandLineReuse(rawValue: reuse) else {
            throw CommandFailure("--reuse-cmdline: found '\(reuse)'; expected nothing, or all")
        }
        self.reuse = known
        method = try jump.choice()
        isDryRun = jump.dryRun
        isJSON = checks.json
        staysLoaded = jump.loadOnly || isForService
        self.isForService = isForService
        isImmediate = jump.now
        delay = jump.delay?.duration ?? RemoteSession.delay()
        isConfirmed = jump.yes || isForService
        isForced = checks.force || isForService
        if isJSON, !isDryRun { throw CommandFailure("--json goes with --dry-run") }
    }

    /// - Parameter text: a public key in hexadecimal, or the path of a file with it.
    static func key(_ text: String) throws(CommandFailure) -> [UInt8] {
        if let key = hexadecimalBytes(text), key.count == 32 { return key }
        let content = try CommandFailure.inWords {
            try contents(ofFile: text, limit: SigningKeyFile.maximumBytes)
        }
        do throws(SigningKeyFileError) {
            return try SigningKeyFile(parsing: content, expecting: .publicKey).bytes
        } catch { throw CommandFailure("--trust-key \(text): \(error)") }
    }
}
