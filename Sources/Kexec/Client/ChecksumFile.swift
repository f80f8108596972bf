import Wire

/// The digests of a `SHA256SUMS` file.
public struct ChecksumFile: Equatable, Sendable {
    struct Line: Equatable, Sendable {
        /// As it is written.
        var path: String
        var sha256: String
    }

    private(set) var lines: [Line] = []

    /// The most bytes that such a file may have: Debian's for an installer is 100 kB.
    static let limit = 8 << 20

    /// Reads what coreutils writes (text or binary) and BSD's `SHA256 (name) = …`; other lines are not heeded.
    public init(_ text: String) {
        lines = text.split { $0.isNewline }.compactMap { Self.line(String($0)) }
    }

    /// Fetches a list.
    public init(fetching url: HTTPURL, by client: HTTPClient) throws(ChecksumError) {
        let document: HTTPDocument
        do throws(HTTPError) {
            document = try client.fetch(HTTPRequest(.get, url), limit: Self.limit)
        } catch { throw .http(url, error) }
        guard document.response.status == 200 else {
            throw .refused(url, status: document.response.status)
        }
        self.init(document.content)
    }

    /// The digest of the file whose path ends most like `path`: a list at the top of a mirror names files by where
    /// they are beneath it.
    public func sha256(ofPath path: String) throws(ChecksumError) -> String {
        guard !lines.isEmpty else { throw .noLines }
        let wanted = Self.parts(path)
        let scored = lines.map { line in
            (line, zip(wanted.reversed(), Self.parts(line.path).reversed()).prefix { $0 == $1 }.count)
        }
        guard let best = scored.map(\.1).max(), best > 0 else { throw .notListed(path) }
        let found = scored.filter { $0.1 == best }.map(\.0)
        guard let first = found.first, found.allSatisfy({ $0.sha256 == first.sha256 }) else {
            throw .ambiguous(path, found.map(\.path))
        }
        return first.sha256
    }

    private static func parts(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }

    private static func line(_ text: String) -> Line? {
        if text.hasPrefix("SHA256 (") {
            guard let end = text.range(ofLast: ") = ") else { return nil }
            let digest = text[end.upperBound...]
            let name = text[text.index(text.startIndex, offsetBy: 8)..<end.lowerBound]
            return isSHA256(digest) ? Line(path: String(name), sha256: digest.lowercased()) : nil
        }
        // A backslash in front tells that the name has been escaped.
        let isEscaped = text.first == "\\"
        let rest = isEscaped ? text.dropFirst() : text[...]
        let digest = rest.prefix(64)
        let name = rest.dropFirst(64)
        guard isSHA256(digest), name.hasPrefix("  ") || name.hasPrefix(" *"), name.count > 2 else {
            return nil
        }
        let path = String(name.dropFirst(2))
        return Line(path: isEscaped ? unescaped(path) : path, sha256: digest.lowercased())
    }

    private static func unescaped(_ text: String) -> String {
        var result = ""
        var isAfterBackslash = false
        for character in text {
            if isAfterBackslash {
                result.append(character == "n" ? "\n" : character == "r" ? "\r" : character)
                isAfterBackslash = false
            } else if character == "\\" {
                isAfterBackslash = true
            } else {
                result.append(character)
            }
        }
        return result
    }
}

extension String {
    fileprivate func range(ofLast text: String) -> Range<Index>? {
        var start = endIndex
        while start > startIndex {
            start = index(before: start)
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
        }
        return nil
    }
}

/// Why a checksum file says nothing about a file.
public enum ChecksumError: Error, Equatable, Sendable {
    case noLines
    case notListed(String)
    case http(HTTPURL, HTTPError)
    case refused(HTTPURL, status: Int)
    case ambiguous(String, [String])
    /// What was given as a digest is none.
    case notADigest(String)
}

extension ChecksumError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noLines: "the checksum file has no line with a SHA-256 in it"
        case .notListed(let path): "the checksum file does not list '\(harmlessText(path))'"
        case .http(let url, let error): "\(url): \(error)"
        case .refused(let url, let status): "\(url): the server answers \(status)"
        case .ambiguous(let path, let paths):
            "the checksum file lists several files that '\(harmlessText(path))' may be: "
                + paths.prefix(6).map { harmlessText($0) }.joined(separator: ", ")
        case .notADigest(let text):
            "'\(harmlessText(text))' is no SHA-256; 64 hexadecimal digits were expected"
        }
    }
}

/// Reads `--sha256 HEX`.
public func sha256Argument(_ text: String) throws(ChecksumError) -> String {
    guard isSHA256(text) else { throw .notADigest(text) }
    return text.lowercased()
}
