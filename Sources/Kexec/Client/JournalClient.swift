import FoundationEssentials

/// One event of a server's journal (`GET /api/v1/journal`), as the server writes it.
public struct JournalLine: Equatable, Sendable, Decodable {
    /// RFC 3339.
    public var time: String
    public var mac: String
    public var ip: String?
    /// A stage of a join, `returned` or `missing`.
    public var event: String
    public var by: String?
    public var entry: String?
    public var detail: String?
}

/// Asks a server for its journal.
public struct JournalClient {
    private static let limit = 4 << 20
    private let client = HTTPClient(userAgent: "netbootd journal")

    public init() {}

    /// - Parameter mac: of the only machine to be told of.
    /// - Returns: the JSON as it came, and its events, the newest last.
    public func journal(
        of server: HTTPURL, mac: String? = nil
    ) throws(JournalError) -> (json: String, lines: [JournalLine]) {
        let url = server.appending("api/v1/journal", query: mac.map { "mac=\(queryEncoded($0))" } ?? "")
        let document: HTTPDocument
        do throws(HTTPError) {
            document = try client.fetch(
                HTTPRequest(.get, url, deadline: .now + .seconds(10)), limit: Self.limit)
        } catch { throw .http(url, error) }
        guard document.response.status == 200 else {
            throw .refused(url, status: document.response.status, document.text)
        }
        return (document.content, try Self.lines(in: document.body, from: url))
    }

    static func lines(in bytes: [UInt8], from url: HTTPURL) throws(JournalError) -> [JournalLine] {
        struct Events: Decodable { var events: [JournalLine] }
        do {
            return try JSONDecoder().decode(Events.self, from: Data(bytes)).events
        } catch { throw .notAJournal(url) }
    }
}

public enum JournalError: Error, Equatable, Sendable {
    case http(HTTPURL, HTTPError)
    case refused(HTTPURL, status: Int, String)
    case notAJournal(HTTPURL)
}

extension JournalError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .http(let url, let error): "\(url): \(error)"
        case .refused(let url, let status, let words):
            "\(url): the server answers \(status)" + (words.isEmpty ? "" : ": \(words)")
        case .notAJournal(let url): "\(url): the answer is no journal; is this netbootd?"
        }
    }
}
