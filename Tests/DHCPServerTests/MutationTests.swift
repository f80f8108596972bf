import BootCore
import Testing
import Wire

@testable import DHCPServer

@Suite("Bytes that no client sends")
struct MutationTests {
    private static let seeds: [[UInt8]] =
        Capture.all + [
            ClientMessage(.request, [.requestedAddress: [10, 0, 0, 100]]).bytes,
            ClientMessage(.request).with { $0.clientAddress = IPv4Address(10, 0, 0, 100) }.bytes,
            ClientMessage(.release).with { $0.clientAddress = IPv4Address(10, 0, 0, 100) }.bytes,
            ClientMessage.decline(IPv4Address(10, 0, 0, 100), from: .test(1)).bytes,
            ClientMessage(.inform).with { $0.clientAddress = IPv4Address(10, 0, 0, 30) }.bytes,
            ClientMessage(
                .discover, [.relayInformation: [1, 2, 3, 4, 5, 4, 10, 0, 0, 0, 11, 4, 10, 0, 0, 9, 19, 0]]
            ).with { $0.relayAddress = Dialogue.router }.bytes,
        ]

    /// Changes bytes, cuts, appends, or writes an option of any length somewhere.
    private static func mutate(_ bytes: inout [UInt8], with generator: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
            let offset = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0..<4: bytes[offset] = UInt8.random(in: 0...255, using: &generator)
            case 4: bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 5 where Int.random(in: 0..<4, using: &generator) == 0: bytes.removeLast(bytes.count - offset)
            case 6:
                let count = Int.random(in: 0...40, using: &generator)
                bytes.append(
                    contentsOf: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
            default:
                guard bytes.count > 242 else { continue }
                let place = Int.random(in: 240..<bytes.count - 1, using: &generator)
                bytes[place] =
                    [1, 43, 50, 52, 53, 54, 55, 57, 61, 77, 82, 93, 97, 118, 175].randomElement(
                        using: &generator) ?? 0
                bytes[place + 1] = UInt8.random(in: 0...20, using: &generator)
            }
        }
    }

    @Test("A hundred thousand damaged packets crash nothing, and every reply keeps its rules")
    func mutatedPackets() throws {
        var generator = SeededGenerator(seed: 67)
        var dialogue = try Dialogue()
        var (replies, malformed) = (0, 0)
        for round in 0..<100_000 {
            var bytes = Self.seeds[round % Self.seeds.count]
            Self.mutate(&bytes, with: &generator)
            dialogue.now = dialogue.now + Int64(round % 7)
            guard let message = try? DHCPMessage(parsing: bytes.span) else {
                malformed += 1
                continue
            }
            let arrival = DHCPArrival(
                interfaceAddress: Dialogue.server, source: IPv4Endpoint(address: .any, port: 68),
                destination: round % 3 == 0 ? Dialogue.server : .broadcast, port: round % 5 == 0 ? 4011 : 67)
            let response = dialogue.responder.respond(to: message, via: arrival, at: dialogue.now)
            guard let (reply, _) = response.reply else { continue }
            replies += 1
            let encoded = reply.encoded().bytes
            guard let read = try? DHCPMessage(parsing: encoded.span), (300...1472).contains(encoded.count),
                read.messageType == reply.type, read.serverIdentifier != nil,
                Set(read.optionCodes).count == read.optionCodes.count,
                read.yourAddress == .any || read.yourAddress == reply.yourAddress
            else {
                Issue.record("packet \(round) got a bad reply: \(hexadecimal(encoded))")
                return
            }
        }
        #expect(replies > 10_000 && malformed > 1000)
        #expect(dialogue.responder.pools[0].leases.count <= 100)
    }
}
