extension KernelImageError {
    /// The name of what is no kernel, from its first 64 KiB.
    static func naming(_ head: [UInt8]) -> KernelImageError {
        if head.hasBytes("CD001".utf8, at: 0x8001) { return .wrongFile(.isoImage) }
        if head.hasBytes("ustar".utf8, at: 257) { return .wrongFile(.archive) }
        for (magic, file) in magics where head.starts(with: magic) { return .wrongFile(file) }
        if isHTML(head) { return .wrongFile(.html) }
        if head.hasBytes([0x55, 0xaa], at: 510) { return .wrongFile(.bootSector) }
        return .wrongFile(.unknown(Array(head.prefix(8))))
    }

    private static let magics: [([UInt8], WrongFile)] = [
        (Array("07070".utf8), .initrd),
        (Array("hsqs".utf8), .squashFS),
        (Array("#!".utf8), .script),
        (Array("MZ".utf8), .efiProgram),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .compressed("xz")),
        ([0x28, 0xb5, 0x2f, 0xfd], .compressed("zstd")),
        ([0x04, 0x22, 0x4d, 0x18], .compressed("lz4")),
        ([0x02, 0x21, 0x4c, 0x18], .compressed("lz4")),
        ([0x5d, 0, 0], .compressed("lzma")),
        (Array("BZh".utf8), .compressed("bzip2")),
        (Array("PK".utf8 + [3, 4]), .compressed("zip")),
    ]

    private static func isHTML(_ head: [UInt8]) -> Bool {
        let start = head.prefix(1024).drop { $0 <= 0x20 || $0 >= 0x80 }.prefix(14)
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return ["<!doctype", "<html", "<head", "<?xml", "<!--"].contains { text.hasPrefix($0) }
    }
}
