import SystemIO
import TestSupport
import Testing
import Wire

@testable import Kexec

@Suite("Names and their addresses")
struct NameTests {
    private static func v4(_ text: String) -> IPAddress { .v4(IPv4Address(text) ?? .any) }

    @Test("resolv.conf is read as libc reads it")
    func resolverConfiguration() {
        let configuration = ResolverConfiguration(
            """
            # comment
            nameserver 10.0.0.254 ; the lab's
            nameserver fd00::53
            nameserver bad
            search lab.example corp.example.
            options ndots:2 timeout:1 attempts:9 rotate
            nameserver 10.0.0.3
            nameserver 10.0.0.4
            """)
        #expect(configuration.servers.map(\.description) == ["10.0.0.254", "fd00::53", "10.0.0.3"])
        #expect(configuration.dots == 2 && configuration.timeoutSeconds == 1 && configuration.attempts == 5)
        #expect(configuration.candidates(for: "a") == ["a.lab.example", "a.corp.example", "a"])
        #expect(configuration.candidates(for: "a.b.c").first == "a.b.c")
        #expect(configuration.candidates(for: "a.") == ["a"])
        #expect(ResolverConfiguration("").servers == [Self.v4("127.0.0.1")])
    }

    @Test("A hosts file gives all addresses of a name, IPv4 first")
    func hosts() {
        let text = "fd00::1\tboot Boot.lab\n10.0.0.1 boot.lab boot # x.lab\n10.0.0.2 other\nbad boot\n"
        #expect(addresses(of: "BOOT", inHostsFile: text).map(\.description) == ["10.0.0.1", "fd00::1"])
        #expect(addresses(of: "x.lab", inHostsFile: text).isEmpty)
    }

    /// Answers `query` with records of (owner or nil for the question's name, type, data).
    static func reply(
        to query: [UInt8], flags: [UInt8] = [0x81, 0x80], _ records: [(owner: [UInt8]?, type: UInt8, data: [UInt8])]
    ) -> [UInt8] {
        var bytes = Array(query[..<2]) + flags + [0, 1, 0, UInt8(records.count), 0, 0, 0, 0] + query[12...]
        for record in records {
            bytes += record.owner ?? [0xc0, 12]
            bytes += [0, record.type, 0, 1, 0, 0, 0, 60, 0, UInt8(record.data.count)] + record.data
        }
        return bytes
    }

    private static let alias: [UInt8] = [3] + Array("web".utf8) + [3] + Array("lab".utf8) + [0]

    private func exchange() throws -> DNSExchange {
        try #require(DNSExchange(name: "boot.lab", identifiers: (0x1234, 0x5678)))
    }

    @Test("A query is as RFC 1035 wants it")
    func query() throws {
        let bytes = try exchange().query(.address)
        let expected: [UInt8] =
            [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4] + Array("boot".utf8) + [3] + Array("lab".utf8) + [0, 0, 1, 0, 1]
        #expect(bytes == expected)
        for name in ["", "a..b", ".a", String(repeating: "a", count: 64), "bücher", "a b"] {
            #expect(DNSExchange(name: name, identifiers: (1, 2)) == nil)
        }
    }

    @Test("Addresses are taken from the name itself and from what it is an alias of, and from nobody else")
    func replies() throws {
        var exchange = try exchange()
        let foreign: [UInt8] = [4] + Array("evil".utf8) + [0]
        exchange.receive(
            Self.reply(
                to: exchange.query(.address),
                [(foreign, 1, [6, 6, 6, 6]), (Self.alias, 1, [10, 0, 0, 1]), (nil, 5, Self.alias)]))
        exchange.receive(Self.reply(to: exchange.query(.ipv6Address), []))
        #expect(exchange.addresses == [Self.v4("10.0.0.1")] && exchange.open.isEmpty)
        #expect(exchange.outcomes[.ipv6Address] == .nothing)
    }

