import Wire

extension TFTPPacket {
    /// Of a DATA packet: opcode and block number.
    static let dataHeaderBytes = 4

    /// The packet as it travels.
    public func encoded() -> [UInt8] {
        switch self {
        case .readRequest(let request): request.encoded(as: .readRequest)
        case .writeRequest(let request): request.encoded(as: .writeRequest)
        case .data(let block, let content): Self.header(.data, block) + content
        case .acknowledgment(let block): Self.header(.acknowledgment, block)
        case .error(let code, let text): Self.header(.error, code.rawValue) + text.utf8 + [0]
        case .optionAcknowledgment(let options):
            [0, UInt8(TFTPOpcode.optionAcknowledgment.rawValue)] + options.flatMap { $0.encoded() }
        }
    }

    /// Writes a DATA packet's header in front of `offset + dataHeaderBytes`, where its content stands.
    static func writeDataHeader(block: UInt16, into bytes: inout MutableSpan<UInt8>, at offset: Int) {
        bytes[offset] = 0
        bytes[offset + 1] = UInt8(TFTPOpcode.data.rawValue)
        bytes[offset + 2] = UInt8(truncatingIfNeeded: block >> 8)
        bytes[offset + 3] = UInt8(truncatingIfNeeded: block)
    }

    private static func header(_ opcode: TFTPOpcode, _ number: UInt16) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.write(opcode.rawValue)
        writer.write(number)
        return writer.bytes
    }
}

extension TFTPRequest {
    fileprivate func encoded(as opcode: TFTPOpcode) -> [UInt8] {
        [0, UInt8(opcode.rawValue)] + file + [0] + mode.name.utf8 + [0] + options.flatMap { $0.encoded() }
    }
}

extension TFTPOption {
    fileprivate func encoded() -> [UInt8] { name.utf8 + [0] + value.utf8 + [0] }
}
