import SystemIO

/// A node that was opened by a path that led to it at `checkedAt`.
final class OpenNode {
    let descriptor: NodeDescriptor
    let kind: NodeStatus.Kind
    let generation: UInt32
    /// Whether its descriptor can be read from: a file's.
    let isReadable: Bool
    var checkedAt: ContinuousClock.Instant
    private var reading: NodeDescriptor?

    init(
        _ descriptor: NodeDescriptor, kind: NodeStatus.Kind, generation: UInt32, isReadable: Bool,
        checkedAt: ContinuousClock.Instant
    ) {
        self.descriptor = descriptor
        self.kind = kind
        self.generation = generation
        self.isReadable = isReadable
        self.checkedAt = checkedAt
        if isReadable { descriptor.expectSequentialReading() }
    }

    func isTrusted(at now: ContinuousClock.Instant) -> Bool { now - checkedAt < FolderTree.trust }

    func folderForReading() throws(SystemError) -> NodeDescriptor {
        if let reading { return reading }
        let opened = try descriptor.reopenedFolder()
        reading = opened
        return opened
    }
}
