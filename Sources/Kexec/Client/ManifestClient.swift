public import BootCore
import Crypto
import FoundationEssentials
public import Wire

/// What a live host tells the server of itself: the same as its firmware's iPXE would.
public struct JoinQuery: Equatable, Sendable {
    public var mac: MACAddress?
    public var uuid: SystemUUID?
    public var serial: String?
    public var asset: String?
    /// As iPXE's `${buildarch}`: `x86_64`.
    public var architecture: String?
    /// As iPXE's `${platform}`: `efi` or `pcbios`.
    public var platform: String?
    public var hostname: String?
    /// Another entry than the one that the server would choose.
    public var entry: String?

    public init(
        mac: MACAddress? = nil, uuid: SystemUUID? = nil, serial: String? = nil, asset: String? = nil,
        architecture: String? = nil, platform: String? = nil, hostname: String? = nil, entry: String? = nil
    ) {
        self.mac = mac
        self.uuid = uuid
        self.serial = serial
        self.asset = asset
        self.architecture = architecture
        self.platform = platform
        self.hostname = hostname
        self.entry = entry
    }

    func text(nonce: String) -> String {
        queryText([
            ("mac", mac?.description), ("uuid", uuid?.description), ("serial", serial), ("asset", asset),
            ("arch", architecture), ("platform", platform), ("hostname", hostname), ("entry", entry),
            ("nonce", nonce),
        ])
    }
}

/// `a=1&b=2`, without what has no value.
func queryText(_ items: [(name: String, value: String?)]) -> String {
    items.compactMap { item in
        guard let value = item.value, !value.isEmpty else { return nil }
        return "\(item.name)=\(queryEncoded(value))"
    }.joined(separator: "&")
}

/// Asks a server what this host is to boot.
public struct ManifestClient {
    private let client: HTTPClient
    private let server: HTTPURL
    private let trustedKey: [UInt8]?
    private let sleep: (Duration) -> Void
    private let say: (String) -> Void

    /// How long a server may go on computing digests.
    static let patience = Duration.seconds(120)
    private static let exchangeLimit = Duration.seconds(30)

    /// - Parameters:
    ///   - server: its base: `http://10.0.0.1/`.
    ///   - trustedKey: 32 bytes; a manifest that it has not signed is an error then.
    ///   - sleep: what waits while the server is busy.
    ///   - say: takes what the server says then, for people to see.
    public init(
        client: HTTPClient, server: HTTPURL, trustedKey: [UInt8]? = nil, sleep: @escaping (Duration) -> Void,
        say: @escaping (String) -> Void
    ) {
        self.client = client
        self.server = server
        self.trustedKey = trustedKey
        self.sleep = sleep
        self.say = say
    }

