/// One line of a configuration that has a keyword and its value on each.
struct ConfigurationLine: Equatable {
    /// As it stands there.
    var key: String
    /// Without blanks at its ends.
    var value: String
    /// From 1.
    var number: Int

    /// The lines that say something: not empty, not a comment.
    ///
    /// `separators` stand between keyword and value beside blanks: `=` in GRUB legacy.
    static func all(_ bytes: [UInt8], separators: String = "") -> [ConfigurationLine] {
        var lines: [ConfigurationLine] = []
        let separators = Array(separators.utf8)
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        let bytes = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let content = line.drop { $0.isBlank }
            guard let first = content.first, first != UInt8(ascii: "#") else { continue }
            let key = content.prefix { !$0.isBlank && !separators.contains($0) }
            let rest = content.dropFirst(key.count).drop { $0.isBlank || separators.contains($0) }
            let end = rest.lastIndex { !$0.isBlank }.map { $0 + 1 } ?? rest.startIndex
            lines.append(
                ConfigurationLine(
                    key: String(decoding: key, as: UTF8.self),
                    value: String(decoding: rest[rest.startIndex..<end], as: UTF8.self), number: index + 1))
        }
        return lines
    }

    /// The words of the value.
    var words: [String] { value.utf8.split(whereSeparator: { $0.isBlank }).map { String(Substring($0)) } }

    /// The first word of the value, and what follows it.
    var split: (first: String, rest: String) {
        let first = value.utf8.prefix { !$0.isBlank }
        return (
            String(Substring(first)), String(Substring(value.utf8.dropFirst(first.count).drop { $0.isBlank }))
        )
    }
}

extension BootMenu {
    static let maximumFileBytes = 1 << 20
    static let maximumEntries = 1000
    static let maximumIncludes = 16
}

extension MenuFiles {
    /// A configuration's bytes; a note says it if they cannot be had.
    func configuration(_ file: FileReference, notes: inout MenuNotes, asked place: MenuPlace) -> [UInt8]? {
        guard let bytes = bytes(of: file, limit: BootMenu.maximumFileBytes) else {
            notes.add(.missingFile(file.description), at: place)
            return nil
        }
        guard bytes.count <= BootMenu.maximumFileBytes else {
            notes.add(
                .tooLong(byteCount: bytes.count, limit: BootMenu.maximumFileBytes),
                at: MenuPlace(file: file.path, line: 1))
            return nil
        }
        return bytes
    }
}
