/// What the kernel's command line tells the boot loader in an initramfs.
public struct BootLoaderWords: Equatable, Sendable {
    /// `netbootd.server=URL`; nil: the one that DHCP names.
    public var server: String?
    /// `netbootd.entry=NAME`: booted without a menu.
    public var entry: String?
    /// `netbootd.trust-key=KEY`, the server's public key in hexadecimal or a file with it; empty where it is left out
    /// behind the name, which must not mean that any server is trusted.
    public var trustedKey: String?
    /// `netbootd.timeout=SECONDS` of the menu; nil: the configuration's own.
    public var timeoutSeconds: Int?
    /// `netbootd.modules=FOLDER`.
    public var modules = "/lib/modules"
    /// Words of ours that were not understood, as they stand there.
    public var misunderstood: [String] = []

    public init(commandLine: String) {
        for word in KernelCommandLine(commandLine).words where word.key.hasPrefix("netbootd.") {
            let value = word.value.flatMap { $0.isEmpty ? nil : $0 }
            switch (word.key, value) {
            case ("netbootd.server", let value?): server = value
            case ("netbootd.entry", let value?): entry = value
            case ("netbootd.modules", let value?): modules = value
            case ("netbootd.trust-key", let value): trustedKey = value ?? ""
            case ("netbootd.timeout", let value?):
                guard let seconds = Int(value), (0...86_400).contains(seconds) else { fallthrough }
                timeoutSeconds = seconds
            default: misunderstood.append(word.text)
            }
        }
    }
}
