import SystemIO
import Wire

/// A request for `HTTPClient`.
public struct HTTPRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public var method: Method
    public var url: HTTPURL
    /// In addition to those that the client sends by itself.
    public var fields: [(name: String, value: String)]
    /// When the whole exchange must have ended; nil: never, as long as bytes come in.
    public var deadline: ContinuousClock.Instant?

    public init(
        _ method: Method = .get, _ url: HTTPURL, fields: [(name: String, value: String)] = [],
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.deadline = deadline
    }

    /// As it is on the wire.
    func encoded(userAgent: String) -> [UInt8] {
        var text = "\(method.rawValue) \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\n"
        text += "User-Agent: \(userAgent)\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
        if method == .post { text += "Content-Length: 0\r\n" }
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}

/// What a server answered, as far as its body.
public struct HTTPResponse: Sendable {
    let head: HTTPResponseHead
    /// The last one, after redirects.
    public let url: HTTPURL
    public var status: Int { head.status }
    /// What the body will have; nil when the server does not say.
    public let bodyByteCount: Int64?
}

/// A small answer with all of its body.
public struct HTTPDocument: Sendable {
    public var response: HTTPResponse
    public var body: [UInt8]

    /// All of the body.
    public var content: String { String(decoding: body, as: UTF8.self) }

    /// The beginning of the body as people may read it, for errors that a server explains.
    public var text: String {
        let text = String(decoding: body.prefix(2000), as: UTF8.self)
        return text.split { $0.isNewline }.map { harmlessText(String($0)) }.joined(separator: "\n")
    }
}

/// Speaks HTTP/1.1 over plain TCP, one exchange after another over one connection where that lasts.
public final class HTTPClient {
    public struct Limits: Sendable {
        public var connect = Duration.seconds(10)
        /// For the header of an answer.
        public var head = Duration.seconds(60)
        /// Between two parts of a body.
        public var idle = Duration.seconds(30)
        public var redirects = 5

        public init() {}
    }

    public let limits: Limits
    private let resolver: NameResolver
    private let userAgent: String
    private var connection: HTTPConnection?
    private var body = Body.finished
    private var deadline: ContinuousClock.Instant?

    private enum Body {
        case finished
        case length(Int64)
        case chunked(ChunkDecoder)
        case untilClose
    }

    public init(
        resolver: NameResolver = NameResolver(), limits: Limits = Limits(), userAgent: String = "kexec-join"
    ) {
        self.resolver = resolver
        self.limits = limits
        self.userAgent = userAgent
    }

    /// Sends a request and reads the answer as far as its body; redirects are followed for GET.
    ///
    /// An answer before it that was not read to its end is dropped.
    public func open(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        var request = request
        deadline = request.deadline
        for _ in 0...limits.redirects {
            let head = try exchange(request)
            guard [301, 302, 303, 307, 308].contains(head.status), request.method == .get,
                let location = head.value(of: "location")
            else {
                if let encoding = head.contentEncoding { throw .contentEncoding(harmlessText(encoding)) }
                var byteCount: Int64?
                if case .length(let length) = body { byteCount = length }
                return HTTPResponse(head: head, url: request.url, bodyByteCount: byteCount)
            }
            do throws(HTTPURLError) {
                request.url = try request.url.resolving(location)
            } catch { throw .redirect(from: request.url, error) }
        }
        throw .tooManyRedirects(request.url)
    }

