/// What is to be sent.
enum TFTPContent: Hashable, Sendable {
    /// Bytes as they are, so many of them.
    case octets(byteCount: UInt64)
    /// Text whose length on the wire is known only when all of it has been sent.
    case netascii
}

/// What the server grants at most.
struct TFTPLimits: Hashable, Sendable {
    var blockSizeBytes: Int
    var windowSize: Int

    init(blockSizeBytes: Int, windowSize: Int) {
        self.blockSizeBytes = blockSizeBytes
        self.windowSize = windowSize
    }

    /// A block with its headers (IPv4 20, UDP 8, TFTP 4 bytes) fits a packet of the interface.
    init(mtu: Int, maximumWindowSize: UInt16) {
        blockSizeBytes = min(max(mtu - 32, TFTPNegotiation.defaultBlockSize), 65464)
        windowSize = max(Int(maximumWindowSize), 1)
    }
}

/// The outcome of a request's options (RFC 2347, 2348, 2349, 7440).
struct TFTPNegotiation: Hashable, Sendable {
    static let defaultBlockSize = 512

    var blockSizeBytes = defaultBlockSize
    /// In blocks.
    var windowSize = 1
    /// The client's choice of when to send again; nil when it made none.
    var timeout: Duration?
    /// The client asked how large the file is.
    var reportsSize = false
    /// What the OACK says, in the order of the request; empty: there is no OACK.
    var granted: [TFTPOption] = []

    /// Grants each option that was asked for as far as it can be, and leaves out what is unknown or senseless.
    ///
    /// Firmware aborts on anything that it did not ask for, on a larger value, and on a name in capitals.
    init(_ options: [TFTPOption], content: TFTPContent, limits: TFTPLimits) {
        for option in options where !granted.contains(where: { $0.name == option.name }) {
            if let value = grant(option, content: content, limits: limits) {
                granted.append(TFTPOption(option.name, value))
            }
        }
    }

    private mutating func grant(
        _ option: TFTPOption, content: TFTPContent, limits: TFTPLimits
    ) -> String? {
        guard let asked = Self.number(option.value) else { return nil }
        switch option.name {
        case "blksize":
            guard (8...65464).contains(asked) else { return nil }
            blockSizeBytes = min(Int(asked), limits.blockSizeBytes)
            return String(blockSizeBytes)
        case "tsize":
            guard case .octets(let byteCount) = content else { return nil }
            reportsSize = true
            return String(byteCount)
        case "timeout":
            guard (1...255).contains(asked) else { return nil }
            timeout = .seconds(Int64(asked))
            return String(asked)
        case "windowsize":
            guard case .octets = content, (1...65535).contains(asked) else { return nil }
            windowSize = min(Int(asked), limits.windowSize)
            return String(windowSize)
        default: return nil
        }
    }

    /// Decimal digits alone: `Int.init` would take a sign too.
    private static func number(_ text: String) -> UInt64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }
}