    public func manifest(for query: JoinQuery) throws(ManifestError) -> JoinManifest {
        let nonce = Self.randomNonce()
        let text = query.text(nonce: nonce)
        let bytes: [UInt8]
        if let trustedKey {
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: trustedKey) else {
                throw .badTrustedKey
            }
            bytes = try signedBytes(text, by: key)
        } else {
            bytes = try answer(to: server.appending("api/v1/join", query: text), limit: ManifestReader.limit)
        }
        let manifest = try ManifestReader.read(bytes)
        try check(manifest, against: query, nonce: nonce)
        return manifest
    }

    /// The server renders the manifest for each request: a reload between the two makes them differ, once.
    private func signedBytes(
        _ query: String, by key: Curve25519.Signing.PublicKey
    ) throws(ManifestError) -> [UInt8] {
        let url = server.appending("api/v1/join", query: query)
        let signatureURL = server.appending("api/v1/join.sig", query: query)
        for _ in 0..<2 {
            let bytes = try answer(to: url, limit: ManifestReader.limit)
            let signature: [UInt8]
            do throws(ManifestError) {
                signature = try answer(to: signatureURL, limit: 64)
            } catch {
                if case .refused(let url, let status, _) = error {
                    throw .noSignature(url, status: status)
                }
                if case .http(_, .tooLong) = error { continue }
                throw error
            }
            if key.isValidSignature(signature, for: bytes) { return bytes }
        }
        throw .wrongSignature(url)
    }

    /// The body of a 200; waits while the server is busy.
    private func answer(to url: HTTPURL, limit: Int) throws(ManifestError) -> [UInt8] {
        var waited = Duration.zero
        while true {
            let document: HTTPDocument
            do throws(HTTPError) {
                let request = HTTPRequest(.get, url, deadline: .now + Self.exchangeLimit)
                // What a refusal says may be longer than what is asked for.
                document = try client.fetch(request, limit: max(limit, 4096))
            } catch { throw .http(url, error) }
            switch document.response.status {
            case 200:
                guard document.body.count <= limit else { throw .http(url, .tooLong(limit: limit)) }
                return document.body
            case 503:
                guard waited < Self.patience else {
                    throw .stillBusy(seconds: Self.patience.components.seconds, document.text)
                }
                let stated = document.response.head.value(of: "retry-after").flatMap { Int64($0) } ?? 1
                let pause = Duration.seconds(min(10, max(1, stated)))
                say(document.text.isEmpty ? "The server is busy; waiting." : document.text)
                sleep(pause)
                waited += pause
            case let status: throw .refused(url, status: status, document.text)
            }
        }
    }

    private func check(
        _ manifest: JoinManifest, against query: JoinQuery, nonce: String
    ) throws(ManifestError) {
        let isTrusted = trustedKey != nil
        guard manifest.nonce == nonce || (manifest.nonce == nil && !isTrusted) else { throw .otherNonce }
        // Firmware and the kernel do not always agree on the byte order of a UUID.
        let isSameUUID =
            manifest.uuid != nil && (manifest.uuid == query.uuid || manifest.uuid == query.uuid?.swapped)
        let isSameMachine = manifest.mac == nil ? isSameUUID : manifest.mac == query.mac
        let isNobody = manifest.mac == nil && manifest.uuid == nil
        guard isSameMachine || (isNobody && !isTrusted) else {
            let found =
                manifest.mac.map { "MAC \($0)" } ?? manifest.uuid.map { "UUID \($0)" } ?? "none is named"
            throw .otherMachine(found)
        }
        guard case .entry(let entry) = manifest.boots else {
            if let asked = query.entry { throw .otherEntry(asked: asked, got: "no entry") }
            return
        }
        if let asked = query.entry, asked != entry.name { throw .otherEntry(asked: asked, got: entry.name) }
        guard isTrusted, let bare = ([entry.kernel] + entry.initrds).first(where: { $0.sha256 == nil }) else {
            return
        }
        throw .unverifiable(bare.url)
    }

    private static func randomNonce() -> String {
        hexadecimal((0..<16).map { _ in UInt8.random(in: 0...255) })
    }
}

/// Tells the server's journal how far this host is; it never gets in the way of joining.
public struct ReportClient {
    private let client: HTTPClient
    private let server: HTTPURL
    private static let limit = Duration.seconds(2)

    /// - Parameter client: one of its own keeps a transfer's connection out of it.
    public init(client: HTTPClient, server: HTTPURL) {
        self.client = client
        self.server = server
    }

    /// - Parameter detail: a line for the journal; cut off after 200 characters.
    /// - Returns: nil when the server has it, or why not, to be shown as a warning.
    public func report(
        _ stage: JoinStage, mac: MACAddress?, uuid: SystemUUID?, entry: String?, detail: String? = nil
    ) -> ReportFailure? {
        let query = queryText([
            ("mac", mac?.description), ("uuid", uuid?.description), ("stage", stage.rawValue),
            ("entry", entry),
            ("detail", detail.map { String($0.prefix(200)) }),
        ])
        let request = HTTPRequest(
            .post, server.appending("api/v1/join/report", query: query), deadline: .now + Self.limit)
        do throws(HTTPError) {
            let document = try client.fetch(request, limit: 4096)
            let status = document.response.status
            return (200..<300).contains(status) ? nil : .refused(status: status, document.text)
        } catch { return .http(error) }
    }
}

/// Why the server does not know how far this host is.
public enum ReportFailure: Error, Equatable, Sendable {
    case http(HTTPError)
    case refused(status: Int, String)
}

extension ReportFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .http(let error): "the server's journal could not be told: \(error)"
        case .refused(let status, let words):
            "the server's journal did not take a report (\(status))" + (words.isEmpty ? "" : ": \(words)")
        }
    }
}
