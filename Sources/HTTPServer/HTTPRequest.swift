import Wire

/// One request, as far as an answer depends on it.
struct HTTPRequest: Equatable, Sendable {
    var method: Method
    /// As it stands in the request line.
    var target: [UInt8]
    var client: IPv4Address
    var range: String?
    var conditions: Conditions
    var userAgent: String?
    var acceptEncoding: String?
    /// Something follows the header, or is said to.
    var hasBody: Bool

    enum Method: Equatable, Sendable {
        case get
        case head
        case post
        case other

        /// Methods are case-sensitive (RFC 7231 §4.1).
        init(_ name: String) {
            self =
                switch name {
                case "GET": .get
                case "HEAD": .head
                case "POST": .post
                default: .other
                }
        }
    }

    init(
        method: Method = .get, target: [UInt8], client: IPv4Address, range: String? = nil,
        conditions: Conditions = Conditions(), userAgent: String? = nil, acceptEncoding: String? = nil,
        hasBody: Bool = false
    ) {
        self.method = method
        self.target = target
        self.client = client
        self.range = range
        self.conditions = conditions
        self.userAgent = userAgent
        self.acceptEncoding = acceptEncoding
        self.hasBody = hasBody
    }
}
