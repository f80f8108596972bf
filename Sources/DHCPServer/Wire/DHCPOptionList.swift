import Wire

/// The options of a reply in the order in which they go out, each once and none empty.
struct DHCPOptionList: Equatable, Sendable {
    private var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []
    private var present = DHCPOptionSet()
    /// What was too long for one option, and so is not there.
    private(set) var tooLong: [DHCPOptionCode] = []

    struct Entry: Equatable, Sendable {
        var code: DHCPOptionCode
        fileprivate var lower: UInt16
        fileprivate var upper: UInt16

        /// Where the value lies.
        fileprivate var range: Range<Int> { Int(lower)..<Int(upper) }
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
        if value.count > Self.maximumValueBytes { tooLong.append(code) }
        guard (1...Self.maximumValueBytes).contains(value.count), code != .pad, code != .end,
            code != .overload,
            !present.contains(code)
        else { return false }
        let lower = bytes.count
        bytes.append(contentsOf: value)
        entries.append(Entry(code: code, lower: UInt16(lower), upper: UInt16(bytes.count)))
        present.insert(code.rawValue)
        return true
    }

    mutating func remove(at index: Int) { present.remove(entries.remove(at: index).code.rawValue) }

    func encode(into writer: inout ByteWriter) {
        for entry in entries {
            writer.write(entry.code.rawValue)
            writer.write(UInt8(entry.range.count))
            writer.write(bytes[entry.range])
        }
    }
}
