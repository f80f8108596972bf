import SystemIO

/// The folders above the exports, which no disk has: so that a path is the same in NFSv4, which begins at one root, and in
/// NFSv3 (RFC 8881 §7.3).
struct NFS4PseudoFolders {
    struct Folder {
        var path: [ArraySlice<UInt8>]
        /// In handles, and as its file number.
        var number: UInt64
        /// In the order of the exports.
        var children: [Child] = []
    }

    struct Child {
        var name: ArraySlice<UInt8>
        var target: Target
    }

    /// Where a name leads.
    enum Target: Equatable {
        case folder(UInt64)
        case export(UInt32)
    }

    private(set) var folders: [UInt64: Folder] = [:]
    static let rootNumber: UInt64 = 1
    /// The export that is the root itself, if `/` is one.
    private(set) var rootExport: UInt32?
    /// In which folder each export is.
    private(set) var parents: [UInt32: UInt64] = [:]

    init(_ exports: [Export]) {
        folders[Self.rootNumber] = Folder(path: [], number: Self.rootNumber)
        for export in exports { add(export) }
    }

    subscript(number: UInt64) -> Folder? { folders[number] }

    private mutating func add(_ export: Export) {
        let names = export.names
        guard let last = names.last else {
            rootExport = export.id
            parents[export.id] = Self.rootNumber
            return
        }
        var parent = Self.rootNumber
        for depth in 1..<max(names.count, 1) {
            let path = Array(names[..<depth])
            let number = Self.number(of: path)
            if folders[number] == nil {
                folders[number] = Folder(path: path, number: number)
                append(Child(name: path[depth - 1], target: .folder(number)), to: parent)
            }
            parent = number
        }
        parents[export.id] = parent
        append(Child(name: last, target: .export(export.id)), to: parent)
    }

    /// An export takes the place of a folder of the same name above another export: that is reached through it, then.
    private mutating func append(_ child: Child, to parent: UInt64) {
        if let index = folders[parent]?.children.firstIndex(where: { $0.name.elementsEqual(child.name) }) {
            if case .export = child.target { folders[parent]?.children[index] = child }
        } else {
            folders[parent]?.children.append(child)
        }
    }

    func parent(of folder: Folder) -> UInt64? {
        guard let last = folder.path.indices.last else { return nil }
        return last == 0 ? Self.rootNumber : Self.number(of: Array(folder.path[..<last]))
    }

    /// Made from the path, so that it is the same after a restart.
    private static func number(of path: [ArraySlice<UInt8>]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for name in path {
            for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0x2f) &* 0x100_0000_01b3
        }
        return max(hash, 2)
    }

    /// Whether the caller may use anything that is in or below a folder: others need not see it.
    func leadsSomewhere(_ target: Target, for caller: RPCCaller, _ exports: ExportTable) -> Bool {
        switch target {
        case .export(let id): exports[id]?.grant(for: caller) != nil
        case .folder(let number):
            folders[number]?.children.contains { leadsSomewhere($0.target, for: caller, exports) } ?? false
        }
    }

    /// What such a folder looks like.
    static func status(_ folder: Folder, startedAt milliseconds: Int) -> NodeStatus {
        let time = FileTime(
            seconds: Int64(milliseconds / 1000), nanoseconds: UInt32(milliseconds % 1000) * 1_000_000)
        return NodeStatus(
            inode: folder.number, kind: .folder, permissions: 0o555,
            linkCount: UInt32(2 + folder.children.count), byteCount: 4096, allocatedBytes: 4096,
            accessed: time,
            modified: time, changed: time)
    }
}
