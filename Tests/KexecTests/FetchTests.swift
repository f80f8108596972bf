import Crypto
import Synchronization
import SystemIO
import Testing
import Wire

@testable import Kexec

@Suite("Fetching artifacts")
struct FetchTests {
    /// Larger than a buffer, and looks like a gzip file.
    private static let content: [UInt8] =
        [0x1f, 0x8b] + (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }
    private static let digest = hexadecimal(SHA256.hash(data: content))
    private static let changed = [0x1f, 0x8b] + [UInt8](repeating: 9, count: 600_000)

    /// What happened, in order.
    private final class Record {
        var events: [FetchEvent] = []
        var pauses: [Duration] = []
        var interruptions: Int { events.count { if case .interrupted = $0 { true } else { false } } }
    }

    private func fetcher(_ record: Record, _ change: (inout ArtifactFetcher.Settings) -> Void = { _ in })
        throws
        -> ArtifactFetcher
    {
        var settings = ArtifactFetcher.Settings()
        change(&settings)
        return try ArtifactFetcher(
            client: HTTPClient(limits: .short), settings: settings, sleep: { record.pauses.append($0) },
            report: { record.events.append($0) })
    }

    private func artifact(_ server: LoopbackServer, size: Int64? = nil, digest: String? = digest) throws
        -> Artifact
    {
        Artifact(url: try HTTPURL(server.url()), label: "kernel", byteCount: size, sha256: digest)
    }

    /// A server of `content` that breaks off after each of `cuts` bytes, then serves all.
    private static func breaking(
        at cuts: [Int], etags: [String] = ["\"1\""], ranges: Bool = true, content: [[UInt8]] = [content]
    ) throws -> LoopbackServer {
        try LoopbackServer { request, number in
            let etag = etags[min(number, etags.count - 1)]
            let content = content[min(number, content.count - 1)]
            let start = request.split(separator: "\r\n").first { $0.hasPrefix("Range: bytes=") }
                .flatMap { Int($0.dropFirst(13).dropLast()) }
            let condition = request.split(separator: "\r\n").first { $0.hasPrefix("If-Range: ") }?.dropFirst(
                10)
            let isPartial = ranges && start != nil && (condition == nil || condition.map(String.init) == etag)
            let body = content[(isPartial ? start ?? 0 : 0)...]
            var head = isPartial ? "HTTP/1.1 206 P\r\n" : "HTTP/1.1 200 OK\r\n"
            if isPartial {
                head += "Content-Range: bytes \(start ?? 0)-\(content.count - 1)/\(content.count)\r\n"
            }
            head += "ETag: \(etag)\r\nContent-Length: \(body.count)\r\n\r\n"
            let isCut = number < cuts.count
            return .init(Array(head.utf8) + body.prefix(isCut ? cuts[number] : body.count), closes: isCut)
        }
    }

    @Test("A file comes whole, sealed and verified, with its progress")
    func plain() throws {
        let server = try LoopbackServer(.init(body: Self.content))
        let record = Record()
        let fetched = try fetcher(record).fetch(artifact(server, size: Int64(Self.content.count)))
        #expect(try fetched.file.bytes(at: 0, count: 800_000) == Self.content)
        #expect(fetched.artifacts.map(\.isVerified) == [true] && fetched.artifacts[0].sha256 == Self.digest)
        #expect(record.events.first == .started(fetched.artifacts[0].artifact, byteCount: 700_002))
        #expect(record.events.dropLast().last == .progress(700_002))
        #expect(record.events.last == .finished(fetched.artifacts[0]))
        var file = fetched.takeFile()
        #expect(throws: SystemError.self) { try file.append([1]) }
    }

    @Test("A chunked file of unknown size comes whole, too")
    func chunked() throws {
        let head = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let chunks = stride(from: 0, to: Self.content.count, by: 99_999).flatMap { start in
            let part = Self.content[start..<min(start + 99_999, Self.content.count)]
            return Array((String(part.count, radix: 16) + "\r\n").utf8) + part + Array("\r\n".utf8)
        }
        let server = try LoopbackServer(.init(head + chunks + Array("0\r\n\r\n".utf8)))
        let fetched = try fetcher(Record()).fetch(artifact(server))
        #expect(fetched.artifacts[0].byteCount == 700_002 && fetched.artifacts[0].isVerified)
    }

