import Glibc
public import SystemIO

/// A folder of the host as a `NodeTree`.
///
/// A node's path is looked up by its number: names that were seen are remembered, and folders that were not are found
/// by a walk through the tree. The path is then opened anew, through folders beneath the root alone, and must lead to
/// the same node; only for `trust` is that not repeated. So references outlive restarts and renames without any index
/// on disk, and lead nowhere outside.
public final class FolderTree: NodeTree {
    /// How long a path counts as checked.
    static let trust = Duration.seconds(1)

    let folder: NodeDescriptor
    private let rootReference: NodeReference
    private(set) var now = ContinuousClock.now
    var names: NodeNames
    private var open = RecentValues<NodeIdentity, OpenNode>(capacity: 1024)
    var volumes = Volumes()
    private var buffer = FolderEntryBuffer(byteCount: 16_384)
    var walkBuffer = FolderEntryBuffer()
    /// Not before this time is the tree walked again.
    var nextWalk: ContinuousClock.Instant?

    /// - Parameter folder: to be opened before privileges are dropped, if others may not enter it.
    /// - Throws: when it cannot be used.
    public init(_ folder: NodeDescriptor) throws(SystemError) {
        self.folder = folder
        let status = try folder.status()
        let identity = NodeIdentity(
            volume: volumes.volume(of: status, folder), number: status.inode)
        rootReference = NodeReference(
            identity: identity, generation: Self.generation(of: status), parent: 0)
        names = NodeNames(root: identity)
    }

    public var root: Node {
        get throws(NodeFailure) { try node(rootReference) }
    }

    public func timePassed(to now: ContinuousClock.Instant) { self.now = now }

    public func fileNumber(of identity: NodeIdentity) -> UInt64 {
        // Folders of other file systems have the same numbers again.
        identity.volume == rootReference.identity.volume
            ? identity.number
            : identity.number ^ (identity.volume &* 0x9e37_79b9_7f4a_7c15 | 1 << 63)
    }

    public func node(_ reference: NodeReference) throws(NodeFailure) -> Node {
        let node = try resolve(reference)
        return Node(
            reference: reference,
            status: try asking { () throws(SystemError) in try node.descriptor.status() })
    }

    public func child(_ name: [UInt8], of folder: NodeReference) throws(NodeFailure) -> Node {
        let node = try resolve(folder)
        guard node.kind == .folder else { throw .notAFolder }
        let status = try asking { () throws(SystemError) in try node.descriptor.status(of: name + [0]) }
        return note(status, named: name[...], in: folder.identity, node.descriptor)
    }

    public func parent(of folder: NodeReference) throws(NodeFailure) -> Node {
        guard folder.identity != rootReference.identity else { return try root }
        guard try resolve(folder).kind == .folder else { throw .notAFolder }
        guard let parent = names.entry(of: folder.identity)?.parent else { throw .stale }
        let node = try resolve(parent, generation: nil)
        let status = try asking { () throws(SystemError) in try node.descriptor.status() }
        return Node(
            reference: NodeReference(identity: parent, generation: node.generation, parent: 0), status: status
        )
    }

    public func linkTarget(of link: NodeReference) throws(NodeFailure) -> [UInt8] {
        let node = try resolve(link)
        guard node.kind == .link else { throw .notALink }
        return try asking { () throws(SystemError) in try node.descriptor.linkTarget() }
    }

    public func content(
        of file: NodeReference, at offset: UInt64, count: Int
    ) throws(NodeFailure) -> (node: Node, content: NodeContent) {
        let node = try resolve(file, forReading: true)
        let status = try asking { () throws(SystemError) in try node.descriptor.status() }
        let left = status.byteCount > offset ? status.byteCount - offset : 0
        return (
            Node(reference: file, status: status),
            .file(node.descriptor, offset: offset, count: Int(min(UInt64(max(count, 0)), left)))
        )
    }

    public func space() throws(NodeFailure) -> FileSystemSpace {
        let node = try resolve(rootReference)
        return try asking { () throws(SystemError) in try node.descriptor.space() }
    }
}

// MARK: - Names

extension FolderTree {
    public func entries(
        of folder: NodeReference, after cookie: UInt64, withNodes: Bool, _ body: (FolderEntry) -> Bool
    ) throws(NodeFailure) -> Bool {
        let node = try resolve(folder)
        guard node.kind == .folder else { throw .notAFolder }
        let reading = try asking { () throws(SystemError) in try node.folderForReading() }
        do throws(SystemError) {
            try reading.seekEntries(to: cookie)
        } catch {
            // A cookie that no entry ever had: nothing is behind it.
            return true
        }
        while try asking({ () throws(SystemError) in try reading.readEntries(into: &buffer) }) > 0 {
            var offset = 0
            while let entry = buffer.entry(at: offset) {
                offset = buffer.end(of: entry)
                let found = described(entry, in: folder, node.descriptor, withNode: withNodes)
                guard body(found) else { return false }
            }
        }
        return true
    }

