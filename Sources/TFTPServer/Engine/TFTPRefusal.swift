import BootCore
import BootFiles
import SystemIO
import Wire

/// Why a packet on the listening port starts no transfer, and is answered with an ERROR.
enum TFTPRefusal: Error, Equatable, Sendable {
    case notFound(BootPath)
    /// The file name that tells a machine to go on to its own disk.
    case localBoot
    case cannotOpen(BootPath, OpenFailure)
    case path(BootPath.Refusal)
    case write
    case mail
    case malformed(TFTPMalformation)
    /// An ACK or DATA of a transfer that is not under way.
    case unknownTransfer
    /// So many transfers are under way for all clients together.
    case tooManyTransfers(limit: Int)
    case tooManyTransfersOfClient(limit: Int)
    case noSocket(SystemError)

    init(_ failure: OpenFailure, opening path: BootPath) {
        self = failure == .notFound ? .notFound(path) : .cannotOpen(path, failure)
    }

    var packet: TFTPPacket { .error(code, text) }

    private var code: TFTPErrorCode {
        switch self {
        case .notFound, .localBoot: .fileNotFound
        case .cannotOpen(_, .other), .tooManyTransfers, .tooManyTransfersOfClient, .noSocket: .notDefined
        case .cannotOpen, .path, .write: .accessViolation
        case .mail, .malformed: .illegalOperation
        case .unknownTransfer: .unknownTransferID
        }
    }

    /// What the client is told: it may be on somebody's screen.
    private var text: String {
        switch self {
        case .notFound: "file not found"
        case .localBoot: "boot from the local disk"
        case .cannotOpen(_, .other), .noSocket: "the server cannot open the file now"
        case .cannotOpen, .path, .write, .mail, .malformed, .unknownTransfer: reason
        case .tooManyTransfers, .tooManyTransfersOfClient: "too many transfers"
        }
    }

    /// What the log says.
    var reason: String {
        switch self {
        case .notFound: "no such file"
        case .localBoot: "this machine is left to its own disk"
        case .cannotOpen(_, .notFound): "no such file"
        case .cannotOpen(_, .accessDenied): "the file's permissions forbid to read it"
        case .cannotOpen(_, .notARegularFile): "not a regular file"
        case .cannotOpen(_, .outsideRoot): "the path leads out of the tree"
        case .cannotOpen(_, .other(let error)), .noSocket(let error): error.description
        case .path(let refusal): refusal.reason
        case .write: "this server is read-only"
        case .mail: "mail mode is not supported"
        case .malformed(let malformation): malformation.reason
        case .unknownTransfer: "no such transfer"
        case .tooManyTransfers(let limit): "the limit of \(limit) transfers (max-transfers)"
        case .tooManyTransfersOfClient(let limit):
            "the limit of \(limit) transfers of one client (max-transfers-per-client)"
        }
    }
}

extension BootPath.Refusal {
    fileprivate var reason: String {
        switch self {
        case .empty: "the request names no file"
        case .tooLong(let byteCount): "a name of \(byteCount) bytes, which is too long"
        case .controlByte(let byte, let offset): "control byte \(byte) at offset \(offset) of the name"
        case .climbs: "'..' in the path"
        case .notUTF8: "the name is not UTF-8"
        }
    }
}

extension TFTPMalformation {
    var reason: String {
        switch self {
        case .truncated(let byteCount): "a packet of \(byteCount) bytes, which is too short"
        case .unknownOpcode(let number): "opcode \(number) does not exist"
        case .unterminatedName: "a request without an end of its file name"
        case .unknownMode(let name): "transfer mode '\(name.prefix(32))' does not exist"
        }
    }
}