    @Test("A transfer that breaks goes on where it was, as often as it gets further")
    func resumption() throws {
        let cuts = [100_000, 1, 300_000, 5, 6, 7, 8]
        let server = try Self.breaking(at: cuts)
        let record = Record()
        let fetched = try fetcher(record).fetch(artifact(server))
        #expect(try fetched.file.bytes(at: 0, count: 800_000) == Self.content)
        #expect(record.interruptions == cuts.count)
        let ranges = server.requests.dropFirst().compactMap { request in
            request.split(separator: "\r\n").first { $0.hasPrefix("Range") }.map(String.init)
        }
        #expect(ranges.first == "Range: bytes=100000-" && ranges.last == "Range: bytes=400027-")
        #expect(server.requests[1].hasSuffix("If-Range: \"1\""))
        #expect(Set(record.pauses) == [.milliseconds(500)], "each got further")
    }

    @Test("A file that has changed meanwhile starts over")
    func changedMeanwhile() throws {
        let server = try Self.breaking(
            at: [300_000], etags: ["\"1\"", "\"2\""], content: [Self.changed, Self.content])
        let fetched = try fetcher(Record()).fetch(artifact(server))
        #expect(fetched.artifacts[0].isVerified && fetched.artifacts[0].byteCount == 700_002)
    }

    @Test("Without a digest or a strong ETag, nothing is ever put together from two answers")
    func withoutValidator() throws {
        let server = try Self.breaking(
            at: [300_000], etags: ["W/\"1\""], content: [Self.changed, Self.content])
        let fetched = try fetcher(Record()).fetch(artifact(server, digest: nil))
        #expect(fetched.artifacts[0].sha256 == Self.digest && !fetched.artifacts[0].isVerified)
        #expect(!server.requests[1].contains("Range"))
    }