    @Test("Answers to other questions are not heeded, and a truncated one stays open")
    func otherAnswers() throws {
        var exchange = try exchange()
        let query = exchange.query(.address)
        let good = Self.reply(to: query, [(nil, 1, [10, 0, 0, 1])])
        for index in [0, 2, 5, 13, good.count - 17] where index < 29 {
            var other = good
            other[index] ^= index == 2 ? 0x80 : 1
            exchange.receive(other)
        }
        #expect(exchange.outcomes.isEmpty)
        exchange.receive(Self.reply(to: query, flags: [0x83, 0x80], []))
        #expect(exchange.outcomes[.address] == .truncated && exchange.open.contains(.address))
        exchange.receive(Self.reply(to: query, flags: [0x81, 0x82], []))
        #expect(exchange.outcomes[.address] == .failure(2))
        exchange.forgetFailures()
        exchange.receive(Self.reply(to: query, flags: [0x81, 0x83], []))
        #expect(exchange.outcomes[.address] == .noSuchName)
    }

    @Test("No prefix and no mutation of an answer traps or hangs, circles of pointers among them")
    func fuzz() throws {
        let start = try exchange()
        let good = Self.reply(
            to: start.query(.address), [(nil, 5, Self.alias), (Self.alias, 1, [10, 0, 0, 1]), ([0xc0, 60], 1, [1, 2, 3, 4])])
        for length in 0..<good.count {
            var exchange = start
            exchange.receive(Array(good.prefix(length)))
            #expect(exchange.addresses.isEmpty)
        }
        for index in good.indices {
            for value: UInt8 in [0, 1, 12, 63, 64, 0xc0, 0xff] {
                var mutated = good
                mutated[index] = value
                var exchange = start
                exchange.receive(mutated)
            }
        }
    }

    private func resolver(_ server: LoopbackNameServer, _ folder: TemporaryFolder) throws -> NameResolver {
        try folder.write("etc", files: ["resolv.conf": "nameserver 127.0.0.1\nsearch lab\noptions timeout:1 attempts:1\n"])
        return NameResolver(files: HostFiles(root: folder.path), port: server.port)
    }

    @Test("A search domain is tried, and TCP where UDP is too small")
    func overSockets() throws {
        let server = try LoopbackNameServer { query, isTCP in
            guard query.dropFirst(13).starts(with: Array("boot".utf8)), query[17] == 3 else {
                return Self.reply(to: query, flags: [0x81, 0x83], [])
            }
            guard query[query.count - 3] == 1 else { return Self.reply(to: query, []) }
            return isTCP
                ? Self.reply(to: query, [(nil, 1, [10, 0, 0, 9])]) : Self.reply(to: query, flags: [0x83, 0x80], [])
        }
        let folder = try TemporaryFolder()
        let resolver = try resolver(server, folder)
        #expect(try resolver.addresses(of: "boot") == [Self.v4("10.0.0.9")])
        #expect(throws: NameError.noAddress("nobody")) { try resolver.addresses(of: "nobody") }
    }

    @Test("Failures and silence of a name server are told apart")
    func failures() throws {
        let folder = try TemporaryFolder()
        let failing = try LoopbackNameServer { query, _ in Self.reply(to: query, flags: [0x81, 0x82], []) }
        let first = try resolver(failing, folder)
        #expect(throws: NameError.serverFailure("a.lab", Self.v4("127.0.0.1"))) { try first.addresses(of: "a") }
        let silent = try LoopbackNameServer { _, _ in nil }
        let second = try resolver(silent, folder)
        #expect(throws: NameError.silence("a.lab", servers: [Self.v4("127.0.0.1")])) { try second.addresses(of: "a") }
    }

    @Test("Literals need no server")
    func literals() throws {
        let resolver = NameResolver(files: HostFiles(root: "/nowhere"))
        #expect(try resolver.addresses(of: "10.1.2.3") == [Self.v4("10.1.2.3")])
        #expect(try resolver.addresses(of: "fd00::1").map(\.description) == ["fd00::1"])
        #expect(try resolver.addresses(of: "fe80::1%lo").map(\.description) == ["fe80::1%1"])
        #expect(try resolver.addresses(of: "localhost") == [Self.v4("127.0.0.1")])
    }
}

extension TemporaryFolder {
    fileprivate func write(_ folder: String, files: [String: String]) throws {
        for (name, text) in files { try write("\(folder)/\(name)", text) }
    }
}
