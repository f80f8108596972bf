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
    }

    static let maximumClients = 4096
    static let maximumEntriesPerClient = 64
    private var paths: [IPAddress: [String]] = [:]
    /// Clients in the order of their first mount.
    private var order: [IPAddress] = []
    /// Mounts whose client has not asked for anything yet.
    private var unused: [IPAddress: Set<String>] = [:]

    var entries: [Entry] {
        order.flatMap { client in paths[client, default: []].map { Entry(client: client, path: $0) } }
    }

    mutating func add(_ client: IPAddress, _ path: String) {
        _ = remove(client, path)
        if paths[client] == nil {
            if order.count >= Self.maximumClients {
                let first = order.removeFirst()
                paths[first] = nil
                unused[first] = nil
            }
            order.append(client)
        }
        if paths[client, default: []].count >= Self.maximumEntriesPerClient, let first = paths[client]?.first
        {
            _ = remove(client, first)
        }
        paths[client, default: []].append(path)
        unused[client, default: []].insert(path)
    }

    /// Nil when it was not there; else whether the client had used anything since.
    mutating func remove(_ client: IPAddress, _ path: String) -> Bool? {
        guard let index = paths[client]?.firstIndex(of: path) else { return nil }
        paths[client]?.remove(at: index)
        let wasUsed = unused[client]?.remove(path) == nil
        if unused[client]?.isEmpty == true { unused[client] = nil }
        return wasUsed
    }

    func paths(of client: IPAddress) -> [String] { paths[client] ?? [] }

    /// The client has asked for something inside an export.
    mutating func used(by client: IPAddress) {
        if !unused.isEmpty { unused[client] = nil }
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
            case 2: return dumpMounts(to: caller, into: &reply)
            case 3:
                return unmount(normalized(try reader.opaque(limit: limit)), by: caller)
            case 4:
                for path in mounts.paths(of: caller.address) { unmount(path, by: caller) }
                return
            case 5: return listExports(to: caller, into: &reply)
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
        do throws(MountFailure) {
            let handle = try handle(ofMounted: path, call, caller)
            let path = normalized(path)
            reply.xdr.uint32(MountProtocol.Status.ok.rawValue)
            reply.xdr.opaque(handle.bytes(key: key))
            reply.xdr.uint32(1)
            reply.xdr.uint32(RPCFlavor.system)
            mounts.add(caller.address, path)
            notice(.mounted(client: caller.address, path: path, version: .v3))
        } catch {
            reply.xdr.uint32(error.status.rawValue)
            notice(
                .refused(client: caller.address, path: String(decoding: path, as: UTF8.self), error.refusal))
        }
    }

    private func handle(
        ofMounted path: [UInt8], _ call: RPCCall, _ caller: RPCCaller
    ) throws(MountFailure) -> FileHandle {
        let names = pathNames(path)
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

    private mutating func unmount(_ path: String, by caller: RPCCaller) {
        guard let wasUsed = mounts.remove(caller.address, path) else { return }
        notice(.unmounted(client: caller.address, path: path, version: .v3))
        if !wasUsed { hint(.leftAtOnce(path: path), to: caller) }
    }

    private func dumpMounts(to caller: RPCCaller, into reply: inout RPCReply) {
        let limit = listLimit(for: caller)
        for entry in mounts.entries {
            let start = reply.xdr.count
            reply.xdr.bool(true)
            reply.xdr.string("\(entry.client)")
            reply.xdr.string(entry.path)
            if reply.xdr.count > limit {
                reply.xdr.shorten(to: start)
                break
            }
        }
        reply.xdr.bool(false)
    }

    private func listExports(to caller: RPCCaller, into reply: inout RPCReply) {
        let limit = listLimit(for: caller)
        for export in exports.exports {
            let start = reply.xdr.count
            reply.xdr.bool(true)
            reply.xdr.string(export.path)
            for grant in export.settings.grants where grant.clients != .everyone {
                reply.xdr.bool(true)
                reply.xdr.string(grant.clients.description)
            }
            reply.xdr.bool(false)
            if reply.xdr.count > limit {
                reply.xdr.shorten(to: start)
                break
            }
        }
        reply.xdr.bool(false)
    }

    /// How long a list may be: in a datagram it must not make much of little.
    private func listLimit(for caller: RPCCaller) -> Int { caller.transport == .tcp ? 1 << 20 : 8000 }

    /// A path in the one way in which it is kept, however the client spells it.
    private func normalized(_ path: [UInt8]) -> String {
        "/" + pathNames(path).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }
}

private struct MountFailure: Error {
    var status: MountProtocol.Status
    var refusal: NFSRefusal

    init(_ status: MountProtocol.Status, _ refusal: NFSRefusal) {
        self.status = status
        self.refusal = refusal
    }
}
