import Wire

/// The questions for one name's addresses, and what servers answered so far (RFC 1035).
struct DNSExchange: Equatable, Sendable {
    enum RecordType: UInt16, CaseIterable, Sendable {
        case address = 1
        case ipv6Address = 28
    }

    enum Outcome: Equatable, Sendable {
        case addresses([IPAddress])
        /// The name exists, without such addresses.
        case nothing
        case noSuchName
        /// The whole answer is to be had over TCP.
        case truncated
        /// The server cannot tell; RCODE.
        case failure(UInt8)
    }

    let name: String
    private let identifiers: [RecordType: UInt16]
    private(set) var outcomes: [RecordType: Outcome] = [:]

    /// Nil when no server could know the name: an empty or overlong label, or anything but ASCII.
    init?(name: String, identifiers: (UInt16, UInt16)) {
        guard Self.encoded(name) != nil else { return nil }
        self.name = name
        self.identifiers = [.address: identifiers.0, .ipv6Address: identifiers.1]
    }

    func query(_ type: RecordType) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.write(identifiers[type] ?? 0)
        writer.write(UInt16(0x0100))  // recursion desired
        for count: UInt16 in [1, 0, 0, 0] { writer.write(count) }
        writer.write(Self.encoded(name) ?? [0])
        writer.write(type.rawValue)
        writer.write(UInt16(1))
        return writer.bytes
    }

    /// What still has no answer, or but a part of one.
    var open: [RecordType] {
        RecordType.allCases.filter { outcomes[$0] == nil || outcomes[$0] == .truncated }
    }

    /// What another server may know better.
    mutating func forgetFailures() {
        for (type, outcome) in outcomes {
            if case .failure = outcome { outcomes[type] = nil }
        }
    }

    /// All addresses so far, IPv4 first.
    var addresses: [IPAddress] {
        ipv4First(
            RecordType.allCases.flatMap { type -> [IPAddress] in
                if case .addresses(let found)? = outcomes[type] { found } else { [] }
            })
    }

    /// Takes a message in; one that does not answer a question of ours is not heeded.
    mutating func receive(_ bytes: [UInt8]) {
        guard bytes.count >= 12 else { return }
        for type in open {
            guard let outcome = try? DNSReply(bytes, to: query(type), type: type).outcome else { continue }
            outcomes[type] = outcome
            return
        }
    }

    private static func encoded(_ name: String) -> [UInt8]? {
        guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
        var bytes: [UInt8] = []
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
            else { return nil }
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        return bytes + [0]
    }
}

/// A server's answer to one question.
private struct DNSReply {
    private(set) var outcome: DNSExchange.Outcome = .nothing

    /// - Throws: when it is no answer to that question, or unreadable.
    init(_ bytes: [UInt8], to query: [UInt8], type: DNSExchange.RecordType) throws(Unreadable) {
        var reader = DNSReader(bytes: bytes)
        guard try reader.number() == UInt16(query[0]) << 8 | UInt16(query[1]) else { throw Unreadable() }
        let flags = try reader.number()
        let counts = [try reader.number(), try reader.number()]
        reader.offset = 12
        guard flags & 0xf800 == 0x8000, counts[0] == 1 else { throw Unreadable() }
        let asked = try reader.name()
        guard asked == (try DNSReader(bytes: query, offset: 12).firstName()),
            try reader.number() == type.rawValue, try reader.number() == 1
        else { throw Unreadable() }
        if flags & 0x0200 != 0 {
            outcome = .truncated
            return
        }
        switch UInt8(flags & 15) {
        case 0: break
        case 3:
            outcome = .noSuchName
            return
        case let code:
            outcome = .failure(code)
            return
        }
        let addresses = try Self.addresses(of: asked, type: type, count: counts[1], in: &reader)
        outcome = addresses.isEmpty ? .nothing : .addresses(addresses)
    }

    /// Follows the aliases (CNAME) of an answer, in whatever order its records are.
    private static func addresses(
        of name: [UInt8], type: DNSExchange.RecordType, count: UInt16, in reader: inout DNSReader
    ) throws(Unreadable) -> [IPAddress] {
        var aliases: [[UInt8]: [UInt8]] = [:]
        var found: [(owner: [UInt8], address: IPAddress)] = []
        for _ in 0..<count {
            let owner = try reader.name()
            let (recordType, recordClass) = (try reader.number(), try reader.number())
            try reader.skip(4)
            let length = Int(try reader.number())
            let start = reader.offset
            try reader.skip(length)
            guard recordClass == 1 else { continue }
            if recordType == 5 {
                aliases[owner] = try DNSReader(bytes: reader.bytes, offset: start).firstName()
            } else if recordType == type.rawValue {
                let data = Array(reader.bytes[start..<start + length])
                let address =
                    IPv4Address(bytes: data).map { IPAddress.v4($0) }
                    ?? IPv6Address(bytes: data).map { .v6($0) }
                guard let address, (length == 4) == (type == .address) else { throw Unreadable() }
                found.append((owner, address))
            }
        }
        var owner = name
        for _ in 0..<16 {
            let own = found.filter { $0.owner == owner }.map(\.address)
            guard own.isEmpty, let alias = aliases[owner] else { return own }
            owner = alias
        }
        return []
    }
}

private struct Unreadable: Error {}

private struct DNSReader {
    let bytes: [UInt8]
    var offset = 0

    mutating func number() throws(Unreadable) -> UInt16 {
        guard offset + 2 <= bytes.count else { throw Unreadable() }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    mutating func skip(_ count: Int) throws(Unreadable) {
        guard offset + count <= bytes.count else { throw Unreadable() }
        offset += count
    }

    /// A name in its uncompressed form, in lower case.
    mutating func name() throws(Unreadable) -> [UInt8] {
        var name: [UInt8] = []
        var position = offset
        var jumped = false
        // A name has 127 labels at most; of more jumps than that, some lead in a circle.
        for _ in 0..<256 {
            guard position < bytes.count else { throw Unreadable() }
            let length = Int(bytes[position])
            if length & 0xc0 == 0xc0 {
                guard position + 1 < bytes.count else { throw Unreadable() }
                if !jumped { offset = position + 2 }
                jumped = true
                position = (length & 0x3f) << 8 | Int(bytes[position + 1])
                continue
            }
            guard length <= 63, position + 1 + length <= bytes.count, name.count + length < 255 else {
                throw Unreadable()
            }
            position += 1
            if length == 0 {
                if !jumped { offset = position }
                return name
            }
            name.append(UInt8(length))
            name += bytes[position..<position + length].map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
            position += length
        }
        throw Unreadable()
    }

    consuming func firstName() throws(Unreadable) -> [UInt8] { try name() }
}
