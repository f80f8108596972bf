import BootFiles
import SystemIO
import Wire

/// Attributes, access, links, folders and content.
extension NFSEngine {
    /// What the current filehandle stands for, with what is to be told of it.
    func object(_ current: NFS4Current) throws(NFSStatus) -> NFS4Object {
        switch current {
        case .none: throw .noFileHandle
        case .pseudo(let number):
            guard let folder = pseudo[number] else { throw .stale }
            return NFS4Object(
                place: .pseudo,
                status: NFS4PseudoFolders.status(folder, startedAt: states.boot.startedAtMilliseconds),
                handle: try handle(of: current), fileNumber: number, mountedOnFileNumber: number)
        case .node(let target):
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            return object(node, in: target.export)
        }
    }

    private func object(_ node: Node, in export: Export, mountedOn number: UInt64? = nil) -> NFS4Object {
        let fileNumber = export.tree.fileNumber(of: node.reference.identity)
        return NFS4Object(
            place: .export(export), status: node.status,
            handle: FileHandle(export: export.id, node: node.reference), fileNumber: fileNumber,
            mountedOnFileNumber: number ?? fileNumber)
    }

    private func target(_ compound: NFS4Compound) throws(NFSStatus) -> NFSTarget? {
        switch compound.current {
        case .none: throw .noFileHandle
        case .pseudo: nil
        case .node(let target): target
        }
    }

    mutating func access(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let wanted = try reader.word()
        let object = try object(compound.current)
        let target = try target(compound)
        let subject = target?.subject ?? Subject(userID: ExportGrant.nobody, groupID: ExportGrant.nobody)
        let granted = AccessBits.granted(to: subject, object.status)
        if let target, wanted & ~granted & AccessBits.reading != 0 { _ = denied(target, compound.caller) }
        reply.xdr.uint32(wanted & AccessBits.known)
        reply.xdr.uint32(wanted & granted)
    }

    func getAttributes(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let wanted = try reader.bitmap()
        let object = try object(compound.current)
        guard !wanted.contains(NFS4Attribute.accessTimeSet), !wanted.contains(NFS4Attribute.modifyTimeSet)
        else {
            throw .invalid
        }
        try reply.xdr.attributes4(wanted, of: object, minorVersion: compound.minorVersion, key: key)
    }

    /// VERIFY goes on when the attributes are these, NVERIFY when they are not.
    func verify(
        _ compound: NFS4Compound, _ reader: inout XDRReader, mustBeSame: Bool
    ) throws(NFSStatus) {
        let wanted = try reader.bitmap()
        let values = try reader.text(limit: 1 << 16)
        let object = try object(compound.current)
        guard !wanted.contains(NFS4Attribute.readError), !wanted.contains(NFS4Attribute.accessTimeSet),
            !wanted.contains(NFS4Attribute.modifyTimeSet)
        else { throw .invalid }
        guard wanted.isSubset(of: NFS4Attribute.supported(minorVersion: compound.minorVersion)) else {
            throw .attributeNotSupported
        }
        var own = XDRWriter()
        own.bitmap(wanted)
        let start = own.count + 4
        own.removeAll()
        try own.attributes4(wanted, of: object, minorVersion: compound.minorVersion, key: key)
        let isSame = own.bytes[start...].elementsEqual(values)
        if mustBeSame, !isSame { throw .notSame }
        if !mustBeSame, isSame { throw .same }
    }

    func readLink(_ compound: NFS4Compound, into reply: inout RPCReply) throws(NFSStatus) {
        guard let target = try target(compound) else { throw .wrongType }
        let text: [UInt8]
        do throws(NodeFailure) {
            text = try target.export.tree.linkTarget(of: target.node)
        } catch {
            throw error == .notALink ? .wrongType : NFSStatus(error)
        }
        reply.xdr.opaque(text)
    }

    mutating func read(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let (stateID, offset, count) = (try reader.stateID(), try reader.long(), try reader.word())
        guard let target = try target(compound) else { throw .isAFolder }
        try checkReading(stateID, compound, FileHandle(export: target.export.id, node: target.node))
        // In front of the data: whether the file ends, and its length.
        let room = compound.maximumReplyBytes - reply.byteCount - 8 - 3
        guard room > 0 else { throw .replyTooBig }
        let found: (node: Node, content: NodeContent)
        do throws(NFSStatus) {
            found = try read(target, at: offset, count: min(count, UInt32(room)), compound.caller)
        } catch {
            throw error == .invalid ? .wrongType : error
        }
        let end = offset.addingReportingOverflow(UInt64(found.content.count)).partialValue
        reply.xdr.bool(end >= found.node.status.byteCount || offset >= found.node.status.byteCount)
        reply.content(found.content)
    }
}

// MARK: - Folders

extension NFSEngine {
    private struct FolderRequest4 {
        var cookie: UInt64
        var maximumBytes: Int
        var wanted: NFS4Bitmap
        var minorVersion: UInt32
    }

