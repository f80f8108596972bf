import BootCore
import Kexec
import SystemIO

/// Artifacts that a person names, in place of a server's entry.
struct HandmadeEntry {
    var kernel: HTTPURL?
    var initrds: [HTTPURL]
    /// A tar archive with both in it.
    var archive: HTTPURL?
    /// In the order kernel, initrds; or the archive's alone.
    var digests: [String]
    var digestList: HTTPURL?
    var commandLine: String
    var initramfs: InitramfsDialect

    /// Nil when no option names an artifact.
    init?(_ options: ArtifactOptions) throws {
        guard options.kernel != nil || options.netboot != nil else {
            guard options.initrd.isEmpty, options.digests.isEmpty, options.digestList == nil else {
                throw CommandFailure("--initrd, --sha256 and --sha256sums go with --kernel or --netboot")
            }
            return nil
        }
        func url(_ text: String) throws(CommandFailure) -> HTTPURL {
            try CommandFailure.inWords { try HTTPURL(text) }
        }
        guard options.kernel == nil || options.netboot == nil,
            options.netboot == nil || options.initrd.isEmpty
        else {
            throw CommandFailure(
                "a --netboot archive holds kernel and initrd: --kernel and --initrd do not go with it")
        }
        kernel = try options.kernel.map(url)
        initrds = try options.initrd.map(url)
        archive = try options.netboot.map(url)
        digestList = try options.digestList.map(url)
        digests = try options.digests.map { text in
            try CommandFailure.inWords { try sha256Argument(text) }
        }
        let count = 1 + initrds.count
        guard digests.isEmpty || digests.count == count else {
            throw CommandFailure(
                "there are \(count) files and \(digests.count) times --sha256; each file needs its own")
        }
        commandLine = options.commandLine
        guard let dialect = InitramfsDialect(rawValue: options.initramfs) else {
            let known = InitramfsDialect.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure("--initramfs: found '\(options.initramfs)'; expected one of \(known)")
        }
        initramfs = dialect
    }

    /// Where the network must lead.
    var firstURL: HTTPURL? { kernel ?? archive }

    private var urls: [HTTPURL] { (kernel.map { [$0] } ?? []) + initrds + (archive.map { [$0] } ?? []) }

    /// With the digests that were given, or that the list has.
    func entry(client: HTTPClient) throws -> JoinEntry {
        let artifacts = try self.artifacts(client)
        let first = artifacts.first ?? JoinArtifact(url: "")
        return JoinEntry(
            name: (kernel ?? archive)?.fileName ?? "", kernel: first, initrds: Array(artifacts.dropFirst()),
            commandLine: commandLine, initramfs: initrds.isEmpty && archive == nil ? .none : initramfs)
    }

    private func artifacts(_ client: HTTPClient) throws -> [JoinArtifact] {
        guard let digestList else {
            return urls.enumerated().map { index, url in
                JoinArtifact(url: url.description, sha256: index < digests.count ? digests[index] : nil)
            }
        }
        let list = try CommandFailure.inWords { try ChecksumFile(fetching: digestList, by: client) }
        return try urls.enumerated().map { index, url in
            let listed = try CommandFailure.inWords {
                try list.sha256(ofPath: url.path)
            }
            if index < digests.count, digests[index] != listed {
                throw CommandFailure("\(url): --sha256 and \(digestList) do not agree")
            }
            return JoinArtifact(url: url.description, sha256: listed)
        }
    }
}

/// Files become what a kernel can be loaded from.
struct ArtifactSource {
    let fetcher: ArtifactFetcher
    let architecture: String

    func fetch(_ entry: JoinEntry, commandLine: String) throws(CommandFailure) -> KernelArtifacts {
        let kernel = try fetch(entry.kernel, label: "kernel")
        var initrd: MemoryFile?
        if !entry.initrds.isEmpty {
            var artifacts: [Artifact] = []
            for (index, initrd) in entry.initrds.enumerated() {
                let label =
                    entry.initrds.count == 1 ? "initrd" : "initrd \(index + 1) of \(entry.initrds.count)"
                artifacts.append(try Self.artifact(initrd, label))
            }
            let fetched = try CommandFailure.inWords {
                try fetcher.fetchInitrds(artifacts)
            }
            initrd = fetched.takeFile()
        }
        return try Self.identified(kernel, initrd, commandLine)
    }

    /// - Parameter entry: its "kernel" is the archive.
    func fetchArchive(_ entry: JoinEntry, commandLine: String) throws(CommandFailure) -> KernelArtifacts {
        let file = try fetch(entry.kernel, label: "archive")
        let archive = try CommandFailure.inWords {
            try NetbootArchive(opening: file, architecture: architecture)
        }
        do throws(KernelImageError) {
            return try KernelArtifacts(archive: archive, commandLine: commandLine)
        } catch { throw CommandFailure(error.description) }
    }

    private func fetch(_ artifact: JoinArtifact, label: String) throws(CommandFailure) -> MemoryFile {
        let artifact = try Self.artifact(artifact, label)
        let fetched = try CommandFailure.inWords { try fetcher.fetch(artifact) }
        return fetched.takeFile()
    }

    private static func artifact(_ artifact: JoinArtifact, _ label: String) throws(CommandFailure) -> Artifact
    {
        try CommandFailure.inWords { try Artifact(artifact, label: label) }
    }

    private static func identified(
        _ kernel: consuming MemoryFile, _ initrd: consuming MemoryFile?, _ commandLine: String
    ) throws(CommandFailure) -> KernelArtifacts {
        do throws(KernelImageError) {
            return try KernelArtifacts(kernel: kernel, initrd: initrd, commandLine: commandLine)
        } catch { throw CommandFailure(error.description) }
    }
}
