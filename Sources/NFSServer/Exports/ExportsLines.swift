/// The lines of an exports file, where a backslash at a line's end joins the next one to it.
struct ExportsLines {
    /// Each byte with its place.
    typealias Line = [(byte: UInt8, line: Int, column: Int)]

    private(set) var lines: [Line] = []

    init(_ bytes: [UInt8]) {
        var current: Line = []
        var (line, column) = (1, 1)
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : UInt8(ascii: "\n")
            let isJoined =
                byte == UInt8(ascii: "\\") && (next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r"))
            switch byte {
            case UInt8(ascii: "\n"):
                let beforeEnd = bytes[..<index].last { $0 != UInt8(ascii: "\r") }
                if beforeEnd != UInt8(ascii: "\\") || current.isEmpty {
                    lines.append(current)
                    current = []
                }
                line += 1
                column = 0
            case UInt8(ascii: "\r") where next == UInt8(ascii: "\n"): break
            case _ where isJoined: current.append((UInt8(ascii: " "), line, column))
            default: current.append((byte, line, column))
            }
            column += 1
        }
        lines.append(current)
    }
}

/// A word of such a line, with the place where it begins.
struct ExportsWord: Equatable {
    var bytes: [UInt8] = []
    var line: Int
    var column: Int

    func prefix(upTo count: Int) -> ExportsWord { part(0..<count) }

    func dropFirst() -> ExportsWord { part(min(1, bytes.count)..<bytes.count) }

    func part(_ range: Range<Int>) -> ExportsWord {
        ExportsWord(bytes: Array(bytes[range]), line: line, column: column + range.lowerBound)
    }

    func separated(by separator: UInt8) -> [ExportsWord] {
        var words: [ExportsWord] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == separator {
            words.append(part(start..<index))
            start = index + 1
        }
        return words + [part(start..<bytes.count)]
    }
}

/// Takes a line apart: at white space, outside of quotes; `#` begins a comment where a word might; `\040` is a byte in
/// octal.
struct ExportsWords {
    private let line: ExportsLines.Line
    private var index = 0
    /// Of the word that `next` gave last.
    private(set) var problem: ExportsFile.What?

    init(_ line: ExportsLines.Line) { self.line = line }

    mutating func next() -> ExportsWord? {
        while index < line.count, Self.isSpace(line[index].byte) { index += 1 }
        guard index < line.count, line[index].byte != UInt8(ascii: "#") else { return nil }
        var word = ExportsWord(line: line[index].line, column: line[index].column)
        var isQuoted = false
        problem = nil
        while index < line.count {
            let byte = line[index].byte
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
                index += 1
            } else if !isQuoted, Self.isSpace(byte) {
                break
            } else if let escaped = octal() {
                word.bytes.append(escaped)
                index += 4
            } else {
                word.bytes.append(byte)
                index += 1
            }
        }
        if isQuoted { problem = .unclosed("\"") }
        return word
    }

    private func octal() -> UInt8? {
        guard line[index].byte == UInt8(ascii: "\\"), index + 3 < line.count else { return nil }
        var value = 0
        for item in line[index + 1...index + 3] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(item.byte) else { return nil }
            value = value * 8 + Int(item.byte - UInt8(ascii: "0"))
        }
        return UInt8(exactly: value)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}

extension NFSExport {
    /// The line of an exports file that means the same to a kernel's server.
    ///
    /// - Parameter folder: where the export is on the host.
    public func line(folder: String) -> String {
        let clients = grants.map { grant in
            var words = ["ro", "no_subtree_check", grant.squash.rawValue]
            if grant.anonymousUserID != ExportGrant.nobody {
                words.append("anonuid=\(grant.anonymousUserID)")
            }
            if grant.anonymousGroupID != ExportGrant.nobody {
                words.append("anongid=\(grant.anonymousGroupID)")
            }
            if grant.allowsAnyPort { words.append("insecure") }
            // A kernel takes 32 bits of it, or a UUID that is told no more.
            if let fsid, fsid <= UInt64(UInt32.max) { words.append("fsid=\(fsid)") }
            return "\(grant.clients)(\(words.joined(separator: ",")))"
        }
        return Self.escaped(folder) + "  " + clients.joined(separator: " ")
    }

    private static func escaped(_ path: String) -> String {
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            if byte <= 0x20 || byte == 0x7f
                || [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "#")].contains(byte)
            {
                let digits = String(byte, radix: 8)
                bytes += ("\\" + String(repeating: "0", count: 3 - digits.count) + digits).utf8
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
