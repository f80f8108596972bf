public import Wire

/// What a DHCP server has given; it is used as it is and never renewed, as by firmware.
public struct ClientLease: Equatable, Sendable {
    public var address: IPv4Address
    public var prefixLength: Int
    public var router: IPv4Address?
    public var nameServers: [IPv4Address]
    public var domain: String?
    public var hostname: String?
    public var server: IPv4Address
    /// Where boot files are (`siaddr`).
    public var nextServer: IPv4Address?
}

/// Gets an IPv4 address from a DHCP server: RFC 2131 from DISCOVER to ACK. It owns no socket and no clock.
public struct DHCPClient {
    public enum Action: Equatable {
        case send([UInt8])
        case wait
        case use(ClientLease)
        /// Nobody has answered, or nobody has granted what was offered.
        case abandon
    }

    private enum State: Equatable {
        case selecting
        case requesting(DHCPAnswer)
        case done
    }

    private let mac: MACAddress
    private let transactionID: UInt32
    private var state = State.selecting
    private var attempts = 0
    private var begun: ContinuousClock.Instant
    /// When `timePassed` has something to do.
    public private(set) var deadline: ContinuousClock.Instant

    /// Seconds between what is sent; an address that firmware did not get in this time comes no more.
    private static let pauses = [1, 2, 4, 8, 8]
    private static let requestAttempts = 3

    /// - Parameter transactionID: a random number.
    public init(mac: MACAddress, transactionID: UInt32, at now: ContinuousClock.Instant) {
        self.mac = mac
        self.transactionID = transactionID
        begun = now
        deadline = now
    }

    /// Sends first, then again after pauses that grow.
    public mutating func timePassed(to now: ContinuousClock.Instant) -> Action {
        guard now >= deadline else { return .wait }
        switch state {
        case .done: return .wait
        case .requesting(let offer):
            if attempts < Self.requestAttempts { return send(.request(offer), at: now) }
            // The server is gone; another may be there.
            state = .selecting
            attempts = 1
            return send(.discover, at: now)
        case .selecting:
            guard attempts < Self.pauses.count else {
                state = .done
                return .abandon
            }
            return send(.discover, at: now)
        }
    }

    /// A datagram that came to port 68.
    public mutating func received(_ bytes: [UInt8], at now: ContinuousClock.Instant) -> Action {
        guard let answer = DHCPAnswer(parsing: bytes), answer.transactionID == transactionID,
            answer.mac == mac
        else { return .wait }
        switch (state, answer.kind) {
        case (.selecting, .offer) where answer.lease.address.rawValue != 0:
            // An offer without an address is a boot server's that gives none.
            state = .requesting(answer)
            attempts = 0
            return send(.request(answer), at: now)
        case (.requesting(let offer), .acknowledgment) where answer.lease.server == offer.lease.server:
            state = .done
            return .use(answer.lease)
        case (.requesting(let offer), .refusal) where answer.lease.server == offer.lease.server:
            state = .selecting
            deadline = now + .seconds(1)
            return .wait
        case (.selecting, _), (.requesting, _), (.done, _): return .wait
        }
    }

    private enum Message {
        case discover
        case request(DHCPAnswer)
    }

    private mutating func send(_ message: Message, at now: ContinuousClock.Instant) -> Action {
        let pause = Self.pauses[min(attempts, Self.pauses.count - 1)]
        attempts += 1
        deadline = now + .seconds(pause)
        let seconds = min((now - begun).components.seconds, 0xffff)
        var writer = ByteWriter(capacity: 300)
        writer.write([1, 1, 6, 0] as [UInt8])
        writer.write(transactionID)
        writer.write(UInt16(seconds))
        writer.write(UInt16(0x8000))  // answer by broadcast: there is no address to answer to
        writer.writeZeros(16)
        writer.write(mac)
        writer.writeZeros(10 + 64 + 128)
        writer.write(UInt32(0x6382_5363))
        switch message {
        case .discover: writer.write([53, 1, 1] as [UInt8])
        case .request(let offer):
            writer.write([53, 1, 3, 50, 4] as [UInt8])
            writer.write(offer.lease.address)
            writer.write([54, 4] as [UInt8])
            writer.write(offer.lease.server)
        }
        writer.write([57, 2, 0x05, 0xc0, 55, 7, 1, 3, 6, 12, 15, 51, 54, 255] as [UInt8])
        // BOOTP's least; some relays drop what is shorter.
        writer.writeZeros(max(0, 300 - writer.count))
        return .send(writer.bytes)
    }
}

/// A server's message, with what this client makes use of.
struct DHCPAnswer: Equatable {
    enum Kind: UInt8 {
        case offer = 2
        case acknowledgment = 5
        case refusal = 6
    }

    var kind: Kind
    var transactionID: UInt32
    var mac: MACAddress
    var lease: ClientLease

    /// Nil when it is none, is damaged, or names no server.
    init?(parsing bytes: [UInt8]) {
        guard bytes.count >= 240, bytes[0] == 2, bytes[1] == 1, bytes[2] == 6,
            bytes[236..<240].elementsEqual([0x63, 0x82, 0x53, 0x63]),
            let mac = MACAddress(bytes: bytes[28..<34]),
            case (let options, true) = dhcpOptions(in: bytes[240...]), let type = options[53]?.first,
            let kind = Kind(rawValue: type), let server = options[54].flatMap({ IPv4Address(bytes: $0) }),
            let address = IPv4Address(bytes: bytes[16..<20]), let next = IPv4Address(bytes: bytes[20..<24])
        else { return nil }
        self.kind = kind
        self.mac = mac
        transactionID = bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
        let mask = options[1].flatMap { IPv4Address(bytes: $0) }?.rawValue
        lease = ClientLease(
            address: address, prefixLength: mask.map(\.nonzeroBitCount) ?? Self.classPrefix(address),
            router: Self.addresses(options[3]).first, nameServers: Self.addresses(options[6]),
            domain: Self.text(options[15]), hostname: Self.text(options[12]), server: server,
            nextServer: next.rawValue == 0 ? nil : next)
    }

    private static func addresses(_ bytes: [UInt8]?) -> [IPv4Address] {
        guard let bytes, bytes.count % 4 == 0 else { return [] }
        return stride(from: 0, to: bytes.count, by: 4).compactMap { IPv4Address(bytes: bytes[$0..<$0 + 4]) }
            .filter { $0.rawValue != 0 }
    }

    private static func text(_ bytes: [UInt8]?) -> String? {
        guard let bytes, !bytes.isEmpty, bytes.allSatisfy({ 0x21...0x7e ~= $0 }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a mask that was not told is by the address alone.
    private static func classPrefix(_ address: IPv4Address) -> Int {
        address.rawValue >> 31 == 0 ? 8 : address.rawValue >> 30 == 2 ? 16 : 24
    }
}
