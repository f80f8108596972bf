/// A file with half of an Ed25519 key pair: one line, a word that says which half and 64 hexadecimal digits.
///
///     netbootd-ed25519-public 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29
public struct SigningKeyFile: Equatable, Sendable {
    /// The raw value is the word in the file.
    public enum Half: String, CaseIterable, Sendable {
        case privateKey = "netbootd-ed25519-private"
        case publicKey = "netbootd-ed25519-public"
    }

    public var half: Half
    /// 32 of them (RFC 8032 §5.1.5).
    public let bytes: [UInt8]

    /// More than a good file ever has, white space included.
    public static let maximumBytes = 1024

    /// Nil unless there are 32 bytes.
    public init?(_ half: Half, bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.half = half
        self.bytes = bytes
    }

    /// Reads a file's content; white space around it, and before the digits, does not count.
    public init(parsing content: [UInt8], expecting half: Half) throws(SigningKeyFileError) {
        guard content.count <= Self.maximumBytes else { throw .tooLong }
        let words = content.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
        guard let word = words.first else { throw .empty }
        guard let found = Half.allCases.first(where: { $0.rawValue.utf8.elementsEqual(word) }) else {
            throw .notAKey
        }
        guard found == half else { throw .otherHalf(found: found) }
        let digits = words.dropFirst().first ?? []
        guard words.count == 2, let bytes = hexadecimalBytes(String(decoding: digits, as: UTF8.self)),
            bytes.count == 32
        else { throw .badDigits }
        self.half = half
        self.bytes = bytes
    }

    /// What stands in the file, with the line's end.
    public var text: String { "\(half.rawValue) \(hexadecimal(bytes))\n" }
}

/// What is wrong with a key file. The words never show what stands in it: it may be a secret.
public enum SigningKeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    case tooLong
    case notAKey
    case otherHalf(found: SigningKeyFile.Half)
    case badDigits

    public var description: String {
        switch self {
        case .empty: "the file is empty; expected a key that 'netbootd keygen' made"
        case .tooLong: "the file is too long for a key; expected one line that 'netbootd keygen' made"
        case .notAKey: "the file is no key; expected a line that 'netbootd keygen' made"
        case .otherHalf(.privateKey):
            "this is the private key; expected the public one, beside it in FILE.pub"
        case .otherHalf(.publicKey): "this is the public key; expected the private one, without .pub"
        case .badDigits: "the key is damaged; expected 64 hexadecimal digits behind its first word"
        }
    }
}