    @Test("A server without ranges starts over; when it never gets further, it is given up")
    func withoutRanges() throws {
        let server = try Self.breaking(at: [300_000, 200_000], ranges: false)
        #expect(try fetcher(Record()).fetch(artifact(server)).artifacts[0].isVerified)
        let hopeless = try Self.breaking(at: Array(repeating: 300_000, count: 20), ranges: false)
        let record = Record()
        let url = try HTTPURL(hopeless.url())
        #expect(throws: FetchError.http(url, .bodyCut(missing: 400_002), attempts: 5)) {
            _ = try fetcher(record).fetch(artifact(hopeless))
        }
        #expect(record.pauses == [0.5, 1, 2, 4].map { Duration.seconds($0) })
    }

    @Test("A range that is not the one that was asked for is not taken")
    func wrongRange() throws {
        let server = try LoopbackServer { _, number in
            switch number {
            case 0:
                let head = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: \(Self.content.count)\r\n\r\n"
                return .init(Array(head.utf8) + Self.content.prefix(1000), closes: true)
            case 1:
                return .init(206, ["Content-Range: bytes 0-99/100"], body: Array(Self.content.prefix(100)))
            default: return .init(body: Self.content)
            }
        }
        #expect(try fetcher(Record()).fetch(artifact(server)).artifacts[0].isVerified)
        #expect(server.requests.map { $0.contains("Range") } == [false, true, false])
    }

    @Test("A rest without measure is refused, not added to what is there")
    func endlessRest() throws {
        let server = try LoopbackServer { _, number in
            let length = number == 0 ? "\(Self.content.count)" : "\(Int64.max)"
            let head = "HTTP/1.1 \(number == 0 ? 200 : 206) X\r\nETag: \"1\"\r\nContent-Length: \(length)\r\n"
            let range = "Content-Range: bytes 1000-9223372036854775806/*\r\n\r\n"
            return .init(Array((head + range).utf8) + Self.content.prefix(1000), closes: true)
        }
        let url = try HTTPURL(server.url())
        let cause = HTTPError.malformed(.contentLength("\(Int64.max)"))
        #expect(throws: FetchError.http(url, cause, attempts: 2)) {
            _ = try fetcher(Record()).fetch(artifact(server))
        }
    }

    @Test("A wrong size is refused before the body is read")
    func wrongSize() throws {
        let server = try LoopbackServer(.init(body: Self.content))
        let record = Record()
        let url = try HTTPURL(server.url())
        #expect(throws: FetchError.sizeMismatch(url, expected: 5, found: 700_002)) {
            _ = try fetcher(record).fetch(artifact(server, size: 5))
        }
        #expect(!record.events.contains { if case .progress = $0 { true } else { false } })
        #expect(throws: FetchError.tooLarge(url, limit: 1000)) {
            _ = try fetcher(record) { $0.byteLimit = 1000 }.fetch(artifact(server))
        }
    }

    @Test("A wrong digest is tried once more from the start, then refused")
    func wrongDigest() throws {
        var flipped = Self.content
        flipped[500_000] ^= 1
        let once = try LoopbackServer(.init(body: flipped), .init(body: Self.content))
        #expect(try fetcher(Record()).fetch(artifact(once)).artifacts[0].isVerified)
        let always = try LoopbackServer(.init(body: flipped))
        let found = hexadecimal(SHA256.hash(data: flipped))
        let url = try HTTPURL(always.url())
        #expect(throws: FetchError.digestMismatch(url, expected: Self.digest, found: found)) {
            _ = try fetcher(Record()).fetch(artifact(always))
        }
        #expect(always.requests.count == 2)
    }

    @Test("A busy server is asked again, one that refuses is not")
    func statuses() throws {
        let busy = try LoopbackServer(.init(503), .init(500), .init(body: Self.content))
        #expect(try fetcher(Record()).fetch(artifact(busy)).artifacts[0].isVerified)
        let missing = try LoopbackServer(.init(404))
        let url = try HTTPURL(missing.url())
        #expect(throws: FetchError.status(url, 404, attempts: 1)) {
            _ = try fetcher(Record()).fetch(artifact(missing))
        }
        #expect(missing.requests.count == 1)
    }

    @Test("A busy server in the middle of a transfer does not cost what is there")
    func busyInTheMiddle() throws {
        let server = try LoopbackServer { request, number in
            switch number {
            case 0:
                let head = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: \(Self.content.count)\r\n\r\n"
                return .init(Array(head.utf8) + Self.content.prefix(300_000), closes: true)
            case 1: return .init(503)
            default:
                let field = "Content-Range: bytes 300000-700001/700002"
                return request.contains("bytes=300000-")
                    ? .init(206, [field], body: Array(Self.content[300_000...])) : .init(404)
            }
        }
        #expect(try fetcher(Record()).fetch(artifact(server)).artifacts[0].isVerified)
    }

    @Test("Initrds are put one behind the other, each padded, each with its own digest")
    func initrds() throws {
        let members: [[UInt8]] = [Array("070701".utf8) + [1, 2, 3], Self.content, [0x1f, 0x8b, 8, 0, 0, 0]]
        let server = try LoopbackServer { _, number in .init(body: members[number]) }
        let artifacts = try members.map { member in
            Artifact(
                url: try HTTPURL(server.url()), label: "initrd", byteCount: Int64(member.count),
                sha256: hexadecimal(SHA256.hash(data: member)))
        }
        let fetched = try fetcher(Record()).fetchInitrds(artifacts)
        let expected = members.flatMap { $0 + [UInt8](repeating: 0, count: (512 - $0.count % 512) % 512) }
        #expect(try fetched.file.bytes(at: 0, count: 800_000) == expected)
        #expect(fetched.artifacts.map(\.byteCount) == members.map { Int64($0.count) })
        #expect(fetched.artifacts.allSatisfy(\.isVerified) && server.connections == 1)
    }

    @Test("A web page in an initrd's place is refused, unless one insists")
    func notAnInitrd() throws {
        let page = Array("<!DOCTYPE html>\n<html>404".utf8)
        let server = try LoopbackServer(.init(body: page))
        let url = try HTTPURL(server.url())
        #expect(throws: FetchError.notAnInitrd(url, found: "a web page (HTML)")) {
            _ = try fetcher(Record()).fetchInitrds([artifact(server, digest: nil)])
        }
        let forced = try fetcher(Record()) { $0.takesAnyInitrd = true }.fetchInitrds([
            artifact(server, digest: nil)
        ])
        #expect(forced.file.byteCount == 512)
        let empty = try LoopbackServer(.init(body: []))
        let emptyURL = try HTTPURL(empty.url())
        #expect(throws: FetchError.notAnInitrd(emptyURL, found: "nothing")) {
            _ = try fetcher(Record()).fetchInitrds([artifact(empty, digest: nil)])
        }
    }

    @Test("What people see says where, what and what to do")
    func words() throws {
        let url = try HTTPURL("http://a/linux")
        #expect(
            "\(FetchError.http(url, .bodyCut(missing: 7), attempts: 5))"
                == "http://a/linux: the connection ended with 7 bytes missing (tried 5 times)")
        #expect(
            "\(FetchError.status(url, 404, attempts: 1))"
                == "http://a/linux: the server answers 404 (not there)")
    }
}