    private func described(
        _ entry: FolderEntryBuffer.Entry, in folder: NodeReference, _ descriptor: NodeDescriptor,
        withNode: Bool
    ) -> FolderEntry {
        let name = buffer.name(of: entry)
        let volume = folder.identity.volume
        var result = FolderEntry(
            name: name, cookie: entry.cookie,
            fileNumber: fileNumber(of: NodeIdentity(volume: volume, number: entry.inode)), node: nil)
        let dot = UInt8(ascii: ".")
        if name.elementsEqual([dot]) || name.elementsEqual([dot, dot]) {
            result.node = try? name.count == 1 ? node(folder) : parent(of: folder)
        } else if withNode || entry.isFolder != false {
            // A folder on which something is mounted has another number than its entry.
            let status = try? descriptor.status(of: name + [0])
            result.node = status.map { note($0, named: name, in: folder.identity, descriptor) }
        } else {
            names.note(
                NodeIdentity(volume: volume, number: entry.inode), name, in: folder.identity, isFolder: false)
        }
        if let node = result.node { result.fileNumber = fileNumber(of: node.reference.identity) }
        return result
    }

    /// Remembers by what name a node was seen.
    func note(
        _ status: NodeStatus, named name: ArraySlice<UInt8>, in folder: NodeIdentity,
        _ descriptor: NodeDescriptor
    ) -> Node {
        let volume =
            volumes.known(status.device) ?? volumes.volume(ofMounted: status, named: name, in: descriptor)
        let identity = NodeIdentity(volume: volume, number: status.inode)
        let isFolder = status.kind == .folder
        names.note(identity, name, in: folder, isFolder: isFolder)
        return Node(
            reference: NodeReference(
                identity: identity, generation: Self.generation(of: status),
                parent: isFolder ? 0 : folder.number),
            status: status)
    }

    /// From when the node was made: no other node of its number was made at the same nanosecond.
    static func generation(of status: NodeStatus) -> UInt32 {
        guard let born = status.born?.totalNanoseconds else { return 0 }
        return UInt32(truncatingIfNeeded: born ^ born >> 32)
    }
}

// MARK: - Finding nodes again

extension FolderTree {
    private func resolve(
        _ reference: NodeReference, forReading: Bool = false
    ) throws(NodeFailure) -> OpenNode {
        if names.entry(of: reference.identity) == nil, reference.parent != 0 {
            try findName(of: reference)
        }
        return try resolve(
            reference.identity, generation: reference.generation, parent: reference.parent,
            forReading: forReading)
    }

    /// - Parameters:
    ///   - generation: nil: any.
    ///   - parent: the number of the folder to look in when the name that was known is no longer right.
    func resolve(
        _ identity: NodeIdentity, generation: UInt32?, parent: UInt64 = 0, forReading: Bool = false
    ) throws(NodeFailure) -> OpenNode {
        if let node = open.value(of: identity), node.isTrusted(at: now), !forReading || node.isReadable {
            guard generation == nil || generation == node.generation else { throw .stale }
            return node
        }
        if let node = try openAgain(identity, forReading: forReading) {
            guard generation == nil || generation == node.generation else { throw .stale }
            return node
        }
        names.forget(identity)
        open.remove(identity)
        if parent != 0 {
            try findName(
                of: NodeReference(identity: identity, generation: generation ?? 0, parent: parent))
        } else {
            try walk()
        }
        guard let node = try openAgain(identity, forReading: forReading),
            generation == nil || generation == node.generation
        else { throw .stale }
        return node
    }

    /// Opens what is at the path that is known for a node; nil when that is no longer this node, or none is known.
    private func openAgain(_ identity: NodeIdentity, forReading: Bool) throws(NodeFailure) -> OpenNode? {
        guard let path = names.path(of: identity) else { return nil }
        if forReading, let known = try openAgain(identity, forReading: false), known.kind != .file {
            throw .notAFile
        }
        let descriptor: NodeDescriptor
        do throws(SystemError) {
            descriptor = try folder.open(path, forReading: forReading)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG: return nil
            default: throw NodeFailure(error)
            }
        }
        let status = try asking { () throws(SystemError) in try descriptor.status() }
        let found = NodeIdentity(volume: volumes.volume(of: status, descriptor), number: status.inode)
        guard found == identity else { return nil }
        let generation = Self.generation(of: status)
        if let node = open.value(of: identity), node.generation == generation, !forReading || node.isReadable
        {
            node.checkedAt = now
            return node
        }
        let node = OpenNode(
            descriptor, kind: status.kind, generation: generation, isReadable: forReading, checkedAt: now)
        open.set(node, for: identity)
        return node
    }

    /// Looks through the folder in which a file was seen; its other names are worth remembering, too.
    private func findName(of reference: NodeReference) throws(NodeFailure) {
        let folder = NodeIdentity(volume: reference.identity.volume, number: reference.parent)
        let node = try resolve(folder, generation: nil)
        guard node.kind == .folder else { throw .stale }
        _ = try entries(
            of: NodeReference(identity: folder, generation: node.generation, parent: 0), after: 0,
            withNodes: false
        ) { _ in true }
        guard names.entry(of: reference.identity) != nil else { throw .stale }
    }

    func asking<Answer>(_ body: () throws(SystemError) -> Answer) throws(NodeFailure) -> Answer {
        do throws(SystemError) {
            return try body()
        } catch {
            throw NodeFailure(error)
        }
    }
}

extension NodeFailure {
    init(_ error: SystemError) {
        self =
            switch error.code {
            case ENOENT: .notFound
            case ENOTDIR: .notAFolder
            case ENAMETOOLONG: .nameTooLong
            case EACCES, EPERM: .accessDenied
            case ESTALE: .stale
            default: .system(error)
            }
    }
}
