import Wire

/// A message from this server, until it is encoded.
struct DHCPReply: Equatable, Sendable {
    let type: DHCPMessageType
    let transactionID: UInt32
    var flags: UInt16
    /// `ciaddr`.
    var clientAddress = IPv4Address.any
    /// `yiaddr`.
    var yourAddress = IPv4Address.any
    /// `siaddr`, the boot server.
    var nextServer = IPv4Address.any
    /// `giaddr`.
    let relayAddress: IPv4Address
    /// `file`: at most 127 bytes.
    private(set) var bootFile = ""
    var options = DHCPOptionList()
    /// The most bytes of UDP payload that the client takes.
    let budgetBytes: Int

    private let hardwareType: UInt8
    private let hardwareAddressLength: UInt8
    /// All sixteen bytes of `chaddr`, which go back as they came.
    private let hardwareAddressField: ArraySlice<UInt8>

    /// `file` ends with a NUL within its 128 bytes.
    static let maximumBootFileBytes = 127
    /// BOOTP's fixed size; shorter ones are lost in some relays and ROMs.
    static let minimumBytes = 300
    /// RFC 2131 §2: what every client takes, as an IP datagram.
    static let defaultMessageBytes = 576
    /// EDK2 announces 65280 in its REQUEST and still drops offers above this payload.
    static let maximumBytes = 1472
    static let headersBytes = 28

    /// - Parameter mtu: of the interface, in bytes.
    init(_ type: DHCPMessageType, to request: DHCPMessage, mtu: Int) {
        self.type = type
        transactionID = request.transactionID
        flags = request.flags
        relayAddress = request.relayAddress
        hardwareType = request.hardwareAddress.type
        hardwareAddressLength = request.hardwareAddress.length
        hardwareAddressField = request.bytes[DHCPMessage.hardwareAddressField]
        budgetBytes = Self.budget(clientMaximum: request.maximumMessageSize, mtu: mtu)
    }

    static func budget(clientMaximum: Int?, mtu: Int) -> Int {
        let announced = max(clientMaximum ?? defaultMessageBytes, defaultMessageBytes)
        return min(announced - headersBytes, max(mtu, defaultMessageBytes) - headersBytes, maximumBytes)
    }

    /// Puts a path or URL into `file`, if it fits.
    mutating func setBootFile(_ text: String) {
        bootFile = text.utf8.count <= Self.maximumBootFileBytes && !text.utf8.contains(0) ? text : ""
    }

    /// The message's bytes, and the options for which there was no room.
    func encoded() -> (bytes: [UInt8], dropped: [DHCPOptionCode]) {
        var fitting = options
        let dropped = Self.shrink(&fitting, to: budgetBytes - DHCPMessage.headerBytes - 1)
        var writer = ByteWriter(
            capacity: max(Self.minimumBytes, DHCPMessage.headerBytes + 1 + fitting.encodedBytes))
        writer.write(DHCPMessage.replyOperation)
        writer.write(hardwareType)
        writer.write(hardwareAddressLength)
        writer.write(UInt8(0))
        writer.write(transactionID)
        writer.write(UInt16(0))
        writer.write(flags)
        writer.write(clientAddress)
        writer.write(yourAddress)
        writer.write(nextServer)
        writer.write(relayAddress)
        writer.write(hardwareAddressField)
        writer.writeZeros(DHCPMessage.serverNameField.count)
        writer.write(bootFile.utf8)
        writer.writeZeros(DHCPMessage.bootFileField.count - bootFile.utf8.count)
        writer.write(DHCPMessage.cookie)
        fitting.encode(into: &writer)
        // EDK2 drops messages without END without a word; padding belongs after it (Raspberry Pi).
        writer.write(DHCPOptionCode.end.rawValue)
        writer.writeZeros(max(0, Self.minimumBytes - writer.count))
        return (writer.bytes, options.tooLong + dropped)
    }

    /// Takes out the options that matter least until the rest fits.
    private static func shrink(_ options: inout DHCPOptionList, to limit: Int) -> [DHCPOptionCode] {
        guard options.encodedBytes > limit else { return [] }
        var dropped: [DHCPOptionCode] = []
        for rank in Rank.allCases {
            for index in options.entries.indices.reversed()
            where Rank(of: options.entries[index].code) == rank {
                guard options.encodedBytes > limit else { return dropped }
                dropped.append(options.entries[index].code)
                options.remove(at: index)
            }
        }
        return dropped
    }

    /// How much an option is worth to a client with little room, from what goes first.
    private enum Rank: CaseIterable {
        case convenience, network, echo, boot

        /// Nil for what a lease cannot be without.
        init?(of code: DHCPOptionCode) {
            switch code {
            case .messageType, .serverIdentifier, .leaseTime, .subnetMask: return nil
            case .vendorClass, .vendorInformation, .bootFile: self = .boot
            case .clientIdentifier, .clientMachineIdentifier, .relayInformation: self = .echo
            case .router, .domainNameServers, .etherboot: self = .network
            default: self = .convenience
            }
        }
    }
}
