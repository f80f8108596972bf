/// What a request asks for (RFC 7230 §5.3), split into path and query, and percent-decoded exactly once.
struct RequestTarget: Equatable, Sendable {
    /// Decoded, with its leading slash. It has not been checked: `BootPath` does that.
    var path: [UInt8]
    var query: [QueryItem]

    struct QueryItem: Equatable, Sendable {
        var name: String
        var value: String
    }

    enum Refusal: Error, Equatable {
        /// Neither `/path` nor `http://host/path`.
        case notAPath
        /// No two hexadecimal digits follow the `%` at this offset of the path.
        case badPercentEncoding(offset: Int)
    }

    /// - Parameter bytes: as it stands in the request line.
    init(parsing bytes: [UInt8]) throws(Refusal) {
        let target = Self.withoutAuthority(bytes[...])
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = target[..<end]
        guard path.first == UInt8(ascii: "/") else { throw .notAPath }
        switch Self.decoded(path) {
        case .success(let decoded): self.path = decoded
        case .failure(let refusal): throw refusal
        }
        query = Self.items(of: target[end...].dropFirst())
    }

    /// The first value under `name`.
    func value(of name: String) -> String? { query.first { $0.name == name }?.value }

    /// Drops `http://host` of the absolute form, which servers must accept (RFC 7230 §5.3.2).
    private static func withoutAuthority(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard target.first != UInt8(ascii: "/") else { return target }
        let scheme = Array("http://".utf8)
        guard target.prefix(scheme.count).map({ $0 | 0x20 }) == scheme.map({ $0 | 0x20 }) else {
            return target
        }
        return target.dropFirst(scheme.count).drop { $0 != UInt8(ascii: "/") }
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> Result<[UInt8], Refusal> {
        guard bytes.contains(UInt8(ascii: "%")) else { return .success(Array(bytes)) }
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                decoded.append(byte)
                continue
            }
            guard let high = hexadecimalDigit(rest.popFirst()), let low = hexadecimalDigit(rest.popFirst())
            else {
                return .failure(.badPercentEncoding(offset: decoded.count))
            }
            decoded.append(high << 4 | low)
        }
        return .success(decoded)
    }

    /// `+` stays what it is: iPXE writes a space as `%20`. A value that is not encoded well is kept as it came.
    private static func items(of query: ArraySlice<UInt8>) -> [QueryItem] {
        query.split(separator: UInt8(ascii: "&")).map { item in
            let parts = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
            )
            .map { part in String(decoding: (try? decoded(part).get()) ?? Array(part), as: UTF8.self) }
            return QueryItem(name: parts.first ?? "", value: parts.count < 2 ? "" : parts[1])
        }
    }

    private static func hexadecimalDigit(_ byte: UInt8?) -> UInt8? {
        switch byte {
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): byte.map { $0 - UInt8(ascii: "0") }
        case .some(UInt8(ascii: "a")...UInt8(ascii: "f")): byte.map { $0 - UInt8(ascii: "a") + 10 }
        case .some(UInt8(ascii: "A")...UInt8(ascii: "F")): byte.map { $0 - UInt8(ascii: "A") + 10 }
        default: nil
        }
    }
}
