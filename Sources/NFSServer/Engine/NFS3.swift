import BootFiles
import SystemIO
import Wire

/// What a handle in a call stands for, and as whom the caller sees it.
struct NFSTarget {
    var export: Export
    var subject: Subject
    var node: NodeReference
}

/// NFS version 3 (RFC 1813), without anything that changes files.
extension NFSEngine {
    mutating func nfs3(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) {
        guard let procedure = NFS3Procedure(rawValue: call.procedure) else {
            throw .procedureUnavailable
        }
        guard procedure != .null else { return }
        do throws(XDRError) {
            let handle = try reader.opaque(limit: 64)
            let found = target(handle, call.credentials, caller)
            switch procedure {
            case .null: break
            case .getAttributes: getAttributes3(found, into: &reply)
            case .lookUp: lookUp3(found, try reader.opaque(limit: 1 << 16), call.credentials, caller, &reply)
            case .access: access3(found, try reader.uint32(), caller, into: &reply)
            case .readLink: readLink3(found, into: &reply)
            case .read:
                read3(found, at: try reader.uint64(), count: try reader.uint32(), caller, into: &reply)
            case .readFolder: readFolder3(found, try FolderRequest3(&reader, isPlus: false), caller, &reply)
            case .readFolderPlus:
                readFolder3(found, try FolderRequest3(&reader, isPlus: true), caller, &reply)
            case .fileSystemStatus: fileSystemStatus3(found, into: &reply)
            case .fileSystemInformation: fileSystemInformation3(found, caller, into: &reply)
            case .pathConfiguration: pathConfiguration3(found, into: &reply)
            case .setAttributes, .write, .create, .makeFolder, .makeLink, .makeNode, .remove, .removeFolder,
                .rename, .link, .commit:
                try refuseChange3(procedure, found, &reader, call.credentials, caller, into: &reply)
            }
            mounts.used(by: caller.address)
        } catch {
            throw .garbageArguments(error)
        }
    }

    /// What a handle stands for, if the caller may use it.
    mutating func target(
        _ bytes: [UInt8], _ credentials: RPCCredentials, _ caller: RPCCaller
    ) -> Result<NFSTarget, NFSStatus> {
        guard let handle = FileHandle(bytes, key: key) else { return .failure(.badHandle) }
        guard let export = exports[handle.export] else { return .failure(.stale) }
        switch admission(of: caller, as: credentials, to: export) {
        case .admitted(let subject):
            return .success(NFSTarget(export: export, subject: subject, node: handle.node))
        case .notAllowed:
            refused(
                caller, export, .clientNotAllowed(clients: export.settings.grants.map(\.clients.description)))
            return .failure(.accessDenied)
        case .unprivilegedPort:
            refused(caller, export, .unprivilegedPort(caller.port))
            return .failure(.notPermitted)
        }
    }

    private mutating func refused(_ caller: RPCCaller, _ export: Export, _ refusal: NFSRefusal) {
        notice(.refused(client: caller.address, path: export.path, refusal))
    }

    /// Denies, and if a squashed root is why, says so once.
    mutating func denied(_ target: NFSTarget, _ caller: RPCCaller) -> NFSStatus {
        if target.subject.isSquashedRoot { hint(.squashedRoot(path: target.export.path), to: caller) }
        return .accessDenied
    }

    private mutating func getAttributes3(_ found: Result<NFSTarget, NFSStatus>, into reply: inout RPCReply) {
        do throws(NFSStatus) {
            let target = try found.get()
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            reply.xdr.uint32(0)
            reply.xdr.attributes3(node, of: target.export)
        } catch {
            reply.xdr.uint32(error.rawValue)
        }
    }

    /// Answers a failure that has post_op_attr of the object behind it.
    func fail3(_ status: NFSStatus, _ found: Result<NFSTarget, NFSStatus>, into reply: inout RPCReply) {
        reply.xdr.uint32(status.rawValue)
        let (node, export) = present(found)
        reply.xdr.postOperation3(node, of: export)
    }