    /// The next bytes of the body; 0 at its end.
    ///
    /// - Throws: also when the server closes before the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPError) -> Int {
        guard let connection else { return 0 }
        do throws(HTTPError) {
            let count = unsafe try readBody(of: connection, into: buffer)
            if case .finished = body, !connection.isReusable { self.connection = nil }
            return count
        } catch {
            drop()
            throw error
        }
    }

    /// A small answer as a whole, whatever its status.
    public func fetch(_ request: HTTPRequest, limit: Int) throws(HTTPError) -> HTTPDocument {
        let response = try open(request)
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let result: Result<Int, HTTPError> = unsafe part.withUnsafeMutableBytes { buffer in
                do throws(HTTPError) { return .success(unsafe try read(into: buffer)) } catch {
                    return .failure(error)
                }
            }
            let count = try result.get()
            if count == 0 { break }
            bytes += part[..<count]
            guard bytes.count <= limit else {
                drop()
                throw .tooLong(limit: limit)
            }
        }
        return HTTPDocument(response: response, body: bytes)
    }

    /// Gives up an answer whose body is not wanted.
    public func drop() {
        connection = nil
        body = .finished
    }

    private func exchange(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponseHead {
        if case .finished = body {} else { drop() }
        if let kept = connection, kept.host == request.url.host, kept.port == request.url.port {
            do throws(HTTPError) {
                return try exchange(request, over: kept)
            } catch {
                // The server may have closed it since; whatever it was, a fresh connection tells.
                drop()
                if error == .deadline { throw error }
            }
        }
        drop()
        let fresh = try HTTPConnection(
            to: request.url, resolver: resolver, within: limits.connect, deadline: deadline)
        do throws(HTTPError) {
            return try exchange(request, over: fresh)
        } catch {
            drop()
            throw error
        }
    }

    private func exchange(
        _ request: HTTPRequest, over connection: HTTPConnection
    ) throws(HTTPError) -> HTTPResponseHead {
        let limit = soonest(limits.head)
        try translated(limits.head) { () throws(SystemError) in
            try connection.socket.send(request.encoded(userAgent: userAgent), by: limit)
        }
        while true {
            let head = try readHead(of: connection, by: limit)
            // Interim answers (100, 103) come before the one that was asked for.
            if head.status < 200 { continue }
            do throws(HTTPMalformation) {
                switch try head.framing() {
                case .length(0): body = .finished
                case .length(let length): body = .length(length)
                case .chunked: body = .chunked(ChunkDecoder())
                case .untilClose: body = .untilClose
                }
            } catch { throw .malformed(error) }
            connection.isReusable = head.keepsConnection
            if case .finished = body, !connection.isReusable {
                self.connection = nil
            } else {
                self.connection = connection
            }
            return head
        }
    }

    private func readHead(
        of connection: HTTPConnection, by limit: ContinuousClock.Instant
    ) throws(HTTPError) -> HTTPResponseHead {
        var searched = 0
        while true {
            if let length = HTTPResponseHead.length(in: connection.pending, searchedBefore: searched) {
                do throws(HTTPMalformation) {
                    let head = try HTTPResponseHead(connection.pending[..<length])
                    connection.pending.removeFirst(length)
                    return head
                } catch { throw .malformed(error) }
            }
            searched = connection.pending.count
            guard searched <= HTTPResponseHead.limit else { throw .malformed(.headTooLong) }
            let more = try translated(limits.head) { () throws(SystemError) in
                try connection.socket.receive(limit: 16_384, by: limit)
            }
            guard !more.isEmpty else { throw .noAnswer }
            connection.pending += more
        }
    }

    private func readBody(
        of connection: HTTPConnection, into buffer: UnsafeMutableRawBufferPointer
    ) throws(HTTPError) -> Int {
        switch body {
        case .finished:
            return 0
        case .length(let remaining):
            let part = unsafe UnsafeMutableRawBufferPointer(
                rebasing: buffer.prefix(Int(min(remaining, Int64(buffer.count)))))
            let count = unsafe try receive(from: connection, into: part)
            guard count > 0 else { throw .bodyCut(missing: remaining) }
            body = remaining == Int64(count) ? .finished : .length(remaining - Int64(count))
            return count
        case .chunked(var decoder):
            while true {
                let count = unsafe try receive(from: connection, into: buffer)
                guard count > 0 else { throw .bodyCut(missing: nil) }
                let decoded: Int
                do throws(HTTPMalformation) {
                    decoded = unsafe try decoder.decode(
                        UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count)))
                } catch { throw .malformed(error) }
                body = decoder.isFinished ? .finished : .chunked(decoder)
                if decoded > 0 || decoder.isFinished { return decoded }
            }
        case .untilClose:
            let count = unsafe try receive(from: connection, into: buffer)
            if count == 0 { body = .finished }
            return count
        }
    }

    private func receive(
        from connection: HTTPConnection, into buffer: UnsafeMutableRawBufferPointer
    ) throws(HTTPError) -> Int {
        if !connection.pending.isEmpty { return unsafe connection.takePending(into: buffer) }
        let limit = soonest(limits.idle)
        return try translated(limits.idle) { () throws(SystemError) in
            unsafe try connection.socket.receive(into: buffer, by: limit)
        }
    }

    /// `duration` from now, or the deadline of the whole exchange.
    private func soonest(_ duration: Duration) -> ContinuousClock.Instant {
        let end = ContinuousClock.now + duration
        return deadline.map { min($0, end) } ?? end
    }

    private func translated<Value>(
        _ limit: Duration, _ operation: () throws(SystemError) -> Value
    ) throws(HTTPError) -> Value {
        do throws(SystemError) {
            return try operation()
        } catch {
            guard error.isTimeout else { throw .connection(error) }
            if let deadline, ContinuousClock.now >= deadline { throw .deadline }
            throw .silence(seconds: limit.components.seconds)
        }
    }
}
