/// Reads a tar archive from front to back.
struct TarReader: ~Copyable {
    private var source: ArchiveSource
    private var pending: [UInt8] = []
    /// Of the present member, its content and the padding behind it.
    private var contentLeft: Int64 = 0
    private var paddingLeft: Int64 = 0
    private var members = 0

    /// Debian's largest has some 400.
    private static let maximumMembers = 20_000
    /// Of a header of pax, in which a name is one thing of several.
    private static let maximumHeaderBytes: Int64 = 65_536
    private static let maximumNameBytes = 4096

    init(_ source: consuming ArchiveSource) { self.source = source }

    /// The next member, whose content may then be read; nil at the end.
    mutating func next() throws(ArchiveError) -> TarMember? {
        // One after the other: their sum may be more than any number.
        try skip(contentLeft)
        try skip(paddingLeft)
        (contentLeft, paddingLeft) = (0, 0)
        var longPath: String?
        var longTarget: String?
        var pax: PaxRecords?
        while true {
            members += 1
            guard members <= Self.maximumMembers else { throw .damaged("the archive has too many members") }
            guard let block = try readBlock(), let header = try TarHeader(block) else { return nil }
            switch header.type {
            case UInt8(ascii: "L"): longPath = TarHeader.text(try readName(header))
            case UInt8(ascii: "K"): longTarget = TarHeader.text(try readName(header))
            case UInt8(ascii: "x"): pax = try PaxRecords(try readName(header))
            case UInt8(ascii: "g"): _ = try readName(header)
            default:
                let target = pax?.linkTarget ?? longTarget ?? header.linkTarget
                let path = pax?.path ?? longPath ?? header.path
                guard max(path.utf8.count, target.utf8.count) <= Self.maximumNameBytes else {
                    throw .damaged("a name in the archive is too long")
                }
                var member = TarMember(
                    path: TarReader.normalized(path), kind: .other,
                    byteCount: pax?.byteCount ?? header.byteCount)
                switch header.type {
                case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): member.kind = .file
                case UInt8(ascii: "1"): member.kind = .hardLink(TarReader.normalized(target))
                case UInt8(ascii: "2"): member.kind = .link(target)
                default: break
                }
                // Links have no content, whatever their size field says.
                if [UInt8(ascii: "1"), UInt8(ascii: "2")].contains(header.type) { member.byteCount = 0 }
                contentLeft = member.byteCount
                paddingLeft = Self.padding(of: member.byteCount)
                return member
            }
        }
    }

    /// The next bytes of the present member's content; none at its end.
    mutating func read() throws(ArchiveError) -> [UInt8] {
        guard contentLeft > 0 else { return [] }
        let bytes = try take(Int(min(contentLeft, 128 << 10)))
        guard !bytes.isEmpty else { throw .damaged("the archive ends in the middle of a file") }
        contentLeft -= Int64(bytes.count)
        return bytes
    }

    /// A path without `.`, `..` and doubled slashes.
    static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private mutating func readName(_ header: TarHeader) throws(ArchiveError) -> [UInt8] {
        guard header.byteCount <= Self.maximumHeaderBytes else {
            throw .damaged("a name in the archive is too long")
        }
        let bytes = try readWhole(Int(header.byteCount))
        try skip(Self.padding(of: header.byteCount))
        return bytes
    }

    private static func padding(of byteCount: Int64) -> Int64 { (512 - byteCount % 512) % 512 }

    /// Nil at the end of the file, where a block could begin.
    private mutating func readBlock() throws(ArchiveError) -> [UInt8]? {
        if pending.isEmpty { pending = try source.read(limit: 128 << 10) }
        return pending.isEmpty ? nil : try readWhole(TarHeader.byteCount)
    }

    private mutating func readWhole(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try take(count - bytes.count)
            guard !more.isEmpty else { throw .damaged("the archive ends too early") }
            bytes += more
        }
        return bytes
    }

    private mutating func skip(_ count: Int64) throws(ArchiveError) {
        var left = count
        while left > 0 {
            let got = try take(Int(min(left, 128 << 10))).count
            guard got > 0 else { throw .damaged("the archive ends too early") }
            left -= Int64(got)
        }
    }

    private mutating func take(_ limit: Int) throws(ArchiveError) -> [UInt8] {
        if pending.isEmpty { return try source.read(limit: limit) }
        let part = Array(pending.prefix(limit))
        pending.removeFirst(part.count)
        return part
    }
}
