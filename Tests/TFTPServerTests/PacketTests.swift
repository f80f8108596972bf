import Testing
import Wire

@testable import TFTPServer

/// Text as bytes, with `·` for NUL.
func wire(_ text: String) -> [UInt8] {
    Array(
        text.split(separator: "·", omittingEmptySubsequences: false).map { Array($0.utf8) }.joined(
            separator: [0]))
}

@Suite("TFTP packets")
struct PacketTests {
    /// Each kind of packet, and its bytes as the RFCs write them down.
    static let golden: [(packet: TFTPPacket, bytes: [UInt8])] = [
        (
            .readRequest(TFTPRequest(file: wire("a/b"), mode: .octet)),
            [0, 1, 0x61, 0x2f, 0x62, 0, 0x6f, 0x63, 0x74, 0x65, 0x74, 0]
        ),
        (
            .readRequest(
                TFTPRequest(
                    file: wire("x"), mode: .octet,
                    options: [TFTPOption("tsize", "0"), TFTPOption("blksize", "1468")])),
            [0, 1] + wire("x·octet·tsize·0·blksize·1468·")
        ),
        (.writeRequest(TFTPRequest(file: wire("x"), mode: .netascii)), [0, 2] + wire("x·netascii·")),
        (.readRequest(TFTPRequest(file: wire("x"), mode: .mail)), [0, 1] + wire("x·mail·")),
        (.data(block: 0x1234, content: [1, 0, 2]), [0, 3, 0x12, 0x34, 1, 0, 2]),
        (.data(block: 65535, content: []), [0, 3, 0xff, 0xff]),
        (.acknowledgment(block: 0x0102), [0, 4, 1, 2]),
        (.error(.fileNotFound, "no"), [0, 5, 0, 1, 0x6e, 0x6f, 0]),
        (
            .optionAcknowledgment([TFTPOption("blksize", "512"), TFTPOption("timeout", "5")]),
            [0, 6] + wire("blksize·512·timeout·5·")
        ),
    ]

    @Test("Every kind of packet has the bytes of its RFC, both ways", arguments: golden)
    func bothWays(packet: TFTPPacket, bytes: [UInt8]) throws {
        #expect(packet.encoded() == bytes)
        #expect(try TFTPPacket(parsing: bytes.span) == packet)
    }

    @Test("Error codes are those of RFC 1350 and RFC 2347")
    func errorCodes() {
        let codes: [TFTPErrorCode] = [
            .notDefined, .fileNotFound, .accessViolation, .diskFull, .illegalOperation, .unknownTransferID,
            .fileAlreadyExists, .noSuchUser, .optionNegotiation,
        ]
        #expect(codes.map(\.rawValue) == Array(0...8))
    }

    @Test(
        "No part of a packet is taken for the whole of another kind, and none is a crash", arguments: golden)
    func prefixes(packet: TFTPPacket, bytes: [UInt8]) {
        for count in 0..<bytes.count {
            let prefix = Array(bytes[..<count])
            let parsed = parse(prefix)
            switch (packet, parsed) {
            // A packet that only lacks its end is still of its kind.
            case (.readRequest, .success(.readRequest)), (.writeRequest, .success(.writeRequest)),
                (.data, .success(.data)), (.error, .success(.error)),
                (.optionAcknowledgment, .success(.optionAcknowledgment)):
                continue
            case (_, .success(let other)): Issue.record("\(prefix) became \(other)")
            case (_, .failure(.truncated(let length))): #expect(length == count)
            // `x·oct` or `x·`: no mode is called so. `a/`: no end of the name.
            case (.readRequest, .failure(.unknownMode)), (.writeRequest, .failure(.unknownMode)),
                (.readRequest, .failure(.unterminatedName)), (.writeRequest, .failure(.unterminatedName)):
                continue
            case (_, .failure(let failure)): Issue.record("\(prefix): \(failure)")
            }
        }
    }

    @Test("What real ROMs get wrong is understood")
    func forgiven() {
        let plain = TFTPRequest(file: wire("x"), mode: .octet)
        var asked = plain
        asked.options = [TFTPOption("blksize", "1468")]
        // The last NUL is missing, after the mode or after a value.
        #expect(request("x·octet") == plain)
        #expect(request("x·octet·blksize·1468") == asked)
        // Any case of letters.
        #expect(request("x·OcTeT·BLKSIZE·1468·") == asked)
        // Padding, and a name without a value.
        #expect(request("x·octet·blksize·1468······") == asked)
        #expect(request("x·octet·blksize·1468·tsize·") == asked)
        #expect(request("x·octet·blksize·1468·tsize") == asked)
    }

    @Test("Options past the sixteenth are passed over")
    func manyOptions() {
        let text = (1...20).map { "o\($0)·\($0)·" }.joined()
        #expect(request("x·octet·" + text)?.options.count == 16)
    }

    @Test("An error's text may lack its NUL, and may be no UTF-8")
    func errorText() {
        #expect(parse([0, 5, 0, 8, 0x61]) == .success(.error(.optionNegotiation, "a")))
        #expect(parse([0, 5, 0, 99, 0xff, 0]) == .success(.error(TFTPErrorCode(rawValue: 99), "\u{fffd}")))
    }

    @Test("Nonsense is named")
    func nonsense() {
        #expect(parse([]) == .failure(.truncated(byteCount: 0)))
        #expect(parse([0, 4, 0]) == .failure(.truncated(byteCount: 3)))
        #expect(parse([0, 0, 1]) == .failure(.unknownOpcode(0)))
        #expect(parse([1, 1, 1]) == .failure(.unknownOpcode(257)))
        #expect(parse([0, 1] + wire("x")) == .failure(.unterminatedName))
        #expect(parse([0, 1] + wire("x·binary·")) == .failure(.unknownMode("binary")))
    }

    @Test("A hundred thousand packets of random bytes do no harm")
    func randomBytes() {
        var random = SplitMix(seed: 7)
        var listener = TFTPListener(settings: TFTPSettings(address: .any))
        for round in 0..<100_000 {
            var packet = (0..<Int(random.next() % 48)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Mostly with an opcode that exists, so that more than the first check is met.
            if packet.count > 1 && round % 8 != 0 { (packet[0], packet[1]) = (0, UInt8(random.next() % 7)) }
            let peer = IPv4Endpoint(
                address: IPv4Address(rawValue: UInt32(random.next() % 9)), port: UInt16(random.next() % 9))
            let now = Duration.milliseconds(round)
            let decision = listener.received(parse(packet), from: peer, at: now)
            if case .open(_, let request) = decision {
                _ = listener.begin(request, content: .octets(byteCount: 100_000), for: peer, at: now)
            }
            _ = listener.timePassed(to: now)
        }
        #expect(listener.count <= 9 * 16)
    }

    private func request(_ text: String) -> TFTPRequest? {
        guard case .success(.readRequest(let request)) = parse([0, 1] + wire(text)) else { return nil }
        return request
    }
}

func parse(_ bytes: [UInt8]) -> Result<TFTPPacket, TFTPMalformation> {
    do throws(TFTPMalformation) {
        return .success(try TFTPPacket(parsing: bytes.span))
    } catch {
        return .failure(error)
    }
}

/// The same numbers for the same seed, on every machine.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
