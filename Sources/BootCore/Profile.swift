/// One thing that machines can boot.
public struct Profile: Hashable, Sendable {
    public var name: String
    /// What the menu shows; the name when empty.
    public var title: String
    /// What iPXE loads and starts. Nil when `loaders` alone says what to boot.
    public var kernel: KernelEntry?
    /// Boot programs that take the place of iPXE on these platforms (pxelinux.0, a signed shim, …), as paths
    /// in the tree.
    public var loaders: [Platform: String]
    /// Values for `{name}` placeholders in `cmdline`.
    public var vars: [String: String]
    public var dhcpOptions: [ExtraDHCPOption]

    public init(
        name: String, title: String = "", kernel: KernelEntry? = nil, loaders: [Platform: String] = [:],
        vars: [String: String] = [:], dhcpOptions: [ExtraDHCPOption] = []
    ) {
        self.name = name
        self.title = title.isEmpty ? name : title
        self.kernel = kernel
        self.loaders = loaders
        self.vars = vars
        self.dhcpOptions = dhcpOptions
    }
}

/// A Linux kernel (or anything else that iPXE's `kernel` command takes) with what goes with it.
public struct KernelEntry: Hashable, Sendable {
    /// A path in the tree, or an `http://` URL elsewhere.
    public var kernel: String
    /// The same, in the order in which they are to be loaded.
    public var initrds: [String]
    /// The command line, with placeholders (see `Template`).
    public var commandLine: Template
    /// Who reads `ip=` in it; nil: as the command line lets one guess.
    public var initramfs: InitramfsDialect?

    public init(
        kernel: String, initrds: [String], commandLine: Template, initramfs: InitramfsDialect? = nil
    ) {
        self.kernel = kernel
        self.initrds = initrds
        self.commandLine = commandLine
        self.initramfs = initramfs
    }
}

/// A DHCP option that the configuration states byte for byte.
public struct ExtraDHCPOption: Hashable, Sendable {
    public var code: UInt8
    /// 1 to 255 bytes.
    public var bytes: [UInt8]

    public init(code: UInt8, bytes: [UInt8]) {
        self.code = code
        self.bytes = bytes
    }
}
