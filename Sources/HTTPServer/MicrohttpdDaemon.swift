import BootCore
import CMicrohttpd
import Glibc
import SystemIO
import Wire

/// What a running daemon asks of us. The functions are called on its threads, several at once.
struct MicrohttpdHandlers: Sendable {
    var reply: @Sendable (HTTPRequest) -> HTTPReply
    var finished: @Sendable (FinishedExchange) -> Void
    /// What the library has to say.
    var log: @Sendable (String) -> Void
}

/// One request that is over, with what became of it.
struct FinishedExchange: Sendable {
    var request: HTTPRequest
    /// Nil when the library refused the request by itself.
    var event: HTTPEvent?
    var machine: Machine?
    /// 0 when there was none.
    var status: Int
    /// Of the body, as far as it was sent.
    var byteCount: Int64
    var duration: Duration
    var outcome: HTTPOutcome
}

/// libmicrohttpd: the one file that speaks to it.
///
/// Its threads poll with epoll, parse requests, and send files with `sendfile` (small ones in one packet with
/// their headers). Unchecked, because it holds a C pointer: the library lets any thread use a daemon.
@safe
struct MicrohttpdDaemon: ~Copyable, @unchecked Sendable {
    struct Limits: Equatable, Sendable {
        var threads: Int
        var connections: Int
        var connectionsPerClient: Int
        var idleTimeout: Duration
        /// For a request's line and headers. Boot clients send a few hundred bytes; more gets 413, 414 or 431.
        static let memoryBytes: UInt32 = 8192
    }

    private let daemon: OpaquePointer
    private let context: Unmanaged<HandlerBox>

    /// Takes the socket over, and begins to serve it.
    ///
    /// - Throws: when the library cannot start its threads.
    init(listener: consuming TCPListener, limits: Limits, handlers: MicrohttpdHandlers) throws(SystemError) {
        let port = listener.port
        var options = netbootd_httpd_options(
            listen_socket: listener.release(), threads: UInt32(clamping: max(1, limits.threads)),
            connections: UInt32(clamping: max(limits.threads, limits.connections)),
            connections_per_address: UInt32(clamping: limits.connectionsPerClient),
            idle_seconds: UInt32(clamping: max(1, limits.idleTimeout.components.seconds)),
            connection_memory_bytes: Limits.memoryBytes)
        unsafe context = .passRetained(HandlerBox(handlers))
        var callbacks = unsafe netbootd_httpd_callbacks(
            context: context.toOpaque(), log: microhttpdLog, begin: microhttpdBegin,
            answer: microhttpdAnswer, finish: microhttpdFinish)
        // The daemon's threads inherit the mask: signals are for the main thread's handlers.
        var (all, before) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let started = unsafe netbootd_httpd_start(&options, &callbacks)
        let code = errno
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard let started = unsafe started else {
            // The socket may be closed by now, or not: it stays as it is, since this ends the program.
            unsafe context.release()
            throw SystemError("start the HTTP server on port \(port)", code: code)
        }
        unsafe daemon = started
    }

    /// Closes the listening socket and every connection, and waits for the threads.
    consuming func stop() {}

    deinit {
        unsafe MHD_stop_daemon(daemon)
        unsafe context.release()
    }
}

/// What C carries for us from start to stop.
private final class HandlerBox: Sendable {
    let handlers: MicrohttpdHandlers

    init(_ handlers: MicrohttpdHandlers) { self.handlers = handlers }

    static func at(_ pointer: UnsafeMutableRawPointer?) -> MicrohttpdHandlers? {
        unsafe pointer.map { unsafe Unmanaged<HandlerBox>.fromOpaque($0).takeUnretainedValue().handlers }
    }
}

/// One request on its way through the library. One thread at a time has it.
private final class Exchange {
    let started = ContinuousClock.now
    var request: HTTPRequest
    /// What was answered. The reply itself is let go at once, for it holds a descriptor.
    var answer: Answer?
    /// The library calls for an answer when the headers are there, and again when the whole request is.
    var isHeaderSeen = false
    /// What the client had acknowledged before the answer; for short ones nobody asks.
    var acknowledgedBefore: UInt64?
    static let countedBytes: Int64 = 131_072

