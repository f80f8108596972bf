/// A member of a tar archive: ustar, with GNU's and pax's ways for long names (POSIX.1-2017 pax, "ustar Interchange
/// Format").
struct TarMember: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case file
        /// A symbolic link, as it is written.
        case link(String)
        /// The path of another member.
        case hardLink(String)
        case other
    }

    /// Without `./` in front.
    var path: String
    var kind: Kind
    /// Of the content, in bytes.
    var byteCount: Int64
}

/// One block of 512 bytes that describes a member.
struct TarHeader: Equatable, Sendable {
    static let byteCount = 512

    var path: String
    var linkTarget: String
    var byteCount: Int64
    var type: UInt8

    /// Nil for a block of zeros, which ends an archive.
    init?(_ block: [UInt8]) throws(ArchiveError) {
        guard block.count == Self.byteCount else {
            throw .damaged("the archive ends in the middle of a header")
        }
        if block.allSatisfy({ $0 == 0 }) { return nil }
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(block[$1])) }
        guard let stated = Self.number(block[148..<156]), stated == Int64(sum) else {
            throw .damaged("a header of the archive has a wrong checksum")
        }
        guard let size = Self.number(block[124..<136]) else {
            throw .damaged("a member's size is unreadable")
        }
        byteCount = size
        type = block[156]
        linkTarget = Self.text(block[157..<257])
        path = Self.text(block[0..<100])
        // GNU's own magic ("ustar  ") has other things where ustar has a prefix.
        if block[257..<263].elementsEqual(Array("ustar\0".utf8)) {
            let prefix = Self.text(block[345..<500])
            if !prefix.isEmpty { path = prefix + "/" + path }
        }
    }

    /// Octal digits, or binary behind a set high bit (GNU, for 8 GiB and more).
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().prefix(4).allSatisfy({ $0 == 0 }) || field.count <= 8
            else {
                return nil
            }
            let value = field.dropFirst().suffix(7).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }), digits.count <= 12 else { return nil }
        return digits.reduce(0) { $0 << 3 | Int64($1 - 0x30) }
    }

    static func text(_ field: some Sequence<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The records of a pax header that matter here: `27 path=some/where\n`.
struct PaxRecords: Equatable, Sendable {
    private(set) var path: String?
    private(set) var linkTarget: String?
    private(set) var byteCount: Int64?

    init(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while let space = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count
            else { throw .damaged("a pax header is unreadable") }
            let record = rest[rest.startIndex..<rest.startIndex + length]
            rest = rest.dropFirst(length)
            let value = record[(space + 1)...].dropLast()
            guard record.last == 0x0a, let equals = value.firstIndex(of: 0x3d) else {
                throw .damaged("a pax header is unreadable")
            }
            let text = String(decoding: value[(equals + 1)...], as: UTF8.self)
            switch String(decoding: value[..<equals], as: UTF8.self) {
            case "path": path = text
            case "linkpath": linkTarget = text
            case "size":
                guard let size = Int64(text), size >= 0 else { throw .damaged("a pax header is unreadable") }
                byteCount = size
            default: break
            }
        }
    }
}
