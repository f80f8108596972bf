public import SystemIO

/// Why an exchange with a server failed.
public enum HTTPError: Error, Equatable, Sendable {
    case url(HTTPURLError)
    case redirect(from: HTTPURL, HTTPURLError)
    case tooManyRedirects(HTTPURL)
    case name(NameError)
    /// To the last address that was tried.
    case connect(SystemError)
    case connection(SystemError)
    /// Nothing came for that long.
    case silence(seconds: Int64)
    /// The whole exchange took longer than it may.
    case deadline
    /// The server closed before it had answered.
    case noAnswer
    /// The server closed in the middle of a body with that many bytes to go; nil when it had not said how many.
    case bodyCut(missing: Int64?)
    case malformed(HTTPMalformation)
    case contentEncoding(String)
    case tooLong(limit: Int)

    /// Whether the same request may succeed a moment later.
    var mayPass: Bool {
        switch self {
        case .connect, .connection, .silence, .noAnswer, .bodyCut: true
        case .name(let error): error.mayPass
        case .url, .redirect, .tooManyRedirects, .deadline, .malformed, .contentEncoding, .tooLong: false
        }
    }
}

extension HTTPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .url(let error): "\(error)"
        case .redirect(let url, let error): "\(url) redirects to where this program cannot follow: \(error)"
        case .tooManyRedirects(let url): "the server redirects too often, last to \(url)"
        case .name(let error): "\(error)"
        case .connect(let error): "cannot \(error); is the server up, and its port open?"
        case .connection(let error): "the connection broke: \(error)"
        case .silence(let seconds): "the server said nothing for \(seconds) seconds"
        case .deadline: "the server did not answer in time"
        case .noAnswer: "the server closed the connection without an answer"
        case .bodyCut(let missing?): "the connection ended with \(missing) bytes missing"
        case .bodyCut(nil): "the connection ended in the middle of the transfer"
        case .malformed(let error): "\(error)"
        case .contentEncoding(let name): "the server sends it encoded ('\(name)'), which was not asked for"
        case .tooLong(let limit): "the answer is longer than \(limit) bytes"
        }
    }
}
