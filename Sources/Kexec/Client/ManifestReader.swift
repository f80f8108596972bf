public import BootCore
import FoundationEssentials
import Wire

/// Reads the JSON of `GET /api/v1/join`.
public enum ManifestReader {
    /// The most bytes that a manifest may have.
    public static let limit = 1 << 20

    /// Keys that this version does not know are not heeded.
    public static func read(_ bytes: [UInt8]) throws(ManifestError) -> JoinManifest {
        guard bytes.count <= limit else { throw .tooLong }
        let version = try decode(Version.self, from: bytes).version
        guard version == 1 else { throw .version(version) }
        let text = try decode(ManifestText.self, from: bytes)
        var manifest = JoinManifest(hostname: text.hostname, nonce: text.nonce, boots: try boots(text))
        if let mac = text.mac {
            manifest.mac = MACAddress(mac)
            guard manifest.mac != nil else { throw .odd("mac", "'\(harmlessText(mac))' is no MAC address") }
        }
        if let uuid = text.uuid {
            manifest.uuid = SystemUUID(uuid)
            guard manifest.uuid != nil else { throw .odd("uuid", "'\(harmlessText(uuid))' is no UUID") }
        }
        return manifest
    }

    private static func boots(_ text: ManifestText) throws(ManifestError) -> JoinManifest.Boots {
        switch text.boots {
        case "local": return .local
        case "menu":
            guard let menu = text.menu else { throw .missing("menu") }
            return .menu(menu.map { JoinChoice(name: $0.name, title: $0.title ?? $0.name) })
        case "entry":
            guard let entry = text.entry else { throw .missing("entry") }
            return .entry(try read(entry))
        default: throw .odd("boots", "'\(harmlessText(text.boots))', where entry, menu or local was expected")
        }
    }

    private static func read(_ text: EntryText) throws(ManifestError) -> JoinEntry {
        var initrds: [JoinArtifact] = []
        for (index, initrd) in (text.initrds ?? []).enumerated() {
            initrds.append(try read(initrd, "entry.initrds[\(index)]"))
        }
        let line = text.cmdline ?? ""
        guard line.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw .odd("entry.cmdline", "it has control characters in it")
        }
        var entry = JoinEntry(
            name: text.name, title: text.title ?? text.name, kernel: try read(text.kernel, "entry.kernel"),
            initrds: initrds, commandLine: line, unresolved: text.unresolved ?? [])
        if let name = text.initramfs {
            guard let dialect = InitramfsDialect(rawValue: name) else {
                let known = InitramfsDialect.allCases.map(\.rawValue).joined(separator: ", ")
                throw .odd("entry.initramfs", "'\(harmlessText(name))', where one of \(known) was expected")
            }
            entry.initramfs = dialect
        }
        return entry
    }

    private static func read(_ text: ArtifactText, _ place: String) throws(ManifestError) -> JoinArtifact {
        if let size = text.size, size < 0 { throw .odd(place + ".size", "\(size) is no size") }
        if let digest = text.sha256, !isSHA256(digest) {
            throw .odd(place + ".sha256", "64 hexadecimal digits were expected")
        }
        return JoinArtifact(url: text.url, byteCount: text.size, sha256: text.sha256?.lowercased())
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]
    ) throws(ManifestError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            switch error {
            case .keyNotFound(let key, let context): throw .missing(place(context.codingPath + [key]))
            case .valueNotFound(_, let context): throw .missing(place(context.codingPath))
            case .typeMismatch(let type, let context):
                throw .odd(place(context.codingPath), "a value of type \(type) was expected")
            case .dataCorrupted: throw .notJSON(describedStart(bytes))
            @unknown default: throw .notJSON(describedStart(bytes))
            }
        } catch { throw .notJSON(describedStart(bytes)) }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }

    private struct Version: Decodable { var version: Int }

    private struct ManifestText: Decodable {
        var mac: String?
        var uuid: String?
        var hostname: String?
        var nonce: String?
        var boots: String
        var entry: EntryText?
        var menu: [ChoiceText]?
    }

    private struct ChoiceText: Decodable {
        var name: String
        var title: String?
    }

    private struct EntryText: Decodable {
        var name: String
        var title: String?
        var kernel: ArtifactText
        var initrds: [ArtifactText]?
        var cmdline: String?
        var unresolved: [String]?
        var initramfs: String?
    }

    private struct ArtifactText: Decodable {
        var url: String
        var size: Int64?
        var sha256: String?
    }
}

/// Whether a text is a SHA-256 in hexadecimal digits, of either case.
func isSHA256(_ text: some StringProtocol) -> Bool { text.utf8.count == 64 && hexadecimalBytes(text) != nil }

/// What is wrong with a server's manifest, or with who signed it.
public enum ManifestError: Error, Equatable, Sendable {
    case tooLong
    /// With a few words on what it is instead.
    case notJSON(String)
    case missing(String)
    /// A field, and what is odd about it.
    case odd(String, String)
    case version(Int)
    case http(HTTPURL, HTTPError)
    /// The server refuses; its own words.
    case refused(HTTPURL, status: Int, String)
    /// It went on computing digests for longer than we wait.
    case stillBusy(seconds: Int64, String)
    case noSignature(HTTPURL, status: Int)
    case wrongSignature(HTTPURL)
    case badTrustedKey
    case otherNonce
    case otherMachine(String)
    case otherEntry(asked: String, got: String)
    /// A key is trusted, but this file's digest is not in what it signed.
    case unverifiable(String)
}

extension ManifestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong: "the server's manifest is longer than \(ManifestReader.limit) bytes"
        case .notJSON(let found):
            "the server's manifest is no JSON but \(found); is this a netbootd, and recent?"
        case .missing(let field): "the server's manifest lacks '\(field)'"
        case .odd(let field, let words): "'\(field)' in the server's manifest is odd: \(words)"
        case .version(let version):
            "the server's manifest has version \(version), this program reads version 1; use the kexec-join that "
                + "the server itself offers at /kexec-join"
        case .http(let url, let error): "\(url.withoutQuery): \(error)"
        case .refused(let url, let status, let words):
            words.isEmpty
                ? "\(url.withoutQuery): the server answers \(status) \(httpReason(status))"
                : "the server says: \(words)"
        case .stillBusy(let seconds, let words):
            "the server was not ready within \(seconds) seconds: \(words)"
        case .noSignature(let url, let status):
            "there is no signature at \(url.withoutQuery) (\(status)), but a key is trusted: set 'signing-key:' on the server, "
                + "or go without --trust-key"
        case .wrongSignature(let url):
            "the manifest of \(url.withoutQuery) is not signed by the trusted key: it was altered on its way, or the server "
                + "has another key"
        case .badTrustedKey: "the trusted key is no Ed25519 public key"
        case .otherNonce: "the manifest answers another request: somebody may be playing back an old one"
        case .otherMachine(let found): "the manifest is for another machine (\(found))"
        case .otherEntry(let asked, let got):
            "entry '\(harmlessText(asked))' was asked for, but the manifest has '\(harmlessText(got))'"
        case .unverifiable(let url):
            "'\(harmlessText(url))' has no SHA-256 in the signed manifest, so nobody vouches for it; serve it from "
                + "netbootd's own files, or go without --trust-key"
        }
    }
}
