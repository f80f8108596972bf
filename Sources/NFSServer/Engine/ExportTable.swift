import BootFiles
import Wire

/// An export as it is served: with its tree.
struct Export {
    let settings: NFSExport
    /// In handles; made from the path or the fsid, so that it outlives a change of the configuration's order.
    let id: UInt32
    let tree: any NodeTree
    let root: NodeReference
    /// Of the path.
    let names: [ArraySlice<UInt8>]

    var path: String { settings.path }

    /// What clients take for the file system's number: one constant for each export.
    var fsid: UInt64 { settings.fsid ?? UInt64(id) }

    init(_ settings: NFSExport, tree: any NodeTree) throws(NodeFailure) {
        self.settings = settings
        self.tree = tree
        id = Self.id(of: settings)
        names = pathNames(Array(settings.path.utf8))
        root = try tree.root.reference
    }

    /// FNV-1a: short, and the same for ever.
    static func id(of settings: NFSExport) -> UInt32 {
        let text = settings.fsid.map { "fsid=\($0)" } ?? settings.path
        // 0 is the root above all exports.
        return max(text.utf8.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }, 1)
    }

    /// The grant that fits the caller best: a host before a name, a name before a subnet, a longer prefix before a
    /// shorter, and `*` last (exports(5)).
    func grant(for caller: RPCCaller) -> ExportGrant? {
        var best: (rank: Int, grant: ExportGrant)?
        for grant in settings.grants {
            guard let rank = grant.clients.rank(for: caller), rank > best?.rank ?? -1 else { continue }
            best = (rank, grant)
        }
        return best?.grant
    }
}

extension ExportClients {
    /// How exactly these clients mean the caller; nil: not at all.
    fileprivate func rank(for caller: RPCCaller) -> Int? {
        switch self {
        case .everyone: 0
        case .network(let network):
            network.contains(caller.address) ? (network.isHost ? 1000 : 1 + network.prefixLength) : nil
        case .name(let pattern):
            caller.names.contains { fits(name: $0) }
                ? (pattern.contains { "*?".contains($0) } ? 200 : 900) : nil
        }
    }
}

/// All exports of a server.
struct ExportTable {
    private(set) var exports: [Export]
    private let byID: [UInt32: Int]
    private let byRoot: [NodeIdentity: Int]

    init(_ exports: [Export] = []) {
        self.exports = exports
        byID = Dictionary(exports.enumerated().map { ($1.id, $0) }) { first, _ in first }
        byRoot = Dictionary(exports.enumerated().map { ($1.root.identity, $0) }) { first, _ in first }
    }

    subscript(id: UInt32) -> Export? { byID[id].map { exports[$0] } }

    /// The export whose top folder this is.
    func export(at root: NodeIdentity) -> Export? { byRoot[root].map { exports[$0] } }

    /// The innermost export that a path is in, and the names that lead on from there.
    func export(holding names: [ArraySlice<UInt8>]) -> (export: Export, rest: ArraySlice<ArraySlice<UInt8>>)?
    {
        var best: (export: Export, count: Int)?
        for export in exports {
            let own = export.names
            guard own.count <= names.count, own.count >= best?.count ?? 0,
                zip(own, names).allSatisfy({ $0.elementsEqual($1) })
            else { continue }
            best = (export, own.count)
        }
        return best.map { ($0.export, names[$0.count...]) }
    }
}

/// The names in a path; empty ones and `.` do not count.
func pathNames(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
    path.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual([UInt8(ascii: ".")]) }
}
