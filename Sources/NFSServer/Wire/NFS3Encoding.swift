import BootFiles
import SystemIO

/// The procedures of NFSv3 (RFC 1813 §3).
enum NFS3Procedure: UInt32, CaseIterable {
    case null, getAttributes, setAttributes, lookUp, access, readLink, read, write, create, makeFolder
    case makeLink, makeNode, remove, removeFolder, rename, link, readFolder, readFolderPlus, fileSystemStatus
    case fileSystemInformation, pathConfiguration, commit
}

extension XDRWriter {
    /// fattr3 (RFC 1813 §2.6): 84 bytes.
    mutating func attributes3(_ node: Node, of export: Export) {
        let status = node.status
        uint32(status.kind.number)
        uint32(status.permissions)
        uint32(status.linkCount)
        uint32(status.userID)
        uint32(status.groupID)
        uint64(status.byteCount)
        uint64(status.allocatedBytes)
        uint32(status.deviceNumber.major)
        uint32(status.deviceNumber.minor)
        uint64(export.fsid)
        uint64(export.tree.fileNumber(of: node.reference.identity))
        time3(status.accessed)
        time3(status.modified)
        time3(status.changed)
    }

    /// post_op_attr: whether attributes follow, and they.
    mutating func postOperation3(_ node: Node?, of export: Export?) {
        guard let node, let export else { return bool(false) }
        bool(true)
        attributes3(node, of: export)
    }

    /// wcc_data of something that did not change.
    mutating func unchanged3(_ node: Node?, of export: Export?) {
        bool(false)
        postOperation3(node, of: export)
    }

    private mutating func time3(_ time: FileTime) {
        uint32(UInt32(truncatingIfNeeded: time.seconds))
        uint32(time.nanoseconds)
    }
}

extension NodeStatus.Kind {
    /// ftype3 and nfs_ftype4 count alike.
    var number: UInt32 {
        switch self {
        case .file: 1
        case .folder: 2
        case .blockDevice: 3
        case .characterDevice: 4
        case .link: 5
        case .socket: 6
        case .fifo: 7
        }
    }
}
