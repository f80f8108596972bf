public import SystemIO

/// Why an artifact could not be fetched.
public enum FetchError: Error, Equatable, Sendable {
    /// After that many attempts in a row without a new byte; 1 where another would not help.
    case http(HTTPURL, HTTPError, attempts: Int)
    case status(HTTPURL, Int, attempts: Int)
    case sizeMismatch(HTTPURL, expected: Int64, found: Int64)
    /// As hexadecimal digits. Found twice, once from a clean start.
    case digestMismatch(HTTPURL, expected: String, found: String)
    case tooLarge(HTTPURL, limit: Int64)
    case notAnInitrd(HTTPURL, found: String)
    case memory(SystemError)
}

extension FetchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .http(let url, let error, let attempts): "\(url): \(error)\(Self.tried(attempts))"
        case .status(let url, let status, let attempts):
            "\(url): the server answers \(status) \(httpReason(status))\(Self.tried(attempts))"
        case .sizeMismatch(let url, let expected, let found):
            "\(url) has \(found) bytes, but \(expected) were expected: it is not the file that was asked for, or "
                + "it was changed or cut since its size was noted"
        case .digestMismatch(let url, let expected, let found):
            "\(url) is damaged or was exchanged: its SHA-256 is \(found), but \(expected) was expected; fetched "
                + "twice, so it is not the transfer"
        case .tooLarge(let url, let limit): "\(url) is larger than the \(limit) bytes that there is room for"
        case .notAnInitrd(let url, let found):
            "\(url) is no initrd: it holds \(found), where cpio or a compressed archive was expected (--force "
                + "takes it as it is)"
        case .memory(let error): "no memory for the download: \(error)"
        }
    }

    private static func tried(_ attempts: Int) -> String { attempts > 1 ? " (tried \(attempts) times)" : "" }
}

/// The usual words for a status that a download may meet.
func httpReason(_ status: Int) -> String {
    switch status {
    case 401, 407: "(it wants a password)"
    case 403: "(forbidden)"
    case 404, 410: "(not there)"
    case 408, 504: "(timeout)"
    case 409: "(conflict)"
    case 416: "(no such range)"
    case 429: "(too many requests)"
    case 503: "(busy)"
    case 500...599: "(its own error)"
    default: ""
    }
}
