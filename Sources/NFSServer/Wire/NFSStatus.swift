import BootFiles

/// What a procedure or operation answers: the numbers that NFSv3 (RFC 1813 §2.6) and NFSv4 (RFC 8881 §15.1) share, and
/// those that NFSv4 alone has.
struct NFSStatus: RawRepresentable, Hashable, Error {
    var rawValue: UInt32

    static let ok = NFSStatus(rawValue: 0)
    static let notPermitted = NFSStatus(rawValue: 1)
    static let notFound = NFSStatus(rawValue: 2)
    static let ioError = NFSStatus(rawValue: 5)
    static let accessDenied = NFSStatus(rawValue: 13)
    static let notAFolder = NFSStatus(rawValue: 20)
    static let isAFolder = NFSStatus(rawValue: 21)
    static let invalid = NFSStatus(rawValue: 22)
    static let readOnly = NFSStatus(rawValue: 30)
    static let nameTooLong = NFSStatus(rawValue: 63)
    static let stale = NFSStatus(rawValue: 70)
    static let badHandle = NFSStatus(rawValue: 10001)
    static let notSupported = NFSStatus(rawValue: 10004)
    static let tooSmall = NFSStatus(rawValue: 10005)
    static let serverFault = NFSStatus(rawValue: 10006)
    /// NFSv3's JUKEBOX, NFSv4's DELAY: the client asks again later.
    static let delay = NFSStatus(rawValue: 10008)
}

extension NFSStatus {
    init(_ failure: NodeFailure) {
        self =
            switch failure {
            case .stale: .stale
            case .notFound: .notFound
            case .notAFolder: .notAFolder
            case .notAFile, .notALink: .invalid
            case .nameTooLong: .nameTooLong
            case .accessDenied: .accessDenied
            case .busy: .delay
            case .system: .ioError
            }
    }
}

/// Asks a tree, and answers in NFS's numbers.
func asking<Answer>(_ body: () throws(NodeFailure) -> Answer) throws(NFSStatus) -> Answer {
    do throws(NodeFailure) {
        return try body()
    } catch {
        throw NFSStatus(error)
    }
}
