/// What the reader of a configuration may ask about files; whoever has them (a disk, an image) answers.
public protocol MenuFiles {
    /// The whole file if it has at most `limit` bytes, else its first `limit + 1` or more; nil: not there.
    func bytes(of file: FileReference, limit: Int) -> [UInt8]?
    /// nil: not there.
    func kind(of file: FileReference) -> MenuFileKind?
    /// The names in a folder; empty if it is not there.
    func names(in folder: FileReference) -> [String]
    /// nil: not known. The device nil is the one that the configuration lies on.
    func fileSystemUUID(of device: DeviceReference?) -> String?
}

/// What stands at a path.
public enum MenuFileKind: Equatable, Sendable {
    case file(byteCount: Int)
    case folder
}

/// The machine that the entries are for: configurations ask for it.
public struct MenuHost: Equatable, Sendable {
    public enum Architecture: String, Sendable {
        case x86 = "i386"
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case x86_64
        case arm64
    }
    public var architecture: Architecture
    public var isEFI: Bool

    public init(architecture: Architecture, isEFI: Bool) {
        self.architecture = architecture
        self.isEFI = isEFI
    }
}

/// The languages in which boot loaders are told what there is.
public enum MenuFormat: CaseIterable, Sendable {
    /// `grub.cfg`
    case grub
    /// `menu.lst`, `grub.conf`
    case grubLegacy
    /// The folder `loader/entries`, with `loader.conf` above it and `EFI/Linux` beside that.
    case loaderEntries
    /// `syslinux.cfg`, `isolinux.cfg`, `extlinux.conf`, `pxelinux.cfg/default`
    case syslinux
    /// `kexec-loader.conf`
    case kexecLoader
}
