import BootFiles
import SystemIO
import Wire

/// Filehandles, names and security: where a compound stands.
extension NFSEngine {
    mutating func putHandle(_ compound: inout NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let bytes = try reader.text(limit: 128)
        compound.currentStateID = nil
        if let handle = FileHandle(bytes, key: key), handle.export == 0 {
            guard pseudo[handle.node.identity.number] != nil else { throw .stale }
            compound.current = .pseudo(handle.node.identity.number)
            return
        }
        let target = try target(bytes, compound.call.credentials, compound.caller).get()
        uses(target.export, compound)
        compound.current = .node(target)
    }

    mutating func putRootHandle(_ compound: inout NFS4Compound) {
        compound.currentStateID = nil
        if let export = pseudo.rootExport.flatMap({ exports[$0] }),
            let target = try? enter(export, compound).get()
        {
            compound.current = .node(target)
        } else {
            compound.current = .pseudo(NFS4PseudoFolders.rootNumber)
        }
    }

    func getHandle(_ compound: NFS4Compound, into reply: inout RPCReply) throws(NFSStatus) {
        reply.xdr.opaque(try handle(of: compound.current).bytes(key: key))
    }

    func saveHandle(_ compound: inout NFS4Compound) throws(NFSStatus) {
        if case .none = compound.current { throw .noFileHandle }
        compound.saved = compound.current
        compound.savedStateID = compound.currentStateID
    }

    func restoreHandle(_ compound: inout NFS4Compound) throws(NFSStatus) {
        if case .none = compound.saved { throw .noFileHandle }
        compound.current = compound.saved
        compound.currentStateID = compound.savedStateID
    }

    func handle(of current: NFS4Current) throws(NFSStatus) -> FileHandle {
        switch current {
        case .none: throw .noFileHandle
        case .pseudo(let number): pseudoHandle(number)
        case .node(let target): FileHandle(export: target.export.id, node: target.node)
        }
    }

    private func pseudoHandle(_ number: UInt64) -> FileHandle {
        FileHandle(
            export: 0,
            node: NodeReference(
                identity: NodeIdentity(volume: 0, number: number), generation: 0, parent: 0))
    }

    mutating func lookUp(_ compound: inout NFS4Compound, _ reader: inout XDRReader) throws(NFSStatus) {
        let name = try reader.text(limit: 1 << 16)
        compound.current = try found(name, compound)
        compound.currentStateID = nil
    }

    /// What a name leads to from the current filehandle.
    mutating func found(_ name: [UInt8], _ compound: NFS4Compound) throws(NFSStatus) -> NFS4Current {
        switch compound.current {
        case .none: throw .noFileHandle
        case .pseudo(let number):
            try checkName(name)
            return try found(name, inPseudo: number, compound)
        case .node(let target):
            let folder = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            guard folder.status.kind == .folder else {
                throw folder.status.kind == .link ? .isALink : .notAFolder
            }
            try checkName(name)
            guard target.subject.mayExecute(folder.status) else { throw denied(target, compound.caller) }
            let child: Node
            do throws(NodeFailure) {
                child = try target.export.tree.child(name, of: target.node)
            } catch {
                // Exports that lie in no folder of an export at `/`.
                if error == .notFound, isRoot(target) {
                    return try found(name, inPseudo: NFS4PseudoFolders.rootNumber, compound)
                }
                throw NFSStatus(error)
            }
            if let other = junction(from: target.export, to: child.reference) {
                return .node(try enter(other, compound).get())
            }
            var result = target
            result.node = child.reference
            return .node(result)
        }
    }

    private func isRoot(_ target: NFSTarget) -> Bool {
        target.export.id == pseudo.rootExport && target.node.identity == target.export.root.identity
    }

