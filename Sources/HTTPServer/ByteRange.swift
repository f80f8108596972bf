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
            let hyphen = spec.firstIndex(of: "-")
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

    private static func singleSpec(of header: String) -> Substring? {
        let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes", !parts[1].contains(",") else { return nil }
        return parts[1].trimmingSpaces
    }

    /// A number of decimal digits; one that is too large for 64 bits is as good as the largest.
    private static func position(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text) ?? .max - 1
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
