/// What the kernel's command line tells the boot loader in an initramfs.
public struct BootLoaderWords: Equatable, Sendable {
    /// `netbootd.server=URL`; nil: the one that DHCP names.
    public var server: String?
    /// `netbootd.entry=NAME`: booted without a menu.
    public var entry: String?
    /// `netbootd.timeout=SECONDS` of the menu; nil: the configuration's own.
    public var timeoutSeconds: Int?
    /// `netbootd.modules=FOLDER`.
    public var modules = "/lib/modules"
    /// Words of ours that were not understood, as they stand there.
    public var misunderstood: [String] = []

    /// Reads words as the kernel does: white space ends them, except between double quotes.
    public init(commandLine: String) {
        for word in Self.words(commandLine) where word.hasPrefix("netbootd.") {
            let parts = word.split(separator: "=", maxSplits: 1).map { String($0) }
            switch (parts[0], parts.count == 2 ? parts[1] : nil) {
            case ("netbootd.server", let value?): server = value
            case ("netbootd.entry", let value?): entry = value
            case ("netbootd.modules", let value?): modules = value
            case ("netbootd.timeout", let value?):
                guard let seconds = Int(value), (0...86_400).contains(seconds) else { fallthrough }
                timeoutSeconds = seconds
            default: misunderstood.append(word)
            }
        }
    }

    private static func words(_ text: String) -> [String] {
        var words: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte <= 0x20, !isQuoted {
                words.append([])
            } else {
                words[words.count - 1].append(byte)
            }
        }
        return words.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    }
}
