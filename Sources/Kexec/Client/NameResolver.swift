import Glibc
public import SystemIO
public import Wire

/// Finds the addresses of a host by itself: a static program cannot load libc's modules for that.
///
/// It heeds literal addresses, `/etc/hosts` and the name servers of `/etc/resolv.conf`.
public struct NameResolver: Sendable {
    private let files: HostFiles
    private let port: UInt16
    /// For a second kind of address once the first is there.
    private static let patience = Duration.milliseconds(300)

    /// - Parameter port: the name servers'; another than 53 for tests.
    public init(files: HostFiles = .live, port: UInt16 = 53) {
        self.files = files
        self.port = port
    }

    /// All addresses of `host`, those to be tried first in front; never empty.
    public func addresses(
        of host: String, by deadline: ContinuousClock.Instant? = nil
    ) throws(NameError) -> [IPAddress] {
        if let literal = literalAddress(host[...]) { return [literal] }
        let listed = Kexec.addresses(of: host, inHostsFile: files.text("/etc/hosts") ?? "")
        if !listed.isEmpty { return listed }
        if host.lowercased() == "localhost" { return [.v4(IPv4Address(127, 0, 0, 1))] }
        let configuration = ResolverConfiguration(files.text("/etc/resolv.conf") ?? "")
        for candidate in configuration.candidates(for: host) {
            let found = try ask(for: candidate, configuration, by: deadline)
            if !found.isEmpty { return found }
        }
        throw .noAddress(host)
    }

    /// - Throws: when no server answers at all.
    private func ask(
        for name: String, _ configuration: ResolverConfiguration, by deadline: ContinuousClock.Instant?
    ) throws(NameError) -> [IPAddress] {
        var exchange = DNSExchange(
            name: name, identifiers: (.random(in: 0...UInt16.max), .random(in: 0...UInt16.max)))
        guard exchange != nil else { return [] }
        var failure = NameError.silence(name, servers: configuration.servers)
        for _ in 0..<configuration.attempts {
            for server in configuration.servers {
                let end = ContinuousClock.now + .seconds(configuration.timeoutSeconds)
                do throws(SystemError) {
                    try converse(&exchange, with: server, by: deadline.map { min($0, end) } ?? end)
                } catch {
                    // The next server may be better; a port that nobody listens on says so at once.
                    if !error.isTimeout { failure = .failed(name, error) }
                }
                guard let answered = exchange else { return [] }
                if answered.open.isEmpty || !answered.addresses.isEmpty {
                    let isAnswer = !answered.addresses.isEmpty || answered.isCertain
                    if isAnswer { return answered.addresses }
                    failure = .serverFailure(name, server)
                    exchange?.forgetFailures()
                }
                if let deadline, ContinuousClock.now >= deadline { throw failure }
            }
        }
        throw failure
    }

    private func converse(
        _ exchange: inout DNSExchange?, with server: IPAddress, by end: ContinuousClock.Instant
    ) throws(SystemError) {
        guard let questions = exchange?.open else { return }
        let socket = try ClientSocket(.datagram, to: server, port: port, by: end)
        for type in questions {
            if let query = exchange?.query(type) { try socket.send(query, by: end) }
        }
        var end = end
        while let current = exchange, !current.open.isEmpty {
            for type in current.open where current.outcomes[type] == .truncated {
                exchange?.receive(try askOverTCP(current.query(type), of: server, by: end))
                if exchange?.outcomes[type] == .truncated { return }
            }
            guard exchange?.open.isEmpty == false else { return }
            if exchange?.addresses.isEmpty == false { end = min(end, .now + Self.patience) }
            exchange?.receive(try socket.receive(limit: 4096, by: end))
        }
    }

    /// The length stands before each message there (RFC 1035 §4.2.2).
    private func askOverTCP(
        _ query: [UInt8], of server: IPAddress, by end: ContinuousClock.Instant
    ) throws(SystemError) -> [UInt8] {
        let socket = try ClientSocket(.stream, to: server, port: port, by: end)
        try socket.send([UInt8(query.count >> 8), UInt8(query.count & 0xff)] + query, by: end)
        var bytes: [UInt8] = []
        while bytes.count < 2 || bytes.count < 2 + (Int(bytes[0]) << 8 | Int(bytes[1])) {
            let more = try socket.receive(limit: 65_536, by: end)
            guard !more.isEmpty else { return [] }
            bytes += more
        }
        return Array(bytes[2..<2 + (Int(bytes[0]) << 8 | Int(bytes[1]))])
    }
}

extension DNSExchange {
    /// The servers say that there is no address, rather than that they do not know.
    fileprivate var isCertain: Bool {
        outcomes.values.allSatisfy {
            switch $0 {
            case .addresses, .nothing, .noSuchName: true
            case .truncated, .failure: false
            }
        }
    }
}

/// `10.0.0.1`, `fd00::1`, `fe80::1%eth0`.
func literalAddress(_ text: Substring) -> IPAddress? {
    if let address = IPv4Address(text) { return .v4(address) }
    let parts = text.split(separator: "%", maxSplits: 1)
    guard let first = parts.first, let address = IPv6Address(first) else { return nil }
    guard parts.count == 2 else { return .v6(address) }
    let scope = unsafe UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
    return scope == 0 ? nil : .v6(address, scope: scope)
}

/// Why a host's name led to no address.
public enum NameError: Error, Equatable, Sendable {
    case noAddress(String)
    case silence(String, servers: [IPAddress])
    case failed(String, SystemError)
    case serverFailure(String, IPAddress)

    var mayPass: Bool {
        switch self {
        case .noAddress: false
        case .silence, .failed, .serverFailure: true
        }
    }
}

extension NameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noAddress(let name):
            "no address is known for '\(name)'; is the name right? An address will do as well"
        case .silence(let name, let servers):
            "no name server answered for '\(name)' (asked \(servers.map(\.description).joined(separator: ", ")), "
                + "from /etc/resolv.conf); use the server's address instead"
        case .failed(let name, let error):
            "cannot ask for '\(name)': \(error); see /etc/resolv.conf, or use the server's address instead"
        case .serverFailure(let name, let server): "the name server \(server) could not look up '\(name)'"
        }
    }
}
