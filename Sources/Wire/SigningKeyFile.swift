/// The one line of a file with an Ed25519 key: `netbootd-ed25519-public HEX`.
public enum SigningKeyFile {
    private static let publicWord = "netbootd-ed25519-public"

    /// The 32 bytes of a public key; nil when `text` is anything else than such a line.
    public static func publicKey(in text: String) -> [UInt8]? {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        guard words.count == 2, words[0] == publicWord, let bytes = hexadecimalBytes(words[1]),
            bytes.count == 32
        else { return nil }
        return bytes
    }
}
