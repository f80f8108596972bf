import Wire

extension TFTPPacket {
    /// Further options are passed over: six are known to exist.
    static let maximumOptions = 16

    /// Reads a datagram.
    ///
    /// What real ROMs get wrong is forgiven: a request without its last NUL, padding behind it, an option
    /// without a value.
    public init(parsing bytes: Span<UInt8>) throws(TFTPMalformation) {
        var reader = ByteReader(bytes)
        let number = try Self.readUInt16(&reader)
        guard let opcode = TFTPOpcode(rawValue: number) else { throw .unknownOpcode(number) }
        switch opcode {
        case .readRequest: self = .readRequest(try Self.request(&reader))
        case .writeRequest: self = .writeRequest(try Self.request(&reader))
        case .data: self = .data(block: try Self.readUInt16(&reader), content: reader.readRest())
        case .acknowledgment: self = .acknowledgment(block: try Self.readUInt16(&reader))
        case .error:
            let code = TFTPErrorCode(rawValue: try Self.readUInt16(&reader))
            self = .error(code, Self.text(reader.readBytesUntilNUL() ?? reader.readRest()))
        case .optionAcknowledgment: self = .optionAcknowledgment(Self.options(&reader))
        }
    }

    private static func readUInt16(_ reader: inout ByteReader) throws(TFTPMalformation) -> UInt16 {
        do throws(ByteReaderError) {
            return try reader.readUInt16()
        } catch {
            throw .truncated(byteCount: reader.offset + reader.remaining)
        }
    }

    private static func request(_ reader: inout ByteReader) throws(TFTPMalformation) -> TFTPRequest {
        guard let file = reader.readBytesUntilNUL() else { throw .unterminatedName }
        let name = text(reader.readBytesUntilNUL() ?? reader.readRest()).lowercased()
        guard let mode = TFTPMode(name: name) else { throw .unknownMode(name) }
        return TFTPRequest(file: file, mode: mode, options: options(&reader))
    }

    private static func options(_ reader: inout ByteReader) -> [TFTPOption] {
        var options: [TFTPOption] = []
        while options.count < maximumOptions, let name = reader.readBytesUntilNUL() {
            let value = reader.readBytesUntilNUL() ?? reader.readRest()
            if !name.isEmpty && !value.isEmpty {
                options.append(TFTPOption(text(name).lowercased(), text(value)))
            }
        }
        return options
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension TFTPMode {
    /// - Parameter name: in lower case.
    init?(name: String) {
        switch name {
        case "netascii": self = .netascii
        case "octet": self = .octet
        case "mail": self = .mail
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .netascii: "netascii"
        case .octet: "octet"
        case .mail: "mail"
        }
    }
}
