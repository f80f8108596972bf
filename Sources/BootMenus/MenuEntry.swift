/// One thing that a boot loader's configuration offers.
public struct MenuEntry: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// A Linux kernel, or what says it is one (memtest86+, ipxe.lkrn, memdisk).
        case linux
        /// Multiboot 1: Xen, ESXi, hobby kernels; `modules` in place of initrds.
        case multiboot
        case multiboot2
        /// A kernel, its initrd and its command line in one EFI program.
        case unifiedImage
        /// Another boot loader, or a command of the boot loader itself.
        case chain
    }

    public var title: String
    /// What `default` and `--entry` call it: GRUB's `--id`, the name of a file of the Boot Loader Specification,
    /// a label of syslinux, or the title.
    public var id: String
    /// The titles of the menus that it lies in, the outermost first.
    public var submenus: [String]
    public var kind: Kind
    /// What is started; nil only where `unsupported` says why.
    public var kernel: FileReference?
    /// In the order in which they are to be concatenated.
    public var initrds: [FileReference]
    /// What follows the kernel's name; without `BOOT_IMAGE=` and `initrd=`.
    public var commandLine: String
    public var modules: [MenuModule]
    public var place: MenuPlace
    /// Why it cannot be loaded; nil if the configuration gives no reason against it.
    public var unsupported: UnsupportedEntry?

    public init(
        title: String, id: String? = nil, submenus: [String] = [], kind: Kind = .linux,
        kernel: FileReference? = nil, initrds: [FileReference] = [], commandLine: String = "",
        modules: [MenuModule] = [], place: MenuPlace, unsupported: UnsupportedEntry? = nil
    ) {
        self.title = title
        self.id = id ?? title
        self.submenus = submenus
        self.kind = kind
        self.kernel = kernel
        self.initrds = initrds
        self.commandLine = commandLine
        self.modules = modules
        self.place = place
        self.unsupported = unsupported
    }
}

/// A file that a multiboot kernel is handed, with its own command line.
public struct MenuModule: Equatable, Sendable {
    public var file: FileReference
    public var commandLine: String

    public init(file: FileReference, commandLine: String = "") {
        self.file = file
        self.commandLine = commandLine
    }
}

/// Where in a configuration something stands.
public struct MenuPlace: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// From 1.
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    public var description: String { "\(file):\(line)" }
}

/// Why an entry is shown but cannot be loaded.
public enum UnsupportedEntry: Equatable, Sendable, CustomStringConvertible {
    case noKernel
    case bootSector(String)
    case anotherLoader(String)
    /// A command of the loader: `fwsetup`, `reboot`, `localboot`.
    case loaderCommand(String)
    case onNetwork(String)
    /// A form of initrd or kernel that only this loader can build.
    case form(String)
    case variable(String)

    public var description: String {
        switch self {
        case .noKernel: "names no kernel"
        case .bootSector(let file): "starts a boot sector (\(file)), which kexec cannot"
        case .anotherLoader(let file): "starts another boot loader (\(file)), which kexec cannot"
        case .loaderCommand(let command): "is the boot loader's own command \(command)"
        case .onNetwork(let address): "loads \(address) over the network; netbootd kexec-join does that"
        case .form(let text): "has the form \(text), which only its own boot loader can build"
        case .variable(let name): "needs the boot loader's variable \(name); give --append what it stands for"
        }
    }
}

/// What a boot loader's configuration offers, in its order.
public struct BootMenu: Equatable, Sendable {
    public var entries: [MenuEntry]
    /// An index into `entries`; nil if there is no entry.
    public var defaultEntry: Int?
    /// How long the menu waits for a key; nil: for ever.
    public var timeout: Duration?
    /// What was passed over, once each.
    public var notes: [MenuNote]

    public init(
        entries: [MenuEntry] = [], defaultEntry: Int? = nil, timeout: Duration? = nil, notes: [MenuNote] = []
    ) {
        self.entries = entries
        self.defaultEntry = defaultEntry
        self.timeout = timeout
        self.notes = notes
    }
}

/// Something in a configuration that was not understood or not followed.
public struct MenuNote: Equatable, Sendable, CustomStringConvertible {
    public enum Problem: Hashable, Sendable {
        case unknownCommand(String)
        case syntax(expected: String)
        case missingFile(String)
        case tooLong(byteCount: Int, limit: Int)
        case tooMany(String, limit: Int)
        case badValue(String, of: String)
        case otherArchitecture(String)
    }

    public var problem: Problem
    public var place: MenuPlace

    public init(_ problem: Problem, at place: MenuPlace) {
        self.problem = problem
        self.place = place
    }

    public var description: String { "\(place): \(words)" }

    private var words: String {
        switch problem {
        case .unknownCommand(let name): "the command \(name) is not known here and was passed over"
        case .syntax(let expected): "expected \(expected); the line was passed over"
        case .missingFile(let path): "\(path) is not there or cannot be read"
        case .tooLong(let count, let limit): "has \(count) bytes; \(limit) are read at most"
        case .tooMany(let what, let limit): "more than \(limit) \(what); the rest was left out"
        case .badValue(let value, let name): "\(name) has the value \(value), which was passed over"
        case .otherArchitecture(let name): "is for machines of the architecture \(name) and was left out"
        }
    }
}
