/// Numbers that NFS has in all its versions.
enum NFSProtocol {
    static let program: UInt32 = 100_003
    /// NLM: locks of NFSv3.
    static let lockManager: UInt32 = 100_021
    static let maximumNameBytes = 255
    /// Of a path; links say as much.
    static let maximumPathBytes = 4096
    /// The most that one READ brings over a stream, in bytes.
    static let maximumReadBytes = 1 << 20
    /// The same in a datagram: with its head it must fit 64 KiB, and lost fragments lose all of it.
    static let maximumDatagramReadBytes = 32_768
    static let preferredFolderBytes = 65_536
    static let maximumFolderBytes = 131_072
}

/// A name that an entry of a folder can have.
enum EntryName {
    enum Kind: Equatable {
        case ordinary
        case empty
        /// `.`
        case current
        /// `..`
        case parent
        case tooLong
        /// It holds a slash or a NUL.
        case impossible
    }

    static func kind(of name: [UInt8]) -> Kind {
        if name.isEmpty { return .empty }
        if name.count > NFSProtocol.maximumNameBytes { return .tooLong }
        if name.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) { return .impossible }
        if name.allSatisfy({ $0 == UInt8(ascii: ".") }) {
            if name.count == 1 { return .current }
            if name.count == 2 { return .parent }
        }
        return .ordinary
    }
}
