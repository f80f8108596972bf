/// Which part of a file a `Range` header asks for (RFC 7233).
enum RequestedPart: Equatable, Sendable {
    /// All of it: no range, several, or one that is not well formed.
    case whole
    case part(Range<Int64>)
    /// It begins behind the end.
    case unsatisfiable

    /// Several ranges would want a multipart answer, which no boot client asks for or reads: they get the whole.
    init(range header: String?, byteCount: Int64) {
        guard let header, let spec = Self.singleSpec(of: header),
            let hyphen = spec.firstIndex(of: UInt8(ascii: "-"))
        else {
            self = .whole
            return
        }
        let (first, last) = (spec[..<hyphen], spec[spec.index(after: hyphen)...])
        switch (Self.position(first), Self.position(last)) {
        case (let first?, let last?) where first <= last:
            self = first < byteCount ? .part(first..<min(last, byteCount - 1) + 1) : .unsatisfiable
        case (let first?, nil) where last.isEmpty:
            self = first < byteCount ? .part(first..<byteCount) : .unsatisfiable
        case (nil, let length?) where first.isEmpty:
            // The last so many bytes; of an empty file that is all there is.
            self =
                length == 0
                ? .unsatisfiable : byteCount == 0 ? .whole : .part(max(0, byteCount - length)..<byteCount)
        case (_, _):
            self = .whole
        }
    }

    private static func singleSpec(of header: String) -> Substring.UTF8View? {
        guard let equals = header.utf8.firstIndex(of: UInt8(ascii: "=")),
            header[..<equals].lowercased() == "bytes"
        else { return nil }
        let spec = header[header.utf8.index(after: equals)...].trimmingSpaces.utf8
        return spec.contains(UInt8(ascii: ",")) ? nil : spec
    }

    /// A number of decimal digits; one that is too large for 64 bits is as good as the largest.
    private static func position(_ digits: Substring.UTF8View) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(Substring(digits)) ?? .max - 1
    }
}

extension StringProtocol {
    /// Without spaces and tabs at its ends (RFC 7230's OWS).
    var trimmingSpaces: SubSequence {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return self[endIndex...] }
        return self[start.startIndex...end]
    }
}
