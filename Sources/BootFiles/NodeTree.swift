public import SystemIO

/// A node of the tree, the same for as long as the node lives, across restarts and renames.
public struct NodeIdentity: Hashable, Sendable {
    /// The file system or image that it is in.
    public var volume: UInt64
    /// Its inode number there.
    public var number: UInt64

    public init(volume: UInt64, number: UInt64) {
        self.volume = volume
        self.number = number
    }
}

/// What it takes to find a node again that somebody was told of earlier.
public struct NodeReference: Hashable, Sendable {
    public var identity: NodeIdentity
    /// Differs for another node that got the same number later; 0 where nothing tells.
    public var generation: UInt32
    /// The number of a folder that the node is in; for a folder, 0.
    public var parent: UInt64

    public init(identity: NodeIdentity, generation: UInt32, parent: UInt64) {
        self.identity = identity
        self.generation = generation
        self.parent = parent
    }
}

/// A node as it is now.
public struct Node: Sendable {
    public var reference: NodeReference
    public var status: NodeStatus

    public init(reference: NodeReference, status: NodeStatus) {
        self.reference = reference
        self.status = status
    }
}

/// A name in a folder.
public struct FolderEntry: Sendable {
    public var name: ArraySlice<UInt8>
    /// Where the entries behind this one are found; not 0, and the same after a restart.
    public var cookie: UInt64
    /// Unique in the tree: what `NodeTree.fileNumber` says of the node.
    public var fileNumber: UInt64
    /// Nil when it was not asked for, or the node has gone meanwhile.
    public var node: Node?

    public init(name: ArraySlice<UInt8>, cookie: UInt64, fileNumber: UInt64, node: Node?) {
        self.name = name
        self.cookie = cookie
        self.fileNumber = fileNumber
        self.node = node
    }
}

/// Some of a file's bytes.
public enum NodeContent: Sendable {
    /// So many bytes from `offset` of a file of the host, which can go from there to a socket.
    case file(NodeDescriptor, offset: UInt64, count: Int)
    /// Made for the occasion: out of an image that is compressed, say.
    case bytes([UInt8])
}

/// What makes a node unusable.
public enum NodeFailure: Error, Equatable, Sendable {
    /// It is no longer in the tree.
    case stale
    case notFound
    case notAFolder
    case notAFile
    case notALink
    case nameTooLong
    case accessDenied
    /// Whether it is still there takes more time to find out than is right just now.
    case busy
    case system(SystemError)
}

/// A part of the tree as servers see it that tell their clients of nodes rather than paths.
///
/// Nothing in it is left by `..`, links or renames: what is no longer beneath the root is stale. One thread owns it.
public protocol NodeTree: AnyObject {
    /// The top folder. It is its own parent.
    var root: Node { get throws(NodeFailure) }

    /// Tells the time: what was found out a moment ago is trusted for a moment.
    func timePassed(to now: ContinuousClock.Instant)

    func node(_ reference: NodeReference) throws(NodeFailure) -> Node

    /// - Parameter name: of one entry; not `.` or `..`.
    func child(_ name: [UInt8], of folder: NodeReference) throws(NodeFailure) -> Node

    func parent(of folder: NodeReference) throws(NodeFailure) -> Node

    /// What a symbolic link says, as it stands there.
    func linkTarget(of link: NodeReference) throws(NodeFailure) -> [UInt8]

    /// Hands each entry behind `cookie` (0: from the first) to `body`, `.` and `..` too, until that answers false.
    ///
    /// - Returns: whether the folder's end was reached.
    func entries(
        of folder: NodeReference, after cookie: UInt64, withNodes: Bool, _ body: (FolderEntry) -> Bool
    ) throws(NodeFailure) -> Bool

    /// The bytes of a file from `offset`, at most `count`, and no more than there are.
    ///
    /// - Returns: the node as it is meanwhile, and the bytes.
    func content(
        of file: NodeReference, at offset: UInt64, count: Int
    ) throws(NodeFailure) -> (node: Node, content: NodeContent)

    func space() throws(NodeFailure) -> FileSystemSpace

    /// A number that no other node of the tree has (st_ino on the client).
    func fileNumber(of identity: NodeIdentity) -> UInt64
}
