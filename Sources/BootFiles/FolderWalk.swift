import SystemIO

extension FolderTree {
    /// Goes through all folders of the tree and remembers their names.
    ///
    /// - Throws: `.busy` when that was done a moment ago: somebody asks for what is not there.
    func walk() throws(NodeFailure) {
        if let nextWalk, now < nextWalk { throw .busy }
        let started = ContinuousClock.now
        var pending: [NodeIdentity] = [names.root]
        var seen: Set<NodeIdentity> = [names.root]
        while let identity = pending.popLast(), seen.count <= NodeNames.maximumFolders {
            // What cannot be entered, or has gone meanwhile, is left out.
            guard let path = names.path(of: identity), let descriptor = try? folder.open(path),
                let reading = try? descriptor.reopenedFolder()
            else { continue }
            while let count = try? reading.readEntries(into: &walkBuffer), count > 0 {
                var offset = 0
                while let entry = walkBuffer.entry(at: offset) {
                    offset = walkBuffer.end(of: entry)
                    let name = walkBuffer.name(of: entry)
                    guard entry.isFolder != false, !Self.isDots(name),
                        let status = try? descriptor.status(of: name + [0]), status.kind == .folder
                    else { continue }
                    let child = note(status, named: name, in: identity, descriptor).reference.identity
                    if seen.insert(child).inserted { pending.append(child) }
                }
            }
        }
        let duration = ContinuousClock.now - started
        nextWalk = now + max(.seconds(2), duration * 10)
    }

    static func isDots(_ name: ArraySlice<UInt8>) -> Bool {
        name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }
}

/// Which file system a device number of the host stands for.
struct Volumes {
    private var byDevice: [UInt64: UInt64] = [:]
    private static let maximumDevices = 4096

    func known(_ device: UInt64) -> UInt64? { byDevice[device] }

    mutating func volume(of status: NodeStatus, _ descriptor: NodeDescriptor) -> UInt64 {
        if let known = byDevice[status.device] { return known }
        // The file system's own number is the same after a restart; where it has none, the device's most often is.
        let own = (try? descriptor.space())?.id ?? 0
        let volume = own == 0 ? status.device : own
        if byDevice.count >= Self.maximumDevices { byDevice = [:] }
        byDevice[status.device] = volume
        return volume
    }

    /// The same for an entry of a folder, on which something is mounted.
    mutating func volume(
        ofMounted status: NodeStatus, named name: ArraySlice<UInt8>, in folder: NodeDescriptor
    ) -> UInt64 {
        guard let descriptor = try? folder.open(name + [0]) else { return status.device }
        return volume(of: status, descriptor)
    }
}
