public import SystemIO
import Wire

/// A `netboot.tar.gz` (or any tar archive) with a kernel and an initrd in it, as Debian and Ubuntu offer one.
public struct NetbootArchive: ~Copyable {
    /// Where they are in the archive.
    public let kernelPath: String
    public let initrdPath: String
    public let kernel: MemoryFile
    public let initrd: MemoryFile

    /// Finds both by name and by how they begin, and takes them out into memory, sealed.
    ///
    /// - Parameters:
    ///   - archive: a tar archive, gzipped or not; verified by now.
    ///   - architecture: the host's, as iPXE says it (`x86_64`), to choose where there are several.
    public init(opening archive: borrowing MemoryFile, architecture: String) throws(ArchiveError) {
        let fd = archive.rawDescriptor
        let byteCount = archive.byteCount
        let index = try ArchiveIndex(fd: fd, byteCount: byteCount)
        let choice = try index.choose(architecture: architecture)
        let kernel = try Self.extract(choice.kernel, fd: fd, byteCount: byteCount)
        let initrd = try Self.extract(choice.initrd, fd: fd, byteCount: byteCount)
        self.kernelPath = choice.kernel
        self.initrdPath = choice.initrd
        self.kernel = kernel
        self.initrd = initrd
    }

    private static func extract(_ path: String, fd: CInt, byteCount: Int64) throws(ArchiveError) -> MemoryFile
    {
        var reader = TarReader(try ArchiveSource(fd: fd, byteCount: byteCount))
        while let member = try reader.next() {
            guard member.path == path, member.kind == .file else { continue }
            // A few megabytes of zeros, gzipped, are many gigabytes.
            guard member.byteCount <= MemoryFile.unpackedLimit else {
                throw .damaged("'\(harmlessText(path))' is larger than \(byteText(MemoryFile.unpackedLimit))")
            }
            var file = try inMemory { () throws(SystemError) in try MemoryFile(name: path) }
            while case let bytes = try reader.read(), !bytes.isEmpty {
                try inMemory { () throws(SystemError) in try file.append(bytes) }
            }
            try inMemory { () throws(SystemError) in try file.seal() }
            return file
        }
        throw .damaged("'\(harmlessText(path))' is not there any more")
    }
}

private func inMemory<Value: ~Copyable>(
    _ operation: () throws(SystemError) -> Value
) throws(ArchiveError) -> Value {
    do throws(SystemError) { return try operation() } catch { throw .memory(error) }
}

/// What is in an archive, as far as it may be a kernel or an initrd.
struct ArchiveIndex: Equatable, Sendable {
    struct Candidate: Equatable, Sendable {
        var path: String
        /// Where a link with a telling name leads to it, that link's.
        var name: String
    }

    private(set) var kernels: [Candidate] = []
    private(set) var initrds: [Candidate] = []
    /// The first of all files, for errors.
    private(set) var files: [String] = []

    private static let shownFiles = 12

    init(fd: CInt, byteCount: Int64) throws(ArchiveError) {
        var reader = TarReader(try ArchiveSource(fd: fd, byteCount: byteCount))
        var starts: [String: [UInt8]] = [:]
        var links: [(path: String, target: String)] = []
        while let member = try reader.next() {
            switch member.kind {
            case .file:
                if files.count < 1000 { files.append(member.path) }
                starts[member.path] = Array(try reader.read().prefix(0x300))
            case .link(let target):
                let folder = member.path.split(separator: "/").dropLast().joined(separator: "/")
                links.append(
                    (
                        member.path,
                        TarReader.normalized(target.hasPrefix("/") ? target : folder + "/" + target)
                    ))
            case .hardLink(let target): links.append((member.path, target))
            case .other: break
            }
        }
        let named = starts.keys.sorted().map { Candidate(path: $0, name: $0) }
        let linked = links.map { Candidate(path: $0.target, name: $0.path) }
        for candidate in named + linked {
            guard let start = starts[candidate.path] else { continue }
            if Self.isKernelName(candidate.name), Self.looksLikeKernel(start),
                !kernels.contains(where: { $0.path == candidate.path })
            {
                kernels.append(candidate)
            }
            if Self.isInitrdName(candidate.name), InitrdMagic(start) != nil,
                !initrds.contains(where: { $0.path == candidate.path })
            {
                initrds.append(candidate)
            }
        }
    }

