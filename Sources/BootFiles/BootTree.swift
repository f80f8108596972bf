public import SystemIO

/// The one tree of boot files that TFTP, HTTP and NFS serve.
///
/// It is the configured folder and, for boot programs that the folder does not have, the folders in which
/// Debian and Alpine keep theirs.
public final class BootTree: Sendable {
    private let root: FileRoot
    private let loaderRoots: [FileRoot]

    /// Where distributions' packages put boot programs, in the order in which they are searched.
    public static let packageFolders = [
        "/usr/lib/ipxe", "/usr/lib/PXELINUX", "/usr/lib/syslinux/modules/bios",  // Debian
        "/usr/share/ipxe", "/usr/share/syslinux",  // Alpine
    ]

    /// - Parameter folder: the configuration's `files`.
    /// - Throws: when `folder` cannot be opened; package folders that are not there are left out.
    ///   Links in these may lead elsewhere: Debian's `ipxe.efi` is one to `/boot`.
    public init(folder: String, packageFolders: [String] = BootTree.packageFolders) throws(SystemError) {
        root = try FileRoot(path: folder)
        loaderRoots = packageFolders.compactMap { try? FileRoot(path: $0, trustsLinks: true) }
    }

    /// Opens a regular file of the tree.
    public func open(_ path: BootPath) throws(OpenFailure) -> OpenFile {
        do {
            return try root.open(path.text)
        } catch .notFound {
            guard let file = openPackaged(path) else { throw .notFound }
            return file
        }
    }

    /// A folder of the tree for servers that tell their clients of nodes; each thread takes one of its own.
    ///
    /// - Parameter path: relative to the tree; empty: all of it.
    public func nodes(of path: String) throws(SystemError) -> any NodeTree {
        try FolderTree(root.openFolder(path))
    }

    /// A boot program of a package, under its world-known name.
    ///
    /// A name alone means any package folder; `…/ldlinux.c32` too, because pxelinux asks for its modules beside
    /// itself, wherever that is.
    private func openPackaged(_ path: BootPath) -> OpenFile? {
        let name = path.segments.last.map(String.init) ?? ""
        guard path.segments.count == 1 || name.hasSuffix(".c32") else { return nil }
        // The world's older name for the same thing: gPXE's build was called gpxe.kpxe.
        let packaged = name == "gpxe.kpxe" ? "undionly.kpxe" : name
        for root in loaderRoots {
            if let file = try? root.open(packaged) { return file }
        }
        return nil
    }

    /// The Debian package that ships a boot program of this name, for advice when it is missing.
    public static func debianPackage(shipping name: String) -> String? {
        switch name {
        case "undionly.kpxe", "gpxe.kpxe", "undionly.kkpxe", "ipxe.efi", "snponly.efi", "ipxe.pxe",
            "ipxe.lkrn":
            "ipxe"
        case "pxelinux.0", "lpxelinux.0": "pxelinux"
        case let name where name.hasSuffix(".c32"): "syslinux-common"
        default: nil
        }
    }
}
