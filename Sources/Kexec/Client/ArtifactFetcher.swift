public import SystemIO
import Wire

/// Fetches artifacts from a server straight into memory, and verifies them on the way.
public final class ArtifactFetcher {
    public struct Settings: Sendable {
        /// In a row without a new byte.
        public var attempts = 5
        /// After the first failure; it doubles with each that follows, up to 16 times.
        public var pause = Duration.milliseconds(500)
        /// The most bytes of one file whose size nobody told beforehand.
        public var byteLimit: Int64 = 16 << 30
        /// Takes initrds that do not look like one.
        public var takesAnyInitrd = false

        public init() {}
    }

    let client: HTTPClient
    let settings: Settings
    let digests: DigestPipe
    private let report: (FetchEvent) -> Void
    private let sleep: (Duration) -> Void

    /// - Parameter sleep: what waits between attempts.
    public init(
        client: HTTPClient, settings: Settings = Settings(), sleep: @escaping (Duration) -> Void,
        report: @escaping (FetchEvent) -> Void
    ) throws(SystemError) {
        self.client = client
        self.settings = settings
        self.sleep = sleep
        self.report = report
        digests = try DigestPipe()
    }

    /// One file as it is, sealed.
    public func fetch(_ artifact: Artifact) throws(FetchError) -> FetchedFile {
        var file = try inMemory { () throws(SystemError) in try MemoryFile(name: artifact.label) }
        let fetched = try append(artifact, to: &file, isInitrd: false)
        try inMemory { () throws(SystemError) in try file.seal() }
        return FetchedFile(file: file, artifacts: [fetched])
    }

    /// All initrds one behind the other, each padded with zeros to 512 bytes, as the kernel reads them; sealed.
    public func fetchInitrds(_ artifacts: [Artifact]) throws(FetchError) -> FetchedFile {
        var file = try inMemory { () throws(SystemError) in try MemoryFile(name: "initrd") }
        var fetched: [FetchedArtifact] = []
        for artifact in artifacts {
            fetched.append(try append(artifact, to: &file, isInitrd: true))
            try inMemory { () throws(SystemError) in try file.pad(to: 512) }
        }
        try inMemory { () throws(SystemError) in try file.seal() }
        return FetchedFile(file: file, artifacts: fetched)
    }

    /// Fetches, trying again as often as there is hope.
    private func append(
        _ artifact: Artifact, to file: inout MemoryFile, isInitrd: Bool
    ) throws(FetchError) -> FetchedArtifact {
        digests.restart()
        var transfer = Transfer(artifact: artifact, start: file.byteCount, isInitrd: isInitrd)
        var failures = 0
        var furthest: Int64 = 0
        var isSecondTry = false
        while true {
            do throws(FetchError) {
                try receive(&transfer, into: &file)
                let fetched = try verified(transfer)
                report(.finished(fetched))
                return fetched
            } catch {
                let progressed = transfer.received > furthest
                furthest = max(furthest, transfer.received)
                failures = progressed ? 1 : failures + 1
                switch error {
                case .http(let url, let cause, _):
                    guard cause.mayPass, failures < settings.attempts else {
                        throw .http(url, cause, attempts: failures)
                    }
                case .status(let url, let status, _):
                    guard [408, 425, 429, 500, 502, 503, 504].contains(status), failures < settings.attempts
                    else { throw .status(url, status, attempts: failures) }
                case .digestMismatch:
                    guard !isSecondTry else { throw error }
                    isSecondTry = true
                    try startOver(&transfer, in: &file)
                case .sizeMismatch, .tooLarge, .notAnInitrd, .memory: throw error
                }
                let pause = settings.pause * (1 << min(4, failures - 1))
                report(.interrupted("\(error)", pause: pause))
                sleep(pause)
            }
        }
    }

    private func verified(_ transfer: Transfer) throws(FetchError) -> FetchedArtifact {
        let artifact = transfer.artifact
        let found = hexadecimal(digests.finish())
        if let expected = artifact.sha256, expected != found {
            throw .digestMismatch(artifact.url, expected: expected, found: found)
        }
        return FetchedArtifact(
            artifact: artifact, byteCount: transfer.received, sha256: found,
            isVerified: artifact.sha256 != nil)
    }

