import Wire

/// An `http://` address.
public struct HTTPURL: Hashable, Sendable {
    /// A name or an address; an IPv6 address without its brackets, with its zone (`fe80::1%eth0`).
    public let host: String
    public let port: UInt16
    /// Path and query as the request line has them; it starts with a slash.
    public let target: String

    /// Reads an absolute URL. Bytes outside ASCII are percent-encoded, a fragment is dropped.
    public init(_ text: String) throws(HTTPURLError) {
        guard text.utf8.count <= 4096 else { throw .tooLong }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw .badCharacter(harmlessText(text))
        }
        let (scheme, rest) = Self.scheme(of: text)
        guard let scheme else { throw .noScheme(text) }
        guard scheme == "http" else { throw .scheme(scheme, text) }
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        (host, port) = try Self.authority(rest[..<end], of: text)
        let target = rest[end...].prefix { $0 != "#" }
        self.target = Self.encoded(target.first == "/" ? String(target) : "/" + target)
    }

    /// Reads what people write for a server: `http://10.0.0.1`, or `10.0.0.1:8080` alone.
    public init(server text: String) throws(HTTPURLError) {
        try self.init(text.contains("://") ? text : "http://" + text)
    }

    private init(host: String, port: UInt16, target: String) {
        self.host = host
        self.port = port
        self.target = target
    }

    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The last part of the path; empty when that ends with a slash.
    public var fileName: String {
        String(path.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
    }

    /// What goes into `Host`.
    public var authority: String {
        let host = host.contains(":") ? "[\(host.prefix { $0 != "%" })]" : host
        return port == 80 ? host : "\(host):\(port)"
    }

    /// Another path beneath this one's, whose query goes; `query` comes without its question mark.
    public func appending(_ path: String, query: String = "") -> HTTPURL {
        var base = self.path
        while base.last == "/" { base.removeLast() }
        return HTTPURL(host: host, port: port, target: base + "/" + path + (query.isEmpty ? "" : "?" + query))
    }

    /// For people, whom the query does not concern.
    var withoutQuery: HTTPURL { HTTPURL(host: host, port: port, target: String(target.prefix { $0 != "?" })) }

    /// The folder that the path is in, without a query: where `boot.ipxe` is, the rest of the server's names are.
    public var folder: HTTPURL {
        HTTPURL(host: host, port: port, target: String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]))
    }

    /// What `reference`, found in a `Location` of this URL's, stands for (RFC 3986 §5.2).
    public func resolving(_ reference: String) throws(HTTPURLError) -> HTTPURL {
        if Self.scheme(of: reference).0 != nil { return try HTTPURL(reference) }
        if reference.hasPrefix("//") { return try HTTPURL("http:" + reference) }
        let base = "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        if reference.hasPrefix("/") { return try HTTPURL(base + reference) }
        if reference.hasPrefix("?") { return try HTTPURL(base + path + reference) }
        return try HTTPURL(base + Self.withoutDots(folder.target + reference))
    }

    private static func scheme(of text: String) -> (String?, Substring) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"),
            text[..<colon].utf8.allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a })
        else { return (nil, text[...]) }
        return (text[..<colon].lowercased(), text[text.index(colon, offsetBy: 3)...])
    }

    private static func authority(
        _ part: Substring, of text: String
    ) throws(HTTPURLError) -> (String, UInt16) {
        guard !part.contains("@") else { throw .credentials }
        var host = part
        var port: Substring?
        if part.first == "[" {
            guard let end = part.firstIndex(of: "]") else { throw .badHost(text) }
            host = part[part.index(after: part.startIndex)..<end]
            let rest = part[part.index(after: end)...]
            guard rest.isEmpty || rest.first == ":", IPv6Address(host.prefix { $0 != "%" }) != nil
            else { throw .badHost(text) }
            if !rest.isEmpty { port = rest.dropFirst() }
            // RFC 6874 writes the percent sign of a zone as %25.
            if let zone = host.firstIndex(of: "%"), host[zone...].hasPrefix("%25") {
                host = host[..<zone] + "%" + host[host.index(zone, offsetBy: 3)...]
            }
        } else {
            if let colon = part.firstIndex(of: ":") {
                (host, port) = (part[..<colon], part[part.index(after: colon)...])
            }
            let allowed = { (byte: UInt8) in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                    || "-._".utf8.contains(byte)
            }
            guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(allowed) else {
                throw .badHost(text)
            }
        }
        guard let port, !port.isEmpty else { return (String(host), 80) }
        guard let number = UInt16(port), number > 0, port.first != "+" else { throw .badPort(String(port)) }
        return (String(host), number)
    }

    private static func withoutDots(_ target: String) -> String {
        let query = target.firstIndex(of: "?") ?? target.endIndex
        var result: [Substring] = []
        let parts = target[..<query].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            if part == ".." {
                _ = result.popLast()
                if isLast { result.append("") }
            } else if part != "." {
                result.append(part)
            } else if isLast {
                result.append("")
            }
        }
        return "/" + result.joined(separator: "/") + target[query...]
    }

    private static func encoded(_ target: String) -> String {
        if target.utf8.allSatisfy({ $0 < 0x80 }) { return target }
        return target.utf8.map { byte in
            byte < 0x80 ? String(Unicode.Scalar(byte)) : "%" + hexadecimal([byte]).uppercased()
        }.joined()
    }
}

extension HTTPURL: CustomStringConvertible {
    public var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "http://" + host + (port == 80 ? "" : ":\(port)") + target
    }
}

/// A value as a query carries it: everything but RFC 3986's unreserved characters is percent-encoded.
func queryEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e, 0x3a: String(Unicode.Scalar(byte))
        default: "%" + hexadecimal([byte]).uppercased()
        }
    }.joined()
}

/// Why a text is no address that can be fetched from.
public enum HTTPURLError: Error, Equatable, Sendable {
    case noScheme(String)
    case scheme(String, String)
    case credentials
    case badHost(String)
    case badPort(String)
    case badCharacter(String)
    case tooLong
}

extension HTTPURLError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noScheme(let text): "'\(text)' is no URL; write it as http://SERVER/PATH"
        case .scheme(let scheme, let text):
            "'\(text)' asks for \(scheme), but this program speaks http alone; give an http:// URL (what is "
                + "fetched can be verified by its SHA-256 and the server's signature)"
        case .credentials: "a URL with a user name or password is not supported"
        case .badHost(let text): "'\(text)' has no usable host name or address"
        case .badPort(let text): "'\(text)' is no port; a number from 1 to 65535 was expected"
        case .badCharacter(let text):
            "'\(text)' has a space or a control character in it; write it as %20 and so on"
        case .tooLong: "the URL is longer than 4096 bytes"
        }
    }
}
