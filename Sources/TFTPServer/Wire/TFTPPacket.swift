/// The number in an ERROR packet (RFC 1350 and RFC 2347).
public struct TFTPErrorCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The text says what happened.
    public static let notDefined = TFTPErrorCode(rawValue: 0)
    public static let fileNotFound = TFTPErrorCode(rawValue: 1)
    public static let accessViolation = TFTPErrorCode(rawValue: 2)
    public static let diskFull = TFTPErrorCode(rawValue: 3)
    public static let illegalOperation = TFTPErrorCode(rawValue: 4)
    public static let unknownTransferID = TFTPErrorCode(rawValue: 5)
    public static let fileAlreadyExists = TFTPErrorCode(rawValue: 6)
    public static let noSuchUser = TFTPErrorCode(rawValue: 7)
    public static let optionNegotiation = TFTPErrorCode(rawValue: 8)
}

/// How a file's bytes are to travel.
public enum TFTPMode: Hashable, Sendable {
    /// Lines end in CR LF, a CR by itself is CR NUL.
    case netascii
    /// Bytes as they are.
    case octet
    /// Sends to a user instead of a file; obsolete since RFC 1350.
    case mail
}

/// An option as it travels (RFC 2347): its name in lower case, its value as text.
public struct TFTPOption: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A read or write request.
public struct TFTPRequest: Hashable, Sendable {
    /// The file's name as it was sent, in no known encoding.
    public var file: [UInt8]
    public var mode: TFTPMode
    /// In the order in which they were sent.
    public var options: [TFTPOption]

    public init(file: [UInt8], mode: TFTPMode, options: [TFTPOption] = []) {
        self.file = file
        self.mode = mode
        self.options = options
    }
}

/// A TFTP packet (RFC 1350, RFC 2347).
public enum TFTPPacket: Hashable, Sendable {
    case readRequest(TFTPRequest)
    case writeRequest(TFTPRequest)
    case data(block: UInt16, content: [UInt8])
    case acknowledgment(block: UInt16)
    case error(TFTPErrorCode, String)
    case optionAcknowledgment([TFTPOption])
}

/// The first two bytes of each packet.
enum TFTPOpcode: UInt16 {
    case readRequest = 1
    case writeRequest = 2
    case data = 3
    case acknowledgment = 4
    case error = 5
    case optionAcknowledgment = 6
}

/// Why bytes are no TFTP packet.
public enum TFTPMalformation: Error, Hashable, Sendable {
    case truncated(byteCount: Int)
    case unknownOpcode(UInt16)
    /// The file's name has no end.
    case unterminatedName
    case unknownMode(String)
}