    /// One attempt, from where the one before left off where that is safe.
    private func receive(_ transfer: inout Transfer, into file: inout MemoryFile) throws(FetchError) {
        var response = try open(transfer)
        if transfer.received > 0 {
            switch response.status {
            case 206 where transfer.continues(with: response): break
            case 200: try startOver(&transfer, in: &file)
            case 206, 416:
                client.drop()
                try startOver(&transfer, in: &file)
                response = try open(transfer)
            default: break
            }
        }
        guard response.status == (transfer.received > 0 ? 206 : 200) else {
            client.drop()
            throw .status(transfer.artifact.url, response.status, attempts: 1)
        }
        transfer.etag = response.head.strongETag
        transfer.total = response.bodyByteCount.map { transfer.received + $0 }
        if !transfer.isAnnounced {
            transfer.isAnnounced = true
            report(.started(transfer.artifact, byteCount: transfer.total ?? transfer.artifact.byteCount))
        }
        do throws(FetchError) {
            try checkSize(transfer, found: transfer.total ?? 0, isWhole: transfer.total != nil)
            try receiveBody(&transfer, into: &file)
        } catch {
            client.drop()
            throw error
        }
        try checkSize(transfer, found: transfer.received, isWhole: true)
    }

    private func open(_ transfer: Transfer) throws(FetchError) -> HTTPResponse {
        let url = transfer.artifact.url
        do throws(HTTPError) {
            return try client.open(HTTPRequest(.get, url, fields: transfer.resumption))
        } catch { throw .http(url, error, attempts: 1) }
    }

    private func receiveBody(_ transfer: inout Transfer, into file: inout MemoryFile) throws(FetchError) {
        var isOver = false
        while !isOver {
            let buffer = unsafe digests.takeBuffer()
            var filled = 0
            var failure: HTTPError?
            do throws(HTTPError) {
                while filled < buffer.count {
                    let count = unsafe try client.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                    if count == 0 {
                        isOver = true
                        break
                    }
                    filled += count
                    report(.progress(transfer.received + Int64(filled)))
                }
            } catch { failure = error }
            // What came before a break is kept: the next attempt goes on behind it.
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer.prefix(filled))
            digests.add(filled)
            try inMemory { () throws(SystemError) in unsafe try file.append(bytes) }
            transfer.received += Int64(filled)
            if transfer.isInitrd, !transfer.isMagicKnown {
                try checkMagic(of: &transfer, in: file, isOver: isOver)
            }
            if let failure { throw .http(transfer.artifact.url, failure, attempts: 1) }
            try checkSize(transfer, found: transfer.received, isWhole: false)
        }
    }

    private func startOver(_ transfer: inout Transfer, in file: inout MemoryFile) throws(FetchError) {
        digests.restart()
        let start = transfer.start
        try inMemory { () throws(SystemError) in try file.truncate(to: start) }
        transfer.received = 0
        transfer.total = nil
        transfer.etag = nil
        report(.progress(0))
    }

    private func checkSize(_ transfer: Transfer, found: Int64, isWhole: Bool) throws(FetchError) {
        guard let expected = transfer.artifact.byteCount else {
            guard found <= settings.byteLimit else {
                throw .tooLarge(transfer.artifact.url, limit: settings.byteLimit)
            }
            return
        }
        guard isWhole ? found == expected : found <= expected else {
            throw .sizeMismatch(transfer.artifact.url, expected: expected, found: found)
        }
    }

    private func checkMagic(
        of transfer: inout Transfer, in file: borrowing MemoryFile, isOver: Bool
    ) throws(FetchError) {
        guard !settings.takesAnyInitrd, isOver || transfer.received >= InitrdMagic.byteCount else { return }
        transfer.isMagicKnown = true
        let start: [UInt8]
        do throws(SystemError) { start = try file.bytes(at: transfer.start, count: 64) } catch {
            throw .memory(error)
        }
        guard InitrdMagic(start) == nil else { return }
        throw .notAnInitrd(transfer.artifact.url, found: describedStart(start))
    }

    private func inMemory<Value: ~Copyable>(
        _ operation: () throws(SystemError) -> Value
    ) throws(FetchError) -> Value {
        do throws(SystemError) { return try operation() } catch { throw .memory(error) }
    }
}

/// How far one file is.
private struct Transfer {
    let artifact: Artifact
    /// Where in memory it begins.
    let start: Int64
    let isInitrd: Bool
    var received: Int64 = 0
    /// Of the whole file, as the server says.
    var total: Int64?
    var etag: String?
    var isAnnounced = false
    var isMagicKnown = false

    /// The fields that ask for the rest alone; none where the server could give the rest of another version and
    /// nobody would notice.
    var resumption: [(name: String, value: String)] {
        guard received > 0 else { return [] }
        let range = (name: "Range", value: "bytes=\(received)-")
        if let etag { return [range, (name: "If-Range", value: etag)] }
        return artifact.sha256 == nil ? [] : [range]
    }

    /// Whether a 206 holds the very bytes that are missing.
    func continues(with response: HTTPResponse) -> Bool {
        guard let range = response.head.contentRange, range.start == received else { return false }
        if let etag, let other = response.head.strongETag, etag != other { return false }
        guard let total, let other = range.total else { return true }
        return total == other
    }
}
