import Wire

/// The status line and the fields of an HTTP/1 response.
struct HTTPResponseHead: Equatable, Sendable {
    /// From 100 to 599.
    var status: Int
    /// Of HTTP/1.x.
    var minorVersion: Int
    /// Names in lower case, in the order in which they came.
    var fields: [Field]

    struct Field: Equatable, Sendable {
        var name: String
        var value: String
    }

    /// The most bytes that a head may have.
    static let limit = 65_536
    /// The most that a body may claim to have: an exabyte, so that sums with it stay numbers.
    static let bodyLimit: Int64 = 1 << 60

    /// Reads a whole head, with the empty line at its end (RFC 9112 §2 to §5; lines may end with LF alone).
    init(_ bytes: some Collection<UInt8>) throws(HTTPMalformation) {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
            let line = line.last == 0x0d ? line.dropLast() : line
            return String(decoding: line, as: UTF8.self)
        }
        while lines.last == "" { lines.removeLast() }
        guard let first = lines.first else { throw .notHTTP("") }
        (minorVersion, status) = try Self.statusLine(first)
        fields = []
        for line in lines.dropFirst() {
            if line.first == " " || line.first == "\t" {
                // An old way to go on in the next line.
                guard !fields.isEmpty else { throw .badField(harmlessText(line)) }
                fields[fields.count - 1].value += " " + Self.trimmed(line[...])
                continue
            }
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                !line[..<colon].contains(where: { $0 == " " || $0 == "\t" })
            else { throw .badField(harmlessText(String(line.prefix(80)))) }
            fields.append(
                Field(
                    name: line[..<colon].lowercased(),
                    value: Self.trimmed(line[line.utf8.index(after: colon)...])))
        }
    }

    /// How many of `bytes` the head takes up; nil when its end is not among them.
    ///
    /// - Parameter start: how many have been searched before.
    static func length(in bytes: [UInt8], searchedBefore start: Int = 0) -> Int? {
        var index = max(1, start - 3)
        while index < bytes.count {
            if bytes[index] == 0x0a {
                if bytes[index - 1] == 0x0a { return index + 1 }
                if index >= 2, bytes[index - 1] == 0x0d, bytes[index - 2] == 0x0a { return index + 1 }
            }
            index += 1
        }
        return nil
    }

    /// The first field of that name, which is in lower case.
    func value(of name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Whether the connection can serve another request.
    var keepsConnection: Bool {
        let options = words(of: "connection")
        return minorVersion >= 1 ? !options.contains("close") : options.contains("keep-alive")
    }

    /// The words of a list field, in lower case.
    private func words(of name: String) -> [String] {
        fields.filter { $0.name == name }.flatMap {
            $0.value.lowercased().split(separator: ",").map { Self.trimmed($0) }
        }
    }

    /// How the body that follows ends (RFC 9112 §6.3), for a request that was not HEAD.
    func framing() throws(HTTPMalformation) -> HTTPBodyFraming {
        if status < 200 || status == 204 || status == 304 { return .length(0) }
        let encodings = words(of: "transfer-encoding")
        if !encodings.isEmpty {
            guard encodings == ["chunked"] else {
                throw .transferEncoding(harmlessText(encodings.joined(separator: ", ")))
            }
            return .chunked
        }
        let lengths = words(of: "content-length")
        guard let text = lengths.first else { return .untilClose }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int64(text),
            length <= Self.bodyLimit, lengths.allSatisfy({ $0 == text })
        else { throw .contentLength(harmlessText(lengths.joined(separator: ", "))) }
        return .length(length)
    }

    /// Nil unless the body is as it is stored, or the encoding's name.
    var contentEncoding: String? {
        words(of: "content-encoding").first { $0 != "identity" }
    }

    /// `"…"`; nil for a weak one, which says nothing about bytes.
    var strongETag: String? {
        guard let tag = value(of: "etag"), tag.utf8.count >= 2, tag.first == "\"", tag.last == "\"" else {
            return nil
        }
        return tag
    }

    /// First byte and whole size of `Content-Range: bytes 5-9/10`; the size is nil for `*`.
    var contentRange: (start: Int64, total: Int64?)? {
        guard let text = value(of: "content-range")?.lowercased(), text.hasPrefix("bytes ") else {
            return nil
        }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2, let start = Int64(parts[0].prefix { $0 != "-" }), start >= 0 else {
            return nil
        }
        return (start, Int64(parts[1]))
    }

    private static func statusLine(_ line: String) throws(HTTPMalformation) -> (Int, Int) {
        let shown = harmlessText(String(line.prefix(80)))
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let minor = Int(words[0].dropFirst(7)),
            words[1].utf8.count == 3, let status = Int(words[1]), (100...599).contains(status)
        else { throw .notHTTP(shown) }
        return (minor, status)
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(text)
    }
}

enum HTTPBodyFraming: Equatable, Sendable {
    case length(Int64)
    case chunked
    case untilClose
}

/// What is wrong with a server's answer.
public enum HTTPMalformation: Error, Equatable, Sendable {
    case notHTTP(String)
    case badField(String)
    case headTooLong
    case contentLength(String)
    case transferEncoding(String)
    case chunk
}

extension HTTPMalformation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notHTTP(let line): "the server's answer is not HTTP; it begins with '\(line)'"
        case .badField(let line): "a header line of the server is unreadable: '\(line)'"
        case .headTooLong: "the header of the server's answer is longer than \(HTTPResponseHead.limit) bytes"
        case .contentLength(let text): "the server says Content-Length '\(text)'; one number was expected"
        case .transferEncoding(let text): "the server sends in a way that was not asked for: '\(text)'"
        case .chunk: "the server's chunks (Transfer-Encoding: chunked) are unreadable"
        }
    }
}
