import SystemIO

typealias TFTPLogLimiter = LogLimiter<TFTPLogKind>

/// What a line is about; its name is the count's in the summary.
enum TFTPLogKind: String, CaseIterable, Sendable {
    case notFound = "not-found"
    case localBoot = "local-boot"
    case notOpened = "not-opened"
    case path, write, mail, malformed
    case unknownTransfer = "unknown-transfer"
    case tooManyTransfers = "too-many-transfers"
    case noSocket = "no-socket"
    case neverAnswered = "never-answered"
    case displaced
    case abandoned
}
