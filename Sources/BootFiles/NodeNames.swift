/// By what name, in which folder, each node of a tree was seen last.
///
/// Folders are kept, as long as there are not more than `maximumFolders`; of other nodes those that were seen last.
struct NodeNames {
    struct Entry {
        var parent: NodeIdentity
        var name: [UInt8]
    }

    static let maximumFolders = 262_144
    static let maximumOthers = 131_072
    /// Deeper than any path that the kernel opens at once.
    private static let maximumDepth = 2048
    /// PATH_MAX of Linux, with the NUL.
    static let maximumPathBytes = 4096

    let root: NodeIdentity
    private var folders: [NodeIdentity: Entry] = [:]
    private var others = RecentValues<NodeIdentity, Entry>(capacity: Self.maximumOthers)

    init(root: NodeIdentity) { self.root = root }

    mutating func note(
        _ identity: NodeIdentity, _ name: ArraySlice<UInt8>, in parent: NodeIdentity, isFolder: Bool
    ) {
        guard identity != root else { return }
        if isFolder, folders.count < Self.maximumFolders || folders[identity] != nil {
            if let known = folders[identity], known.parent == parent, known.name.elementsEqual(name) {
                return
            }
            folders[identity] = Entry(parent: parent, name: Array(name))
        } else {
            if let known = others.value(of: identity), known.parent == parent, known.name.elementsEqual(name)
            {
                return
            }
            others.set(Entry(parent: parent, name: Array(name)), for: identity)
        }
    }

    mutating func entry(of identity: NodeIdentity) -> Entry? {
        folders[identity] ?? others.value(of: identity)
    }

    mutating func forget(_ identity: NodeIdentity) {
        folders[identity] = nil
        others.remove(identity)
    }

    /// Relative to the root, with a NUL behind it; nil when a part of it is not known, or it is too long to be opened.
    mutating func path(of identity: NodeIdentity) -> [UInt8]? {
        var segments: [[UInt8]] = []
        var next = identity
        while next != root {
            guard let entry = entry(of: next), segments.count < Self.maximumDepth else { return nil }
            segments.append(entry.name)
            next = entry.parent
        }
        var path: [UInt8] = []
        for segment in segments.reversed() {
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += segment
        }
        path.append(0)
        return path.count <= Self.maximumPathBytes ? path : nil
    }
}
