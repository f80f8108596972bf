/// What an initrd's member may begin with, so that an error page is not handed to a kernel.
enum InitrdMagic: CaseIterable {
    case cpio, cpioWithChecksums, gzip, xz, zstandard, lz4, lzma, bzip2, lzo

    /// The most bytes that any of them needs.
    static let byteCount = 6

    private var bytes: [UInt8] {
        switch self {
        case .cpio: Array("070701".utf8)
        case .cpioWithChecksums: Array("070702".utf8)
        case .gzip: [0x1f, 0x8b]
        case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
        case .zstandard: [0x28, 0xb5, 0x2f, 0xfd]
        // The old format, which is the only one that the kernel reads.
        case .lz4: [0x02, 0x21, 0x4c, 0x18]
        case .lzma: [0x5d, 0x00, 0x00]
        case .bzip2: Array("BZh".utf8)
        case .lzo: [0x89, 0x4c, 0x5a, 0x4f]
        }
    }

    init?(_ start: some Collection<UInt8>) {
        guard let found = Self.allCases.first(where: { start.starts(with: $0.bytes) }) else { return nil }
        self = found
    }
}

/// A few words for the beginning of a file that is not what was expected.
func describedStart(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "nothing" }
    let text = String(decoding: bytes.prefix(32), as: UTF8.self).lowercased().drop { $0.isWhitespace }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") { return "a web page (HTML)" }
    if bytes.starts(with: [0x4d, 0x5a]) { return "a kernel or a program for UEFI" }
    if bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return "an ELF program" }
    if bytes.starts(with: [0x04, 0x22, 0x4d, 0x18]) {
        return "an lz4 frame, which the kernel cannot read (lz4 -l makes one)"
    }
    if bytes.prefix(32).allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 0x0a || $0 == 0x0d }) {
        return "text: '\(text.prefix { !$0.isNewline })'"
    }
    return "the bytes "
        + bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
