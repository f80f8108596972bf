import Wire

/// A call of ONC RPC version 2 (RFC 5531 §9), without its arguments.
struct RPCCall: Equatable {
    var transactionID: UInt32
    var program: UInt32
    var version: UInt32
    var procedure: UInt32
    var credentials: RPCCredentials
}

/// Who says that he calls (RFC 5531 §8.2, Appendix A).
enum RPCCredentials: Equatable, Hashable {
    case none
    case system(UnixCredentials)
    /// RPCSEC_GSS and the like.
    case unsupported(flavor: UInt32)
}

struct UnixCredentials: Equatable, Hashable {
    var userID: UInt32
    var groupID: UInt32
    /// At most 16.
    var groups: [UInt32] = []
}

enum RPCFlavor {
    static let none: UInt32 = 0
    static let system: UInt32 = 1
}

/// Why a call gets no result.
enum RPCRejection: Error, Equatable {
    /// The RPC version is not 2.
    case versionMismatch
    case badCredentials
    case badVerifier
    case tooWeak
    case programUnavailable
    case programMismatch(low: UInt32, high: UInt32)
    case procedureUnavailable
    case garbageArguments(XDRError)
}

/// A message that gets no answer at all.
enum RPCIgnoreReason: Error, Equatable {
    case truncated(XDRError)
    /// A reply, or neither.
    case notACall
}

extension RPCCall {
    static let maximumAuthBytes = 400
    static let maximumMachineNameBytes = 255
    static let maximumGroups = 16

    enum Parsed: Equatable {
        case call(RPCCall)
        case rejected(transactionID: UInt32, RPCRejection)
    }

    /// Reads a call's head; the reader is left at its arguments.
    static func parse(_ reader: inout XDRReader) throws(RPCIgnoreReason) -> Parsed {
        let transactionID: UInt32
        let kind: UInt32
        do throws(XDRError) {
            transactionID = try reader.uint32()
            kind = try reader.uint32()
        } catch {
            throw .truncated(error)
        }
        guard kind == 0 else { throw .notACall }
        do throws(XDRError) {
            guard try reader.uint32() == 2 else {
                return .rejected(transactionID: transactionID, .versionMismatch)
            }
            let (program, version, procedure) = (
                try reader.uint32(), try reader.uint32(), try reader.uint32()
            )
            let flavor = try reader.uint32()
            let credentials: RPCCredentials
            do throws(XDRError) {
                credentials = try readCredentials(flavor, &reader)
            } catch {
                return .rejected(transactionID: transactionID, .badCredentials)
            }
            _ = try reader.uint32()
            do throws(XDRError) {
                try reader.skipOpaque(limit: maximumAuthBytes)
            } catch {
                return .rejected(transactionID: transactionID, .badVerifier)
            }
            return .call(
                RPCCall(
                    transactionID: transactionID, program: program, version: version, procedure: procedure,
                    credentials: credentials))
        } catch {
            throw .truncated(error)
        }
    }

    private static func readCredentials(
        _ flavor: UInt32, _ reader: inout XDRReader
    ) throws(XDRError) -> RPCCredentials {
        let start = reader.offset
        let count = try reader.uint32()
        guard count <= maximumAuthBytes else {
            throw .tooLong(offset: start, found: count, limit: maximumAuthBytes)
        }
        let end = reader.offset + Int(count) + paddingBytes(Int(count))
        guard flavor == RPCFlavor.system else {
            _ = try reader.fixedOpaque(Int(count))
            return flavor == RPCFlavor.none ? .none : .unsupported(flavor: flavor)
        }
        _ = try reader.uint32()
        try reader.skipOpaque(limit: maximumMachineNameBytes)
        var credentials = UnixCredentials(userID: try reader.uint32(), groupID: try reader.uint32())
        let groups = try reader.count(limit: maximumGroups)
        for _ in 0..<groups { credentials.groups.append(try reader.uint32()) }
        guard reader.offset == end else {
            throw .truncated(offset: reader.offset, needed: end - reader.offset, available: 0)
        }
        return .system(credentials)
    }
}

extension XDRWriter {
    /// Begins a reply whose results follow (RFC 5531 §9: accepted, verifier AUTH_NONE, SUCCESS).
    mutating func replyHead(_ transactionID: UInt32) {
        acceptedHead(transactionID)
        uint32(0)
    }

    mutating func rejection(_ transactionID: UInt32, _ rejection: RPCRejection) {
        switch rejection {
        case .versionMismatch:
            deniedHead(transactionID)
            uint32(0)
            uint32(2)
            uint32(2)
        case .badCredentials:
            deniedHead(transactionID)
            uint32(1)
            uint32(1)
        case .badVerifier:
            deniedHead(transactionID)
            uint32(1)
            uint32(3)
        case .tooWeak:
            deniedHead(transactionID)
            uint32(1)
            uint32(5)
        case .programUnavailable:
            acceptedHead(transactionID)
            uint32(1)
        case .programMismatch(let low, let high):
            acceptedHead(transactionID)
            uint32(2)
            uint32(low)
            uint32(high)
        case .procedureUnavailable:
            acceptedHead(transactionID)
            uint32(3)
        case .garbageArguments:
            acceptedHead(transactionID)
            uint32(4)
        }
    }

    private mutating func acceptedHead(_ transactionID: UInt32) {
        for value in [transactionID, 1, 0, 0, 0] { uint32(value) }
    }

    private mutating func deniedHead(_ transactionID: UInt32) {
        for value in [transactionID, 1, 1] { uint32(value) }
    }
}
