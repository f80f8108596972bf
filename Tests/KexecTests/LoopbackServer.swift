import Glibc
import Synchronization
import SystemIO

/// A server on 127.0.0.1 that answers each request with the bytes that a test wants to be there.
///
/// It serves one connection after another, in a thread of its own.
final class LoopbackServer: Sendable {
    struct Answer: Sendable {
        var bytes: [UInt8]
        /// Closes behind them.
        var closes = false

        init(_ bytes: [UInt8], closes: Bool = false) {
            self.bytes = bytes
            self.closes = closes
        }

        /// A whole response with a `Content-Length`.
        init(_ status: Int = 200, _ fields: [String] = [], body: [UInt8] = []) {
            let lines = ["HTTP/1.1 \(status) Words"] + fields + ["Content-Length: \(body.count)", "", ""]
            bytes = Array(lines.joined(separator: "\r\n").utf8) + body
        }

        init(text: String, closes: Bool = false) {
            self.init(Array(text.utf8), closes: closes)
        }
    }

    let port: UInt16
    private let shared: Shared
    private let thread: ServiceThread

    private final class Shared: Sendable {
        let listener: CInt
        let state = Mutex(State())

        struct State {
            var requests: [String] = []
            var connections = 0
            var connection: CInt = -1
            var isOver = false
        }

        init(listener: CInt) { self.listener = listener }
    }

    /// - Parameter answer: gets a request's header and how many came before it; nil: no answer at all.
    init(_ answer: @escaping @Sendable (_ request: String, _ number: Int) -> Answer?) throws {
        let (descriptor, port) = try listen(CInt(SOCK_STREAM.rawValue))
        self.port = port
        let shared = Shared(listener: descriptor)
        self.shared = shared
        thread = try ServiceThread(name: "test server") { Self.serve(shared, answer) }
    }

    /// The same answers, one for each request; the last one for all that follow.
    convenience init(_ answers: Answer...) throws {
        try self.init { _, number in answers[min(number, answers.count - 1)] }
    }

    deinit {
        let connection = shared.state.withLock { state in
            state.isOver = true
            return state.connection
        }
        shutdown(shared.listener, CInt(SHUT_RDWR))
        if connection >= 0 { shutdown(connection, CInt(SHUT_RDWR)) }
        thread.join()
        close(shared.listener)
    }

    /// The headers of all requests so far.
    var requests: [String] { shared.state.withLock { $0.requests } }
    var connections: Int { shared.state.withLock { $0.connections } }

    func url(_ target: String = "/file") -> String { "http://127.0.0.1:\(port)\(target)" }

    private static func serve(_ shared: Shared, _ answer: (String, Int) -> Answer?) {
        while true {
            let connection = accept(shared.listener, nil, nil)
            guard connection >= 0 else { return }
            let goesOn = shared.state.withLock { state in
                state.connection = connection
                state.connections += 1
                return !state.isOver
            }
            if goesOn { converse(shared, connection, answer) }
            shared.state.withLock { $0.connection = -1 }
            close(connection)
        }
    }

    private static func converse(_ shared: Shared, _ connection: CInt, _ answer: (String, Int) -> Answer?) {
        var pending = ""
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            while let end = pending.range(of: "\r\n\r\n") {
                let request = String(pending[..<end])
                pending = String(pending[end...].dropFirst(2))
                let number = shared.state.withLock { state in
                    state.requests.append(request)
                    return state.requests.count - 1
                }
                guard let answer = answer(request, number) else { continue }
                var sent = 0
                while sent < answer.bytes.count {
                    let count = unsafe answer.bytes.withUnsafeBytes {
                        unsafe send(connection, $0.baseAddress.map { unsafe $0 + sent }, $0.count - sent, CInt(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { return }
                    sent += count
                }
                if answer.closes { return }
            }
            let count = unsafe recv(connection, &part, part.count, 0)
            guard count > 0 else { return }
            pending += String(decoding: part[..<count], as: UTF8.self)
        }
    }
}

extension String {
    /// Where `text` begins. "\r\n" is one character to Swift.
    fileprivate func range(of text: String) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}

/// A name server on 127.0.0.1, over UDP and TCP.
final class LoopbackNameServer: Sendable {
    let port: UInt16
    private let sockets: [CInt]
    private let threads: [ServiceThread]

    /// - Parameter answer: gets a query and whether it came over TCP; nil: silence.
    init(_ answer: @escaping @Sendable (_ query: [UInt8], _ isTCP: Bool) -> [UInt8]?) throws {
        let (datagrams, port) = try bound(CInt(SOCK_DGRAM.rawValue), port: 0)
        let (stream, _) = try bound(CInt(SOCK_STREAM.rawValue), port: port)
        Glibc.listen(stream, 8)
        self.port = port
        sockets = [datagrams, stream]
        threads = [
            try ServiceThread(name: "test DNS") { Self.serveDatagrams(datagrams, answer) },
            try ServiceThread(name: "test DNS TCP") { Self.serveStreams(stream, answer) },
        ]
    }

    deinit {
        for socket in sockets { shutdown(socket, CInt(SHUT_RDWR)) }
        for thread in threads { thread.join() }
        for socket in sockets { close(socket) }
    }

    private static func serveDatagrams(_ socket: CInt, _ answer: ([UInt8], Bool) -> [UInt8]?) {
        var buffer = [UInt8](repeating: 0, count: 1500)
        while true {
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = unsafe withUnsafeMutablePointer(to: &peer) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(socket, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count > 0 else { return }
            guard let reply = answer(Array(buffer[..<count]), false) else { continue }
            _ = unsafe withUnsafePointer(to: &peer) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe sendto(socket, reply, reply.count, 0, $0, length)
                }
            }
        }
    }

    private static func serveStreams(_ socket: CInt, _ answer: ([UInt8], Bool) -> [UInt8]?) {
        while true {
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else { return }
            var buffer = [UInt8](repeating: 0, count: 1500)
            let count = unsafe recv(connection, &buffer, buffer.count, 0)
            if count > 2, let reply = answer(Array(buffer[2..<count]), true) {
                let framed = [UInt8(reply.count >> 8), UInt8(reply.count & 255)] + reply
                _ = unsafe send(connection, framed, framed.count, CInt(MSG_NOSIGNAL))
            }
            close(connection)
        }
    }
}

private func bound(_ type: CInt, port: UInt16) throws -> (CInt, UInt16) {
    let descriptor = socket(AF_INET, type | O_CLOEXEC, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
        }
    }
    guard descriptor >= 0, code == 0 else { throw SystemError("bind a test server", code: errno) }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

private func listen(_ type: CInt) throws -> (CInt, UInt16) {
    let (descriptor, port) = try bound(type, port: 0)
    guard Glibc.listen(descriptor, 8) == 0 else { throw SystemError("listen", code: errno) }
    return (descriptor, port)
}