    private mutating func found(
        _ name: [UInt8], inPseudo number: UInt64, _ compound: NFS4Compound
    ) throws(NFSStatus) -> NFS4Current {
        guard let folder = pseudo[number] else { throw .stale }
        guard let child = folder.children.first(where: { $0.name.elementsEqual(name) }) else {
            if number == NFS4PseudoFolders.rootNumber {
                notice(
                    .refused(
                        client: compound.caller.address, path: "/" + String(decoding: name, as: UTF8.self),
                        .noSuchExport(exports: exports.exports.map(\.path))))
            }
            throw .notFound
        }
        switch child.target {
        case .folder(let number): return .pseudo(number)
        case .export(let id):
            guard let export = exports[id] else { throw .stale }
            return .node(try enter(export, compound).get())
        }
    }

    private func checkName(_ name: [UInt8]) throws(NFSStatus) {
        switch EntryName.kind(of: name) {
        case .ordinary: return
        case .empty: throw .invalid
        case .tooLong: throw .nameTooLong
        case .impossible: throw .badCharacter
        case .current, .parent: throw .badName
        }
    }

    /// An export's top folder, if the caller may use it.
    private mutating func enter(_ export: Export, _ compound: NFS4Compound) -> Result<NFSTarget, NFSStatus> {
        let handle = FileHandle(export: export.id, node: export.root)
        let found = target(handle.bytes(key: key), compound.call.credentials, compound.caller)
        if case .success = found { uses(export, compound) }
        return found
    }

    /// Notices what NFSv4 has instead of MOUNT: a client's first use of an export.
    private mutating func uses(_ export: Export, _ compound: NFS4Compound) {
        guard let client = compound.client.flatMap({ states[client: $0] }), client.exports[export.id] == nil
        else {
            return
        }
        client.exports[export.id] = compound.minorVersion
        notice(
            .mounted(
                client: compound.caller.address, path: export.path,
                version: .v4(minor: compound.minorVersion)))
    }

    mutating func lookUpParent(_ compound: inout NFS4Compound) throws(NFSStatus) {
        compound.current = try parent(of: compound)
        compound.currentStateID = nil
    }

    private mutating func parent(of compound: NFS4Compound) throws(NFSStatus) -> NFS4Current {
        switch compound.current {
        case .none: throw .noFileHandle
        case .pseudo(let number):
            guard let folder = pseudo[number] else { throw .stale }
            guard let parent = pseudo.parent(of: folder) else { throw .notFound }
            return .pseudo(parent)
        case .node(let target):
            let folder = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            guard folder.status.kind == .folder else { throw .notAFolder }
            guard target.subject.mayExecute(folder.status) else { throw denied(target, compound.caller) }
            guard target.node.identity != target.export.root.identity else {
                guard target.export.id != pseudo.rootExport, let parent = pseudo.parents[target.export.id]
                else {
                    throw .notFound
                }
                return .pseudo(parent)
            }
            let parent = try asking { () throws(NodeFailure) in try target.export.tree.parent(of: target.node)
            }
            var result = target
            result.node = parent.reference
            return .node(result)
        }
    }

    mutating func securityInformation(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        let name = try reader.text(limit: 1 << 16)
        _ = try found(name, compound)
        tellSecurity(&compound, into: &reply)
    }

    mutating func securityInformationNoName(
        _ compound: inout NFS4Compound, _ reader: inout XDRReader, into reply: inout RPCReply
    ) throws(NFSStatus) {
        switch try reader.word() {
        case 0: if case .none = compound.current { throw .noFileHandle }
        case 1: _ = try parent(of: compound)
        default: throw .badXDR
        }
        tellSecurity(&compound, into: &reply)
    }

    /// AUTH_SYS; and the current filehandle is used up (RFC 8881 §2.6.3.1.1.8).
    private func tellSecurity(_ compound: inout NFS4Compound, into reply: inout RPCReply) {
        compound.current = .none
        compound.currentStateID = nil
        reply.xdr.uint32(1)
        reply.xdr.uint32(RPCFlavor.system)
    }
}
