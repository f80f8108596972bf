import Testing
import Wire

@testable import DHCPServer

/// Requests of real clients, byte for byte: the header's first 44 bytes, and everything from the cookie on.
/// `sname` and `file` were zeros in all of them.
enum Capture {
    static let edk2Discover = bytes(
        "01010600873aad9700008000000000000000000000000000000000005254004e420100000000000000000000",
        """
        63825363350101390205c037230102030405060c0d0f111216171c28292a2b3233363a3b3c4243618081828384858687\
        6111006274656e6f6f004080005254004e42015e030103005d0200073c20505845436c69656e743a417263683a303030\
        30373a554e44493a303033303030ff
        """)

    /// It announces 65280 bytes here, after 1472 in its DISCOVER.
    static let edk2Request = bytes(
        "01010600873aad9700008000000000000000000000000000000000005254004e420100000000000000000000",
        """
        6382536335010336040a00000132040a00009f3902ff0037230102030405060c0d0f111216171c28292a2b3233363a3b3c\
        42436180818283848586876111006274656e6f6f004080005254004e42015e030103005d0200073c20505845436c69656e\
        743a417263683a30303030373a554e44493a303033303030ff
        """)

    static let edk2HTTPDiscover = bytes(
        "01010600873aad9800008000000000000000000000000000000000005254004e420100000000000000000000",
        """
        63825363350101390205c0371b0102030405060c0d0f111216171c28292a2b3233363a3b3ceb43616111006274656e6f6f\
        004080005254004e42015e030103005d0200103c2148545450436c69656e743a417263683a30303031363a554e44493a30\
        3033303030ff
        """)

    /// Debian 12's iPXE in QEMU's network card.
    static let ipxeDiscover = bytes(
        "01010600b4b4024600040000000000000000000000000000000000005254004e420100000000000000000000",
        """
        63825363350101390205c05d0200005e030102013c20505845436c69656e743a417263683a30303030303a554e44493a30\
        30323030314d04695058453717010306070c0f111a2b3c4243778081828384858687afcbaf30b105011af41000eb030100\
        001701012201011301011101012701011901012901011001022101011501011801011201013d07015254004e4201611100\
        6274656e6f6f004080005254004e4201ff
        """)

    static let all = [edk2Discover, edk2Request, edk2HTTPDiscover, ipxeDiscover]

    private static func bytes(_ header: String, _ rest: String) -> [UInt8] {
        guard let head = hexadecimalBytes(header), let tail = hexadecimalBytes(rest), head.count == 44 else {
            preconditionFailure("a capture is written down wrongly")
        }
        return head + [UInt8](repeating: 0, count: 192) + tail
    }
}

/// A request as a test wants it.
struct ClientMessage {
    var operation: UInt8 = 1
    var type: DHCPMessageType?
    var hardwareType: UInt8 = 1
    var hardwareAddress: [UInt8]
    var transactionID: UInt32 = 0x1234_5678
    var flags: UInt16 = 0
    var clientAddress = IPv4Address.any
    var relayAddress = IPv4Address.any
    var options: [(code: DHCPOptionCode, value: [UInt8])] = []

    init(
        _ type: DHCPMessageType?, from mac: MACAddress = .test(1), _ options: [DHCPOptionCode: [UInt8]] = [:]
    ) {
        self.type = type
        hardwareAddress = mac.bytes
        self.options = options.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key, $0.value) }
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write([operation, hardwareType, UInt8(hardwareAddress.count), 0])
        writer.write(transactionID)
        writer.write(UInt16(0))
        writer.write(flags)
        writer.write(clientAddress)
        writer.write(UInt32(0))
        writer.write(UInt32(0))
        writer.write(relayAddress)
        writer.write(hardwareAddress)
        writer.writeZeros(16 - hardwareAddress.count + 192)
        writer.write(DHCPMessage.cookie)
        if let type { writer.write([53, 1, type.rawValue]) }
        for (code, value) in options {
            writer.write([code.rawValue, UInt8(value.count)])
            writer.write(value)
        }
        writer.write(UInt8(255))
        return writer.bytes
    }

    func parsed() throws -> DHCPMessage { try DHCPMessage(parsing: bytes.span) }

    func with(_ change: (inout ClientMessage) -> Void) -> ClientMessage {
        var copy = self
        change(&copy)
        return copy
    }
}

extension MACAddress {
    /// The nth of the tests' machines.
    static func test(_ number: Int) -> MACAddress {
        MACAddress(rawValue: 0x5254_0000_0000 + UInt64(number))
    }
}

extension DHCPMessage {
    init(_ bytes: [UInt8]) throws { try self.init(parsing: bytes.span) }
}

extension [UInt8] {
    init(text: String) { self = Array(text.utf8) }
}

/// What firmware, loaders and systems put into their requests.
enum ClientOptions {
    static let bios: [DHCPOptionCode: [UInt8]] = pxe(architecture: 0)
    static let uefi: [DHCPOptionCode: [UInt8]] = pxe(architecture: 7)
    static let uefiHTTP: [DHCPOptionCode: [UInt8]] = [
        .vendorClass: [UInt8](text: "HTTPClient:Arch:00016:UNDI:003000"), .clientArchitecture: [0, 16],
    ]
    static let ipxe = uefi.merging([
        .userClass: [UInt8](text: "iPXE"), .etherboot: [19, 1, 1, 39, 1, 1],
    ]) { $1 }

    static func pxe(architecture: UInt16) -> [DHCPOptionCode: [UInt8]] {
        let digits = String(architecture)
        let text = "PXEClient:Arch:" + String(repeating: "0", count: 5 - digits.count) + digits
        return [
            .vendorClass: [UInt8](text: text + ":UNDI:003016"),
            .clientArchitecture: [UInt8(architecture >> 8), UInt8(architecture & 255)],
        ]
    }
}
