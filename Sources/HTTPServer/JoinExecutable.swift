import SystemIO

/// The static `kexec-join` that live hosts fetch.
struct JoinExecutable: Sendable {
    var identity: FileIdentity
    var sha256: String
    /// What `uname -m` says on hosts that can run it; empty when it is no Linux executable that we know.
    var machines: [String]
    /// As gzip writes it; nil until that is done.
    var compressed: OpenFile?

    init(_ file: OpenFile, sha256: String) {
        identity = file.identity
        self.sha256 = sha256
        machines = Self.machines(ofELF: (try? file.bytes(at: 0, count: 20)) ?? [])
    }

    /// From an ELF header (System V ABI, chapter 4): 64 bits, lowest byte first.
    static func machines(ofELF header: [UInt8]) -> [String] {
        guard header.count >= 20, header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { return [] }
        switch UInt16(header[18]) | UInt16(header[19]) << 8 {
        case 62: return ["x86_64", "amd64"]
        case 183: return ["aarch64", "arm64"]
        default: return []
        }
    }

    /// Opens a file of this host; links on its way may lead anywhere.
    static func open(_ path: String) throws(OpenFailure) -> OpenFile {
        guard let slash = path.lastIndex(of: "/") else { throw .notFound }
        let folder: FileRoot
        do throws(SystemError) {
            folder = try FileRoot(
                path: slash == path.startIndex ? "/" : String(path[..<slash]), trustsLinks: true)
        } catch {
            throw error.isPermission ? .accessDenied : .notFound
        }
        return try folder.open(String(path[path.index(after: slash)...]))
    }
}
