import SystemIO

/// What distinguishes one state of a file from another, on the wire.
struct Validators: Equatable, Sendable {
    /// With its quotes. It is a strong one: another content has another inode, size or time.
    var entityTag: String
    var lastModified: HTTPDate

    init(_ identity: FileIdentity) {
        let nanoseconds = identity.modifiedSeconds &* 1_000_000_000 &+ identity.modifiedNanoseconds
        entityTag = "\"\(Self.hexadecimal(identity.inode))-\(Self.hexadecimal(identity.byteCount))"
        entityTag += "-\(Self.hexadecimal(nanoseconds))\""
        lastModified = HTTPDate(seconds: identity.modifiedSeconds)
    }

    private static func hexadecimal(_ number: some FixedWidthInteger) -> String { String(number, radix: 16) }
}

/// The conditional headers of a request (RFC 7232, RFC 7233 §3.2). Newer EDK2 resumes a download with them.
struct Conditions: Equatable, Sendable {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: String?
    var ifUnmodifiedSince: String?
    var ifRange: String?

    enum Verdict: Equatable, Sendable {
        case proceed
        /// 304
        case notModified
        /// 412
        case failed
    }

    /// In the order of RFC 7232 §6. A date that cannot be read counts as absent.
    func verdict(for file: Validators) -> Verdict {
        if let ifMatch {
            guard Self.list(ifMatch, contains: file.entityTag, weakly: false) else { return .failed }
        } else if let limit = ifUnmodifiedSince.flatMap(HTTPDate.init), file.lastModified > limit {
            return .failed
        }
        if let ifNoneMatch {
            if Self.list(ifNoneMatch, contains: file.entityTag, weakly: true) { return .notModified }
        } else if let limit = ifModifiedSince.flatMap(HTTPDate.init), file.lastModified <= limit {
            return .notModified
        }
        return .proceed
    }

    /// Whether a `Range` is to be honoured: `If-Range` names this very state of the file, or is absent.
    func allowsRange(of file: Validators) -> Bool {
        guard let ifRange = ifRange?.trimmingSpaces else { return true }
        if ifRange.hasPrefix("\"") { return ifRange == file.entityTag }
        return HTTPDate(String(ifRange)) == file.lastModified
    }

    /// An entity tag may hold a comma; ours does not, so cutting at commas cannot make or miss a match.
    private static func list(_ list: String, contains tag: String, weakly: Bool) -> Bool {
        list.split(separator: ",").contains { item in
            var item = item.trimmingSpaces
            if item == "*" { return true }
            if weakly, item.hasPrefix("W/") { item = item.dropFirst(2) }
            return item == tag
        }
    }
}
