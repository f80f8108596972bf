import BootFiles
import SystemIO
import Wire

/// Arguments of READDIR and READDIRPLUS behind the folder's handle (RFC 1813 §3.3.16, §3.3.17).
struct FolderRequest3: Equatable {
    var cookie: UInt64
    var isPlus: Bool
    /// Of names, numbers and cookies alone.
    var maximumNameBytes: Int
    /// Of the whole result.
    var maximumBytes: Int

    init(_ reader: inout XDRReader, isPlus: Bool) throws(XDRError) {
        cookie = try reader.uint64()
        // The verifier: cookies are good for ever, so that none is needed.
        _ = try reader.uint64()
        self.isPlus = isPlus
        let first = Int(try reader.uint32())
        maximumNameBytes = first
        maximumBytes = isPlus ? Int(try reader.uint32()) : first
    }
}

extension NFSEngine {
    mutating func readFolder3(
        _ found: Result<NFSTarget, NFSStatus>, _ request: FolderRequest3, _ caller: RPCCaller,
        _ reply: inout RPCReply
    ) {
        let start = reply.xdr.count
        do throws(NFSStatus) {
            let target = try found.get()
            let tree = target.export.tree
            let folder = try asking { () throws(NodeFailure) in try tree.node(target.node) }
            guard folder.status.kind == .folder else { throw .notAFolder }
            guard target.subject.mayRead(folder.status) else { throw denied(target, caller) }
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(folder, of: target.export)
            reply.xdr.uint64(0)
            let limit =
                caller.transport == .tcp
                ? NFSProtocol.maximumFolderBytes : NFSProtocol.maximumDatagramReadBytes
            let end = start + min(request.maximumBytes, limit) - 8
            var nameBytesLeft = request.isPlus ? min(request.maximumNameBytes, limit) : limit
            var count = 0
            let (exports, key) = (exports, key)
            let isAtEnd = try asking { () throws(NodeFailure) in
                try tree.entries(of: target.node, after: request.cookie, withNodes: request.isPlus) { entry in
                    let before = reply.xdr.count
                    reply.xdr.entry3(entry, of: target.export, exports, key: request.isPlus ? key : nil)
                    nameBytesLeft -= 4 + 8 + 4 + entry.name.count + paddingBytes(entry.name.count) + 8
                    guard reply.xdr.count <= end, nameBytesLeft >= 0 else {
                        reply.xdr.shorten(to: before)
                        return false
                    }
                    count += 1
                    return true
                }
            }
            guard count > 0 || isAtEnd else { throw .tooSmall }
            reply.xdr.bool(false)
            reply.xdr.bool(isAtEnd)
        } catch {
            reply.shorten(to: start)
            fail3(error, found, into: &reply)
        }
    }
}

extension XDRWriter {
    /// entry3, or entryplus3 when there is a key for handles.
    fileprivate mutating func entry3(
        _ entry: FolderEntry, of export: Export, _ exports: ExportTable, key: SipHashKey?
    ) {
        bool(true)
        uint64(entry.fileNumber)
        opaque(entry.name)
        uint64(entry.cookie)
        guard let key else { return }
        // Another export's top folder has that export's attributes, which LOOKUP tells those who may see them.
        guard let node = entry.node,
            exports.export(at: node.reference.identity).map({ $0.id == export.id }) ?? true
        else {
            bool(false)
            bool(false)
            return
        }
        postOperation3(node, of: export)
        bool(true)
        opaque(FileHandle(export: export.id, node: node.reference).bytes(key: key))
    }
}