    mutating func readFolder(
        _ compound: NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let cookie = try reader.long()
        // The verifier; cookies are good for ever. And how much of the result names may be: the rest is bound enough.
        _ = (try reader.long(), try reader.word())
        let maximum = Int(try reader.word())
        let wanted = try reader.bitmap()
        guard cookie != 1, cookie != 2 else { throw .badCookie }
        guard !wanted.contains(NFS4Attribute.accessTimeSet), !wanted.contains(NFS4Attribute.modifyTimeSet)
        else {
            throw .invalid
        }
        let room = compound.maximumReplyBytes - reply.byteCount
        let request = FolderRequest4(
            cookie: cookie, maximumBytes: min(maximum, room, NFSProtocol.maximumFolderBytes), wanted: wanted,
            minorVersion: compound.minorVersion)
        let start = reply.xdr.count
        reply.xdr.uint64(0)
        let result: (count: Int, isAtEnd: Bool)
        switch compound.current {
        case .none: throw .noFileHandle
        case .pseudo(let number):
            result = try readPseudo(number, request, compound, from: start, into: &reply)
        case .node(let target): result = try readNodes(target, request, compound, from: start, into: &reply)
        }
        guard result.count > 0 || result.isAtEnd else { throw .tooSmall }
        reply.xdr.bool(false)
        reply.xdr.bool(result.isAtEnd)
        guard reply.xdr.count - start <= request.maximumBytes else { throw .tooSmall }
    }

    private mutating func readNodes(
        _ target: NFSTarget, _ request: FolderRequest4, _ compound: NFS4Compound, from start: Int,
        into reply: inout RPCReply
    ) throws(NFSStatus) -> (count: Int, isAtEnd: Bool) {
        let tree = target.export.tree
        let folder = try asking { () throws(NodeFailure) in try tree.node(target.node) }
        guard folder.status.kind == .folder else { throw .notAFolder }
        guard target.subject.mayRead(folder.status) else { throw denied(target, compound.caller) }
        var count = 0
        var failure: NFSStatus?
        let dot = UInt8(ascii: ".")
        let isAtEnd = try asking { () throws(NodeFailure) in
            try tree.entries(of: target.node, after: request.cookie, withNodes: true) { entry in
                if entry.name.count <= 2, entry.name.allSatisfy({ $0 == dot }) { return true }
                // It has gone since, or is another export's, which not everybody may see.
                guard let node = entry.node, let object = visible(node, in: target.export, compound) else {
                    return true
                }
                let before = reply.xdr.count
                do throws(NFSStatus) {
                    try write(entry.name, entry.cookie, object, request, into: &reply)
                } catch {
                    failure = error
                    return false
                }
                guard reply.xdr.count - start + 8 <= request.maximumBytes else {
                    reply.xdr.shorten(to: before)
                    return false
                }
                count += 1
                return true
            }
        }
        if let failure { throw failure }
        return (count, isAtEnd)
    }

    private func visible(_ node: Node, in export: Export, _ compound: NFS4Compound) -> NFS4Object? {
        guard let other = junction(from: export, to: node.reference) else { return object(node, in: export) }
        guard other.grant(for: compound.caller) != nil else { return nil }
        return object(node, in: other, mountedOn: export.tree.fileNumber(of: node.reference.identity))
    }

    private func write(
        _ name: ArraySlice<UInt8>, _ cookie: UInt64, _ object: NFS4Object, _ request: FolderRequest4,
        into reply: inout RPCReply
    ) throws(NFSStatus) {
        reply.xdr.bool(true)
        reply.xdr.uint64(cookie)
        reply.xdr.opaque(name)
        try reply.xdr.attributes4(request.wanted, of: object, minorVersion: request.minorVersion, key: key)
    }

    private func readPseudo(
        _ number: UInt64, _ request: FolderRequest4, _ compound: NFS4Compound, from start: Int,
        into reply: inout RPCReply
    ) throws(NFSStatus) -> (count: Int, isAtEnd: Bool) {
        guard let folder = pseudo[number] else { throw .stale }
        var count = 0
        // 1 and 2 are no cookies of NFSv4's.
        for (index, child) in folder.children.enumerated() where UInt64(index + 3) > request.cookie {
            guard pseudo.leadsSomewhere(child.target, for: compound.caller, exports),
                let object = try? pseudoObject(child.target)
            else { continue }
            let before = reply.xdr.count
            try write(child.name, UInt64(index + 3), object, request, into: &reply)
            guard reply.xdr.count - start + 8 <= request.maximumBytes else {
                reply.xdr.shorten(to: before)
                return (count, false)
            }
            count += 1
        }
        return (count, true)
    }

    private func pseudoObject(_ target: NFS4PseudoFolders.Target) throws(NFSStatus) -> NFS4Object {
        switch target {
        case .folder(let number): return try object(.pseudo(number))
        case .export(let id):
            guard let export = exports[id] else { throw .stale }
            let node = try asking { () throws(NodeFailure) in try export.tree.root }
            // Such a folder is on no disk: any number that no other has.
            return object(node, in: export, mountedOn: UInt64(id) << 8)
        }
    }
}
