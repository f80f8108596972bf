import BootFiles
import SystemIO
import Wire

/// MOUNT version 3 (RFC 1813, Appendix I).
enum MountProtocol {
    static let program: UInt32 = 100_005
    fileprivate static let maximumPathBytes = 1024

    enum Status: UInt32 {
        case ok = 0
        case notPermitted = 1
        case notFound = 2
        case ioError = 5
        case accessDenied = 13
        case notAFolder = 20
        case nameTooLong = 63
        case serverFault = 10006
    }
}

/// Who has mounted what by v3, as far as MOUNT tells. Bounded: of many the first are forgotten.
struct MountTable {
    struct Entry: Equatable {
        var client: IPAddress
        var path: String
        /// Whether the client has asked for anything inside yet.
        var isUsed = false
    }

    private(set) var entries: [Entry] = []
    static let maximumEntries = 4096

    mutating func add(_ client: IPAddress, _ path: String) {
        _ = remove(client, path)
        if entries.count >= Self.maximumEntries { entries.removeFirst() }
        entries.append(Entry(client: client, path: path))
        hasUnused = true
    }

    mutating func remove(_ client: IPAddress, _ path: String) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.client == client && $0.path == path }) else {
            return nil
        }
        return entries.remove(at: index)
    }

    mutating func removeAll(of client: IPAddress) -> [Entry] {
        defer { entries.removeAll { $0.client == client } }
        return entries.filter { $0.client == client }
    }

    /// Spares a look through all entries at each call.
    private var hasUnused = false

    mutating func used(by client: IPAddress) {
        guard hasUnused else { return }
        for index in entries.indices where entries[index].client == client { entries[index].isUsed = true }
        hasUnused = entries.contains { !$0.isUsed }
    }
}

extension NFSEngine {
    mutating func mount(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) {
        guard call.version == 3 else { throw .programMismatch(low: 3, high: 3) }
        let limit = MountProtocol.maximumPathBytes
        do throws(XDRError) {
            switch call.procedure {
            case 0: return
            case 1: return mountFolder(try reader.opaque(limit: limit), call, caller, &reply)
            case 2: return dumpMounts(into: &reply)
            case 3:
                let path = text(of: try reader.opaque(limit: limit))
                return unmounted(mounts.remove(caller.address, path).map { [$0] } ?? [], by: caller)
            case 4: return unmounted(mounts.removeAll(of: caller.address), by: caller)
            case 5: return listExports(into: &reply)
            default: break
            }
        } catch {
            throw .garbageArguments(error)
        }
        throw .procedureUnavailable
    }

    private mutating func mountFolder(
        _ path: [UInt8], _ call: RPCCall, _ caller: RPCCaller, _ reply: inout RPCReply
    ) {
        let path = text(of: path)
        do throws(MountFailure) {
            let handle = try handle(ofMounted: path, call, caller)
            reply.xdr.uint32(MountProtocol.Status.ok.rawValue)
            reply.xdr.opaque(handle.bytes(key: key))
            reply.xdr.uint32(1)
            reply.xdr.uint32(RPCFlavor.system)
            mounts.add(caller.address, path)
            notice(.mounted(client: caller.address, path: path, version: .v3))
        } catch {
            reply.xdr.uint32(error.status.rawValue)
            notice(.refused(client: caller.address, path: path, error.refusal))
        }
    }

    private func handle(
        ofMounted path: String, _ call: RPCCall, _ caller: RPCCaller
    ) throws(MountFailure) -> FileHandle {
        let names = pathNames(Array(path.utf8))
        guard var (export, rest) = exports.export(holding: names) else {
            throw MountFailure(
                .notFound, .noSuchExport(exports: exports.exports.map(\.path)))
        }
        var subject = try admit(caller, call, to: export)
        var node = try lookUp { () throws(NodeFailure) in try export.tree.root }
        while let name = rest.popFirst() {
            guard EntryName.kind(of: Array(name)) == .ordinary else {
                throw MountFailure(.notFound, .noSuchFolder)
            }
            guard subject.mayExecute(node.status) else {
                throw MountFailure(.accessDenied, .failed("permissions"))
            }
            let folder = node.reference
            node = try lookUp { () throws(NodeFailure) in try export.tree.child(Array(name), of: folder) }
            if let other = junction(from: export, to: node.reference) {
                export = other
                subject = try admit(caller, call, to: other)
            }
        }
        guard node.status.kind == .folder else { throw MountFailure(.notAFolder, .notAFolder) }
        return FileHandle(export: export.id, node: node.reference)
    }

    private func admit(
        _ caller: RPCCaller, _ call: RPCCall, to export: Export
    ) throws(MountFailure) -> Subject {
        switch admission(of: caller, as: call.credentials, to: export) {
        case .admitted(let subject): return subject
        case .notAllowed:
            throw MountFailure(
                .accessDenied,
                .clientNotAllowed(clients: export.settings.grants.map(\.clients.description)))
        case .unprivilegedPort: throw MountFailure(.accessDenied, .unprivilegedPort(caller.port))
        }
    }

    private func lookUp(_ body: () throws(NodeFailure) -> Node) throws(MountFailure) -> Node {
        do throws(NodeFailure) {
            return try body()
        } catch {
            switch error {
            case .notFound, .stale, .busy: throw MountFailure(.notFound, .noSuchFolder)
            case .notAFolder, .notAFile, .notALink: throw MountFailure(.notAFolder, .notAFolder)
            case .nameTooLong: throw MountFailure(.nameTooLong, .noSuchFolder)
            case .accessDenied: throw MountFailure(.accessDenied, .failed("netbootd may not read it"))
            case .system(let error): throw MountFailure(.ioError, .failed("\(error)"))
            }
        }
    }

    private mutating func unmounted(_ entries: [MountTable.Entry], by caller: RPCCaller) {
        for entry in entries {
            notice(.unmounted(client: caller.address, path: entry.path, version: .v3))
            if !entry.isUsed { hint(.leftAtOnce(path: entry.path), to: caller) }
        }
    }

    private func dumpMounts(into reply: inout RPCReply) {
        for entry in mounts.entries.suffix(256) {
            reply.xdr.bool(true)
            reply.xdr.string("\(entry.client)")
            reply.xdr.string(entry.path)
        }
        reply.xdr.bool(false)
    }

    private func listExports(into reply: inout RPCReply) {
        for export in exports.exports {
            reply.xdr.bool(true)
            reply.xdr.string(export.path)
            for grant in export.settings.grants where grant.clients != .everyone {
                reply.xdr.bool(true)
                reply.xdr.string(grant.clients.description)
            }
            reply.xdr.bool(false)
        }
        reply.xdr.bool(false)
    }

    private func text(of path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}

private struct MountFailure: Error {
    var status: MountProtocol.Status
    var refusal: NFSRefusal

    init(_ status: MountProtocol.Status, _ refusal: NFSRefusal) {
        self.status = status
        self.refusal = refusal
    }
}
