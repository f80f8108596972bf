import Wire

@testable import DHCPServer

/// What clients read in a reply, and a server in no request.
extension DHCPMessage {
    var hops: UInt8 { bytes[3] }
    var seconds: UInt16 { UInt16(bytes[8]) << 8 | UInt16(bytes[9]) }
    var yourAddress: IPv4Address { IPv4Address(bytes[16], bytes[17], bytes[18], bytes[19]) }
    var nextServer: IPv4Address { IPv4Address(bytes[20], bytes[21], bytes[22], bytes[23]) }

    /// `sname` up to its NUL; empty when it holds options.
    var serverName: String { text(in: Self.serverNameField, bit: 2) }

    /// `file` up to its NUL; empty when it holds options.
    var bootFile: String { text(in: Self.bootFileField, bit: 1) }

    /// The codes of all options, in order, once for each occurrence.
    var optionCodes: [UInt8] {
        codes(in: Self.headerBytes..<bytes.count) + (overload & 1 != 0 ? codes(in: Self.bootFileField) : [])
            + (overload & 2 != 0 ? codes(in: Self.serverNameField) : [])
    }

    private var overload: UInt8 {
        self[.overload].flatMap { $0.count == 1 ? $0.first : nil } ?? 0
    }

    private func text(in field: Range<Int>, bit: UInt8) -> String {
        overload & bit == 0 ? String(decoding: bytes[field].prefix { $0 != 0 }, as: UTF8.self) : ""
    }

    private func codes(in field: Range<Int>) -> [UInt8] {
        var codes: [UInt8] = []
        var offset = field.lowerBound
        while offset < field.upperBound, bytes[offset] != DHCPOptionCode.end.rawValue {
            if bytes[offset] == DHCPOptionCode.pad.rawValue {
                offset += 1
            } else {
                codes.append(bytes[offset])
                offset += 2 + Int(bytes[offset + 1])
            }
        }
        return codes
    }
}