    private mutating func lookUp3(
        _ found: Result<NFSTarget, NFSStatus>, _ name: [UInt8], _ credentials: RPCCredentials,
        _ caller: RPCCaller, _ reply: inout RPCReply
    ) {
        do throws(NFSStatus) {
            let target = try found.get()
            let tree = target.export.tree
            let folder = try asking { () throws(NodeFailure) in try tree.node(target.node) }
            guard folder.status.kind == .folder else { throw .notAFolder }
            guard target.subject.mayExecute(folder.status) else { throw denied(target, caller) }
            var (export, child) = (target.export, folder)
            switch EntryName.kind(of: name) {
            case .current: break
            case .parent: child = try asking { () throws(NodeFailure) in try tree.parent(of: target.node) }
            case .ordinary:
                child = try asking { () throws(NodeFailure) in try tree.child(name, of: target.node) }
            case .tooLong: throw .nameTooLong
            case .empty, .impossible: throw .notFound
            }
            if let other = junction(from: export, to: child.reference) {
                guard case .admitted = admission(of: caller, as: credentials, to: other) else {
                    throw .accessDenied
                }
                export = other
            }
            reply.xdr.uint32(0)
            reply.xdr.opaque(FileHandle(export: export.id, node: child.reference).bytes(key: key))
            reply.xdr.postOperation3(child, of: export)
            reply.xdr.postOperation3(folder, of: target.export)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    private mutating func access3(
        _ found: Result<NFSTarget, NFSStatus>, _ wanted: UInt32, _ caller: RPCCaller,
        into reply: inout RPCReply
    ) {
        do throws(NFSStatus) {
            let target = try found.get()
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            let granted = AccessBits.granted(to: target.subject, node.status)
            if wanted & ~granted & AccessBits.reading != 0 { _ = denied(target, caller) }
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            reply.xdr.uint32(wanted & granted)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    private mutating func readLink3(_ found: Result<NFSTarget, NFSStatus>, into reply: inout RPCReply) {
        do throws(NFSStatus) {
            let target = try found.get()
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            let text = try asking { () throws(NodeFailure) in
                try target.export.tree.linkTarget(of: target.node)
            }
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            reply.xdr.opaque(text)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    private mutating func read3(
        _ found: Result<NFSTarget, NFSStatus>, at offset: UInt64, count: UInt32, _ caller: RPCCaller,
        into reply: inout RPCReply
    ) {
        do throws(NFSStatus) {
            let target = try found.get()
            let (node, content) = try read(target, at: offset, count: count, caller)
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            reply.xdr.uint32(UInt32(content.count))
            reply.xdr.bool(
                offset.addingReportingOverflow(UInt64(content.count)).partialValue >= node.status.byteCount)
            reply.content(content)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    /// A file's content, within the bounds that the transport sets.
    mutating func read(
        _ target: NFSTarget, at offset: UInt64, count: UInt32, _ caller: RPCCaller
    ) throws(NFSStatus) -> (node: Node, content: NodeContent) {
        let limit =
            caller.transport == .tcp
            ? NFSProtocol.maximumReadBytes : NFSProtocol.maximumDatagramReadBytes
        let tree = target.export.tree
        let found: (node: Node, content: NodeContent)
        do throws(NodeFailure) {
            found = try tree.content(of: target.node, at: offset, count: min(Int(count), limit))
        } catch .notAFile {
            let node = try asking { () throws(NodeFailure) in try tree.node(target.node) }
            throw node.status.kind == .folder ? .isAFolder : .invalid
        } catch {
            throw NFSStatus(error)
        }
        guard target.subject.mayFetch(found.node.status) else { throw denied(target, caller) }
        return found
    }
}

extension NodeContent {
    var count: Int {
        switch self {
        case .file(_, _, let count): count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// What ACCESS asks for and grants (RFC 1813 §3.3.4, RFC 8881 §18.1).
enum AccessBits {
    static let read: UInt32 = 0x01
    static let lookUp: UInt32 = 0x02
    static let execute: UInt32 = 0x20
    static let reading = read | lookUp | execute
    /// MODIFY, EXTEND and DELETE are known, too, and never granted.
    static let known: UInt32 = 0x3f

    static func granted(to subject: Subject, _ status: NodeStatus) -> UInt32 {
        var bits: UInt32 = 0
        if subject.mayRead(status) { bits |= read }
        if subject.mayExecute(status) { bits |= status.kind == .folder ? lookUp : execute }
        return bits
    }
}
