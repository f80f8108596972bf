@testable import NFSServer

/// Reads XDR out of a reply, and fails a test that reads on behind it.
struct Results {
    struct Ended: Error {}

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var rest: [UInt8] { Array(bytes[position...]) }

    mutating func fixed(_ count: Int) throws -> [UInt8] {
        let padded = count + paddingBytes(count)
        guard bytes.count - position >= padded else { throw Ended() }
        defer { position += padded }
        return Array(bytes[position..<position + count])
    }

    mutating func word() throws -> UInt32 { try fixed(4).reduce(0) { $0 << 8 | UInt32($1) } }
    mutating func long() throws -> UInt64 { try fixed(8).reduce(0) { $0 << 8 | UInt64($1) } }
    mutating func flag() throws -> Bool { try word() != 0 }
    mutating func opaque() throws -> [UInt8] { try fixed(Int(try word())) }
    mutating func string() throws -> String { String(decoding: try opaque(), as: UTF8.self) }
    mutating func status() throws -> NFSStatus { NFSStatus(rawValue: try word()) }
    mutating func words(_ count: Int) throws -> [UInt32] {
        var all: [UInt32] = []
        for _ in 0..<count { all.append(try word()) }
        return all
    }
}

/// fattr3, as a client reads it.
struct Attributes3: Equatable {
    var type: UInt32
    var mode: UInt32
    var links: UInt32
    var user: UInt32
    var group: UInt32
    var size: UInt64
    var used: UInt64
    var device: [UInt32]
    var fileSystem: UInt64
    var fileNumber: UInt64
    /// Seconds and nanoseconds of access, modification and change.
    var times: [UInt32]
}

extension Results {
    mutating func attributes3() throws -> Attributes3 {
        Attributes3(
            type: try word(), mode: try word(), links: try word(), user: try word(), group: try word(),
            size: try long(), used: try long(), device: try words(2), fileSystem: try long(),
            fileNumber: try long(), times: try words(6))
    }

    /// post_op_attr.
    mutating func postOperation3() throws -> Attributes3? { try flag() ? try attributes3() : nil }

    /// wcc_data: nothing is ever told of before.
    mutating func weakCacheConsistency3() throws -> Attributes3? {
        guard try !flag() else { throw Ended() }
        return try postOperation3()
    }
}
