import Testing
import Wire

@Suite("The file of a signing key")
struct SigningKeyFileTests {
    private static let bytes = (0..<32).map { UInt8($0 * 8) }
    private static let digits = hexadecimal(bytes)

    @Test("Both halves come back as they were written")
    func roundTrip() throws {
        for half in SigningKeyFile.Half.allCases {
            let file = try #require(SigningKeyFile(half, bytes: Self.bytes))
            #expect(file.text == "\(half.rawValue) \(Self.digits)\n")
            #expect(try SigningKeyFile(parsing: Array(file.text.utf8), expecting: half) == file)
        }
        #expect(SigningKeyFile(.privateKey, bytes: Array(Self.bytes.dropLast())) == nil)
    }

    private func parse(_ text: String) throws(SigningKeyFileError) -> [UInt8] {
        try SigningKeyFile(parsing: Array(text.utf8), expecting: .publicKey).bytes
    }

    @Test("White space and letter case do not count")
    func lenient() throws {
        #expect(try parse("\n netbootd-ed25519-public\t\(Self.digits.uppercased())\r\n\n") == Self.bytes)
    }

    @Test(
        "What is no such key is refused with the reason, and never shown",
        arguments: [
            ("", SigningKeyFileError.empty), (" \n", .empty), ("ssh-ed25519 AAAA", .notAKey),
            ("netbootd-ed25519-private \(digits)", .otherHalf(found: .privateKey)),
            ("netbootd-ed25519-public", .badDigits), ("netbootd-ed25519-public \(digits) x", .badDigits),
            ("netbootd-ed25519-public \(digits)00", .badDigits),
            ("netbootd-ed25519-public \(digits.dropLast(2))zz", .badDigits),
            (String(repeating: "x", count: 1025), .tooLong),
        ])
    func refusals(text: String, error: SigningKeyFileError) {
        #expect(throws: error) { try parse(text) }
        #expect(!error.description.contains(Self.digits))
    }

    @Test("Every beginning of a file is refused, and every damaged byte is or is another key")
    func damage() {
        let good = Array("netbootd-ed25519-public \(Self.digits)".utf8)
        for count in good.indices {
            #expect(throws: SigningKeyFileError.self) {
                try SigningKeyFile(parsing: Array(good[..<count]), expecting: .publicKey)
            }
        }
        for index in good.indices {
            for byte in [0, 0x20, 0x30, 0x7f, 0xff] as [UInt8] where good[index] != byte {
                var bad = good
                bad[index] = byte
                let key = try? SigningKeyFile(parsing: bad, expecting: .publicKey)
                #expect(key?.bytes.count ?? 32 == 32)
            }
        }
    }
}
