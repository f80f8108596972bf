import BootFiles
import SystemIO

/// A tree that exists in memory alone, as an image would: the engine must not need a file of the host.
final class MemoryTree: NodeTree {
    private struct Item {
        var status: NodeStatus
        var generation: UInt32 = 1
        var parent: UInt64
        var content: [UInt8] = []
        var children: [(name: [UInt8], number: UInt64)] = []
    }

    private let volume: UInt64
    private var items: [UInt64: Item] = [:]
    private var lastNumber: UInt64 = 1
    /// What every question is answered with, if anything.
    var failure: NodeFailure?
    private(set) var told: ContinuousClock.Instant?

    init(volume: UInt64 = 7, permissions: UInt32 = 0o755) {
        self.volume = volume
        items[1] = Item(
            status: NodeStatus(inode: 1, kind: .folder, permissions: permissions, byteCount: 4096), parent: 1)
    }

    // MARK: Making it

    @discardableResult
    func add(
        _ name: String, to folder: UInt64 = 1, _ kind: NodeStatus.Kind = .file, permissions: UInt32 = 0o644,
        user: UInt32 = 0, group: UInt32 = 0, content: [UInt8] = [], device: (UInt32, UInt32) = (0, 0)
    ) -> UInt64 {
        add(Array(name.utf8), to: folder, kind, permissions, user, group, content, device)
    }

    @discardableResult
    func add(
        _ name: [UInt8], to folder: UInt64, _ kind: NodeStatus.Kind, _ permissions: UInt32, _ user: UInt32,
        _ group: UInt32, _ content: [UInt8], _ device: (UInt32, UInt32)
    ) -> UInt64 {
        lastNumber += 1
        let status = NodeStatus(
            inode: lastNumber, kind: kind, permissions: permissions, linkCount: 1, userID: user,
            groupID: group, byteCount: UInt64(content.count), allocatedBytes: 512, deviceNumber: device,
            accessed: FileTime(seconds: 1_000, nanoseconds: 1),
            modified: FileTime(seconds: 2_000, nanoseconds: 2),
            changed: FileTime(seconds: 3_000, nanoseconds: UInt32(lastNumber)))
        items[lastNumber] = Item(status: status, parent: folder, content: content)
        items[folder]?.children.append((name, lastNumber))
        return lastNumber
    }

    func addFolder(_ name: String, to folder: UInt64 = 1, permissions: UInt32 = 0o755, user: UInt32 = 0)
        -> UInt64
    {
        add(name, to: folder, .folder, permissions: permissions, user: user)
    }

    /// Gives a node another name and folder; what was handed out for it still means it.
    func move(_ number: UInt64, to folder: UInt64, as name: String) {
        guard let old = items[number]?.parent else { return }
        items[old]?.children.removeAll { $0.number == number }
        items[folder]?.children.append((Array(name.utf8), number))
        items[number]?.parent = folder
    }

    func remove(_ number: UInt64) {
        guard let item = items.removeValue(forKey: number) else { return }
        items[item.parent]?.children.removeAll { $0.number == number }
    }

    /// Another node takes the number over.
    func replace(_ number: UInt64) { items[number]?.generation += 1 }

    func reference(_ number: UInt64) -> NodeReference {
        let item = items[number]
        return NodeReference(
            identity: NodeIdentity(volume: volume, number: number), generation: item?.generation ?? 1,
            parent: item?.status.kind == .folder ? 0 : item?.parent ?? 0)
    }

    func status(_ number: UInt64) -> NodeStatus? { items[number]?.status }

    // MARK: NodeTree

    var root: Node { get throws(NodeFailure) { try node(reference(1)) } }

    func timePassed(to now: ContinuousClock.Instant) { told = now }

    private func item(_ reference: NodeReference) throws(NodeFailure) -> Item {
        if let failure { throw failure }
        guard reference.identity.volume == volume, let item = items[reference.identity.number],
            item.generation == reference.generation
        else { throw .stale }
        return item
    }

    func node(_ reference: NodeReference) throws(NodeFailure) -> Node {
        Node(reference: reference, status: try item(reference).status)
    }

