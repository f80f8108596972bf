import Testing
import Wire

@testable import NFSServer

@Suite("Heads of calls")
struct RPCTests {
    /// AUTH_SYS of user 1000, group 100, groups 4 and 24, host `lab`; then a verifier of AUTH_NONE.
    private static let golden: [UInt32] = [
        0x1234_5678, 0, 2, 100_003, 3, 1, 1, 32, 0x0102_0304, 3, 0x6c61_6200, 1000, 100, 2, 4, 24, 0, 0,
    ]

    private func bytes(_ words: [UInt32]) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private func parse(_ bytes: [UInt8]) throws(RPCIgnoreReason) -> RPCCall.Parsed {
        var reader = XDRReader(bytes.span)
        return try RPCCall.parse(&reader)
    }

    @Test("Each field of a call is read from its place")
    func fields() throws {
        let call = RPCCall(
            transactionID: 0x1234_5678, program: 100_003, version: 3, procedure: 1,
            credentials: .user(1000, 100, [4, 24]))
        #expect(try parse(bytes(Self.golden)) == .call(call))
    }

    @Test("Each prefix of a call is ignored or refused, never taken for a call")
    func prefixes() {
        let golden = bytes(Self.golden)
        for count in 0..<golden.count {
            var wasTaken = false
            if case .call? = try? parse(Array(golden[..<count])) { wasTaken = true }
            #expect(!wasTaken, "\(count) bytes")
        }
    }

    @Test("A reply is not a call")
    func replies() {
        var words = Self.golden
        words[1] = 1
        #expect(throws: RPCIgnoreReason.notACall) { try parse(bytes(words)) }
    }

    /// The words to change, and how a call is refused then.
    private static let refusals: [(place: Int, value: UInt32, RPCRejection)] = [
        (2, 3, .versionMismatch),
        // The credentials: longer than 400 bytes; a length that is not that of what is in them.
        (7, 404, .badCredentials), (7, 28, .badCredentials), (7, 36, .badCredentials),
        // The machine's name: longer than 255 bytes. More groups than 16; more than there are.
        (9, 256, .badCredentials), (13, 17, .badCredentials), (13, 16, .badCredentials),
    ]

    @Test("What cannot be right in a head is refused", arguments: refusals)
    func refused(place: Int, value: UInt32, rejection: RPCRejection) throws {
        var words = Self.golden
        words[place] = value
        #expect(try parse(bytes(words)) == .rejected(transactionID: 0x1234_5678, rejection))
    }

    @Test("Sixteen groups are taken")
    func groups() throws {
        let groups = [UInt32](1...16)
        var words = Self.golden
        words.replaceSubrange(13..<16, with: [16] + groups)
        words[7] = 32 + 14 * 4
        guard case .call(let call) = try parse(bytes(words)) else { return #expect(Bool(false)) }
        #expect(call.credentials == .user(1000, 100, groups))
    }

    @Test("A verifier that is too long is refused as such")
    func verifier() throws {
        var words = Self.golden
        words[17] = 404
        #expect(try parse(bytes(words)) == .rejected(transactionID: 0x1234_5678, .badVerifier))
    }

    @Test("Credentials of other flavors are known by their number")
    func flavors() throws {
        let words: [UInt32] = [9, 0, 2, 100_003, 4, 0, 6, 4, 0xaabb_ccdd, 0, 0]
        guard case .call(let call) = try parse(bytes(words)) else { return #expect(Bool(false)) }
        #expect(call.credentials == .unsupported(flavor: 6))
    }

    /// What RFC 5531 §9 says of each.
    private static let rejections: [(RPCRejection, [UInt32])] = [
        (.versionMismatch, [1, 1, 0, 2, 2]), (.badCredentials, [1, 1, 1, 1]), (.badVerifier, [1, 1, 1, 3]),
        (.tooWeak, [1, 1, 1, 5]), (.programUnavailable, [1, 0, 0, 0, 1]),
        (.programMismatch(low: 3, high: 4), [1, 0, 0, 0, 2, 3, 4]), (.procedureUnavailable, [1, 0, 0, 0, 3]),
        (.garbageArguments(.notABoolean(offset: 0, found: 2)), [1, 0, 0, 0, 4]),
    ]

    @Test("Each refusal is written as the RFC says", arguments: rejections)
    func written(rejection: RPCRejection, words: [UInt32]) {
        var writer = XDRWriter()
        writer.rejection(77, rejection)
        #expect(writer.bytes == bytes([77] + words))
    }
}