    struct Answer {
        var event: HTTPEvent
        var machine: Machine?
        var bodyByteCount: Int64
        var headerByteCount: Int64
    }

    init(_ request: HTTPRequest) { self.request = request }

    func queue(_ reply: HTTPReply, on connection: OpaquePointer?) -> MHD_Result {
        answer = Answer(
            event: reply.event, machine: reply.machine,
            bodyByteCount: reply.sentByteCount(to: request.method),
            headerByteCount: reply.headerByteCount)
        if reply.body.byteCount >= Self.countedBytes {
            acknowledgedBefore = unsafe netbootd_httpd_acknowledged(connection)
        }
        return unsafe reply.queue(on: connection)
    }

    static func at(_ pointer: UnsafeMutableRawPointer?) -> Exchange? {
        unsafe pointer.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
    }
}

// The library calls these on its own threads.

private func microhttpdLog(
    context: UnsafeMutableRawPointer?, format: UnsafePointer<CChar>?, arguments: CVaListPointer?
) {
    guard let handlers = unsafe HandlerBox.at(context), let format = unsafe format,
        let arguments = unsafe arguments
    else { return }
    var buffer = [CChar](repeating: 0, count: 512)
    unsafe vsnprintf(&buffer, buffer.count, format, arguments)
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    handlers.log(String(text.trimmingPrefix { $0.isWhitespace }.prefix { !$0.isNewline }))
}