    func child(_ name: [UInt8], of folder: NodeReference) throws(NodeFailure) -> Node {
        let item = try item(folder)
        guard item.status.kind == .folder else { throw .notAFolder }
        guard let child = item.children.first(where: { $0.name == name }) else { throw .notFound }
        return try node(reference(child.number))
    }

    func parent(of folder: NodeReference) throws(NodeFailure) -> Node {
        let item = try item(folder)
        guard item.status.kind == .folder else { throw .notAFolder }
        return try node(reference(item.parent))
    }

    func linkTarget(of link: NodeReference) throws(NodeFailure) -> [UInt8] {
        let item = try item(link)
        guard item.status.kind == .link else { throw .notALink }
        return item.content
    }

    func entries(
        of folder: NodeReference, after cookie: UInt64, withNodes: Bool, _ body: (FolderEntry) -> Bool
    ) throws(NodeFailure) -> Bool {
        let item = try item(folder)
        guard item.status.kind == .folder else { throw .notAFolder }
        let dot = UInt8(ascii: ".")
        let all = [([dot], folder.identity.number), ([dot, dot], item.parent)] + item.children
        // As with file systems, cookies are no small numbers in a row.
        for (index, entry) in all.enumerated() where UInt64(index + 1) * 1000 > cookie {
            let node = withNodes ? try? self.node(reference(entry.1)) : nil
            let told = FolderEntry(
                name: entry.0[...], cookie: UInt64(index + 1) * 1000, fileNumber: entry.1, node: node)
            guard body(told) else { return false }
        }
        return true
    }

    func content(
        of file: NodeReference, at offset: UInt64, count: Int
    ) throws(NodeFailure) -> (node: Node, content: NodeContent) {
        let item = try item(file)
        guard item.status.kind == .file else { throw .notAFile }
        let start = Int(min(offset, UInt64(item.content.count)))
        let bytes = Array(item.content[start..<min(start + count, item.content.count)])
        return (Node(reference: file, status: item.status), .bytes(bytes))
    }

    func space() throws(NodeFailure) -> FileSystemSpace {
        if let failure { throw failure }
        return FileSystemSpace(
            totalBytes: 1 << 40, freeBytes: 1 << 30, availableBytes: 1 << 29, totalFiles: 1000, freeFiles: 900
        )
    }

    func fileNumber(of identity: NodeIdentity) -> UInt64 { identity.number }
}

/// A folder of a tree in memory as a tree of its own, with the same nodes.
final class Subtree: NodeTree {
    private let tree: MemoryTree
    private let top: UInt64

    init(_ tree: MemoryTree, at top: UInt64) {
        self.tree = tree
        self.top = top
    }

    var root: Node { get throws(NodeFailure) { try tree.node(tree.reference(top)) } }
    func timePassed(to now: ContinuousClock.Instant) {}
    func node(_ reference: NodeReference) throws(NodeFailure) -> Node { try tree.node(reference) }
    func child(_ name: [UInt8], of folder: NodeReference) throws(NodeFailure) -> Node {
        try tree.child(name, of: folder)
    }
    func parent(of folder: NodeReference) throws(NodeFailure) -> Node {
        folder.identity.number == top ? try root : try tree.parent(of: folder)
    }
    func linkTarget(of link: NodeReference) throws(NodeFailure) -> [UInt8] { try tree.linkTarget(of: link) }
    func entries(
        of folder: NodeReference, after cookie: UInt64, withNodes: Bool, _ body: (FolderEntry) -> Bool
    ) throws(NodeFailure) -> Bool {
        try tree.entries(of: folder, after: cookie, withNodes: withNodes, body)
    }
    func content(
        of file: NodeReference, at offset: UInt64, count: Int
    ) throws(NodeFailure) -> (node: Node, content: NodeContent) {
        try tree.content(of: file, at: offset, count: count)
    }
    func space() throws(NodeFailure) -> FileSystemSpace { try tree.space() }
    func fileNumber(of identity: NodeIdentity) -> UInt64 { identity.number }
}
