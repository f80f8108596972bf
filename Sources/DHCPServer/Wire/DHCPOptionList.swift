import Wire

/// The options of a reply in the order in which they go out, each once and none empty.
struct DHCPOptionList: Equatable, Sendable {
    private var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

    struct Entry: Equatable, Sendable {
        var code: DHCPOptionCode
        /// Where the value lies.
        fileprivate var range: Range<Int>
    }

    static let maximumValueBytes = 255

    init() {
        bytes.reserveCapacity(320)
        entries.reserveCapacity(20)
    }

    /// The codes in order.
    var codes: [DHCPOptionCode] { entries.map(\.code) }

    /// The bytes that the options take on the wire, END not among them.
    var encodedBytes: Int { entries.reduce(0) { $0 + 2 + $1.range.count } }

    subscript(code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        entries.first { $0.code == code }.map { bytes[$0.range] }
    }

    /// Appends an option.
    ///
    /// - Returns: false, and nothing is changed, when the value is empty (EDK2 drops packets with such), too
    ///   long for one option (nobody joins split ones), or the code is there already.
    @discardableResult
    mutating func append(_ code: DHCPOptionCode, _ value: some Collection<UInt8>) -> Bool {
        guard (1...Self.maximumValueBytes).contains(value.count), code != .pad, code != .end,
            code != .overload,
            !entries.contains(where: { $0.code == code })
        else { return false }
        let lower = bytes.count
        bytes.append(contentsOf: value)
        entries.append(Entry(code: code, range: lower..<bytes.count))
        return true
    }

    mutating func append(_ code: DHCPOptionCode, _ value: IPv4Address) {
        append(code, CollectionOfOne(value))
    }

    mutating func append(_ code: DHCPOptionCode, _ addresses: some Collection<IPv4Address>) {
        // 63 addresses fill an option; more would be cut off by any client's table.
        var value = ByteWriter(capacity: 4 * addresses.count)
        for address in addresses.prefix(63) { value.write(address) }
        append(code, value.bytes)
    }

    /// Whole seconds, as options 51, 58 and 59 have them.
    mutating func append(_ code: DHCPOptionCode, seconds: UInt32) {
        append(code, IPv4Address(rawValue: seconds))
    }

    mutating func remove(at index: Int) { entries.remove(at: index) }

    func encode(into writer: inout ByteWriter) {
        for entry in entries {
            writer.write(entry.code.rawValue)
            writer.write(UInt8(entry.range.count))
            writer.write(bytes[entry.range])
        }
    }
}