/// The request line has been read: makes the exchange, which `microhttpdFinish` takes back.
private func microhttpdBegin(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let bytes = unsafe target.map { unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    let client = IPv4Address(rawValue: unsafe netbootd_httpd_client(connection))
    let exchange = Exchange(HTTPRequest(method: .other, target: bytes ?? [], client: client))
    return unsafe Unmanaged.passRetained(exchange).toOpaque()
}

private func microhttpdAnswer(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, upload: UnsafePointer<CChar>?,
    uploadByteCount: UnsafeMutablePointer<Int>?,
    exchangePointer: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handlers = unsafe HandlerBox.at(context),
        let exchange = unsafe exchangePointer.flatMap({ unsafe Exchange.at($0.pointee) })
    else { return .NO }
    if !exchange.isHeaderSeen {
        exchange.isHeaderSeen = true
        unsafe exchange.request.takeHeaders(
            of: connection, method: method.map { unsafe String(cString: $0) } ?? "")
        // An answer now would end the connection after it: right for a body that nobody wants, not for GET.
        switch exchange.request.method {
        case .get, .head: return .YES
        case .post, .other: break
        }
    } else if let count = unsafe uploadByteCount?.pointee, count > 0 {
        unsafe uploadByteCount?.pointee = 0
        return .YES
    }
    guard exchange.answer == nil else { return .YES }
    let reply = handlers.reply(exchange.request)
    if unsafe exchange.queue(reply, on: connection) == .YES { return .YES }
    return unsafe exchange.queue(.noResources, on: connection)
}

private func microhttpdFinish(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    exchangePointer: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, code: MHD_RequestTerminationCode
) {
    guard let handlers = unsafe HandlerBox.at(context),
        let pointer = unsafe exchangePointer?.pointee
    else { return }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(pointer).takeRetainedValue()
    unsafe exchangePointer?.pointee = nil
    let status = Int(unsafe netbootd_httpd_status(connection))
    let answer = exchange.answer
    // Its own refusals end with a code like that of a client that went away.
    let outcome = answer == nil && status != 0 ? .complete : HTTPOutcome(code)
    var byteCount = answer?.bodyByteCount ?? 0
    if outcome != .complete {
        let delivered = exchange.acknowledgedBefore.map {
            Int64(clamping: unsafe netbootd_httpd_acknowledged(connection) &- $0)
        }
        byteCount = min(byteCount, max(0, (delivered ?? 0) - (answer?.headerByteCount ?? 0)))
    }
    handlers.finished(
        FinishedExchange(
            request: exchange.request, event: answer?.event, machine: answer?.machine, status: status,
            byteCount: byteCount, duration: .now - exchange.started, outcome: outcome))
}

extension HTTPOutcome {
    fileprivate init(_ code: MHD_RequestTerminationCode) {
        self =
            switch code {
            case .REQUEST_TERMINATED_COMPLETED_OK: .complete
            case .REQUEST_TERMINATED_TIMEOUT_REACHED: .aborted(why: "the client stood still")
            case .REQUEST_TERMINATED_DAEMON_SHUTDOWN: .aborted(why: "this server stopped")
            default: .aborted(why: "the client went away")
            }
    }
}

extension HTTPRequest {
    fileprivate mutating func takeHeaders(of connection: OpaquePointer?, method name: String) {
        method = Method(name)
        userAgent = unsafe Self.header("User-Agent", of: connection)
        acceptEncoding = unsafe Self.header("Accept-Encoding", of: connection)
        let length = unsafe Self.header("Content-Length", of: connection)?.trimmingSpaces
        hasBody = unsafe length ?? "0" != "0" || Self.header("Transfer-Encoding", of: connection) != nil
        range = unsafe Self.header("Range", of: connection)
        conditions = unsafe Conditions(
            ifMatch: Self.header("If-Match", of: connection),
            ifNoneMatch: Self.header("If-None-Match", of: connection),
            ifModifiedSince: Self.header("If-Modified-Since", of: connection),
            ifUnmodifiedSince: Self.header("If-Unmodified-Since", of: connection),
            ifRange: Self.header("If-Range", of: connection))
    }

    private static func header(_ name: String, of connection: OpaquePointer?) -> String? {
        unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { unsafe String(cString: $0) }
    }
}

extension HTTPReply {
    /// How much of the body goes out when all goes well.
    fileprivate func sentByteCount(to method: HTTPRequest.Method) -> Int64 {
        method == .head || status == 304 ? 0 : body.byteCount
    }

    /// About what stands on the wire before the body: status line, our headers, and the library's three.
    fileprivate var headerByteCount: Int64 {
        Int64(headers.reduce(100) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 })
    }

    fileprivate func queue(on connection: OpaquePointer?) -> MHD_Result {
        guard let response = unsafe makeResponse() else { return .NO }
        defer { unsafe MHD_destroy_response(response) }
        for header in headers {
            guard unsafe MHD_add_response_header(response, header.name, header.value) == .YES else {
                return .NO
            }
        }
        return unsafe MHD_queue_response(connection, UInt32(status), response)
    }

    private func makeResponse() -> OpaquePointer? {
        switch body {
        case .bytes(var bytes):
            return unsafe MHD_create_response_from_buffer(bytes.count, &bytes, .RESPMEM_MUST_COPY)
        case .file(let file, let range) where range.count <= Self.copiedBytes:
            return unsafe Self.makeCopy(of: file, range)
        case .file(let file, let range):
            guard let descriptor = try? file.duplicate() else { return nil }
            let rawValue = descriptor.release()
            let response = unsafe MHD_create_response_from_fd_at_offset64(
                UInt64(range.upperBound - range.lowerBound), rawValue, UInt64(range.lowerBound))
            // The response closes it, when there is one.
            if unsafe response == nil { close(rawValue) }
            return unsafe response
        }
    }

    /// Up to here, to copy is cheaper than a second descriptor and a second packet.
    private static let copiedBytes = 16_384

    private static func makeCopy(of file: OpenFile, _ range: Range<Int64>) -> OpaquePointer? {
        guard let memory = unsafe malloc(max(1, range.count)) else { return nil }
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: memory, count: range.count)
        // A file that has become shorter meanwhile cannot be what its length said.
        guard (try? unsafe file.read(at: range.lowerBound, into: buffer)) == range.count else {
            unsafe free(memory)
            return nil
        }
        return unsafe MHD_create_response_from_buffer(range.count, memory, .RESPMEM_MUST_FREE)
    }
}