    /// One of each; of several, those of the host's architecture, then those that are alone together in a folder.
    func choose(architecture: String) throws(ArchiveError) -> (kernel: String, initrd: String) {
        guard !kernels.isEmpty else { throw .missing("kernel", files: Array(files.prefix(Self.shownFiles))) }
        guard !initrds.isEmpty else { throw .missing("initrd", files: Array(files.prefix(Self.shownFiles))) }
        let kernels = Self.preferred(kernels, architecture: architecture)
        let initrds = Self.preferred(initrds, architecture: architecture)
        if kernels.count == 1, initrds.count == 1 { return (kernels[0].path, initrds[0].path) }
        let folders = Set(kernels.map(Self.folder)).intersection(initrds.map(Self.folder))
        let pairs = folders.compactMap { folder -> (String, String)? in
            let own = (
                kernels.filter { Self.folder($0) == folder }, initrds.filter { Self.folder($0) == folder }
            )
            return own.0.count == 1 && own.1.count == 1 ? (own.0[0].path, own.1[0].path) : nil
        }
        guard pairs.count == 1 else {
            throw .ambiguous(kernels: kernels.map(\.path), initrds: initrds.map(\.path))
        }
        return pairs[0]
    }

    private static func folder(_ candidate: Candidate) -> String {
        candidate.path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private static func preferred(_ candidates: [Candidate], architecture: String) -> [Candidate] {
        let words =
            switch architecture {
            case "x86_64": ["amd64", "x86_64", "x86-64"]
            case "arm64": ["arm64", "aarch64"]
            case "i386": ["i386", "i486", "i586", "i686"]
            default: [architecture]
            }
        let own = candidates.filter { candidate in words.contains { candidate.name.lowercased().contains($0) }
        }
        return own.isEmpty ? candidates : own
    }

    private static func isKernelName(_ path: String) -> Bool {
        let name = path.split(separator: "/").last?.lowercased() ?? ""
        return name == "linux" || name.hasPrefix("linux-") || name == "bzimage" || name == "kernel"
            || name.hasPrefix("vmlinuz") || name.hasPrefix("vmlinux") || name.hasPrefix("image")
    }

    private static func isInitrdName(_ path: String) -> Bool {
        let name = path.split(separator: "/").last?.lowercased() ?? ""
        return name.hasPrefix("initrd") || name.hasPrefix("initramfs") || name == "rootfs.gz"
    }

    /// A bzImage, an arm64 Image, either as an EFI program, or one that is compressed as a whole.
    private static func looksLikeKernel(_ start: [UInt8]) -> Bool {
        let has = { (bytes: [UInt8], offset: Int) in start.dropFirst(offset).starts(with: bytes) }
        return has(Array("HdrS".utf8), 0x202) || has([0x41, 0x52, 0x4d, 0x64], 0x38) || has([0x4d, 0x5a], 0)
            || has([0x1f, 0x8b], 0) || has([0x7f, 0x45, 0x4c, 0x46], 0)
    }
}

/// Why an archive was of no use.
public enum ArchiveError: Error, Equatable, Sendable {
    case damaged(String)
    case missing(String, files: [String])
    case ambiguous(kernels: [String], initrds: [String])
    case memory(SystemError)
}

extension ArchiveError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .damaged(let words): "the archive cannot be read: \(words)"
        case .missing(let what, let files):
            files.isEmpty
                ? "there is no \(what) in the archive, nor any other file: is it a tar archive?"
                : "there is no \(what) in the archive; it holds " + Self.list(files)
        case .ambiguous(let kernels, let initrds):
            "the archive has several kernels or initrds for this host: \(Self.list(kernels)); \(Self.list(initrds)); "
                + "unpack it and name one of each with --kernel and --initrd"
        case .memory(let error): "no memory for what is in the archive: \(error)"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.map { harmlessText($0) }.joined(separator: ", ")
    }
}
