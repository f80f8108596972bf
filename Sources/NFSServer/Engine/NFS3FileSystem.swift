import BootFiles
import SystemIO
import Wire

/// FSSTAT, FSINFO, PATHCONF, and the procedures that would change something.
extension NFSEngine {
    mutating func fileSystemStatus3(_ found: Result<NFSTarget, NFSStatus>, into reply: inout RPCReply) {
        do throws(NFSStatus) {
            let target = try found.get()
            let tree = target.export.tree
            let node = try asking { () throws(NodeFailure) in try tree.node(target.node) }
            let space = try asking { () throws(NodeFailure) in try tree.space() }
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            for value in [
                space.totalBytes, space.freeBytes, space.availableBytes, space.totalFiles, space.freeFiles,
                space.freeFiles,
            ] {
                reply.xdr.uint64(value)
            }
            // For how many seconds this is good.
            reply.xdr.uint32(0)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    mutating func fileSystemInformation3(
        _ found: Result<NFSTarget, NFSStatus>, _ caller: RPCCaller, into reply: inout RPCReply
    ) {
        do throws(NFSStatus) {
            let target = try found.get()
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            let most = UInt32(
                caller.transport == .tcp
                    ? NFSProtocol.maximumReadBytes : NFSProtocol.maximumDatagramReadBytes)
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            // READ: most, best, multiple.
            for value in [most, most, 4096] { reply.xdr.uint32(value) }
            // WRITE, which nobody may; but libnfs does not mount where it is less than 8192.
            for value in [most, most, 4096] { reply.xdr.uint32(value) }
            reply.xdr.uint32(UInt32(NFSProtocol.preferredFolderBytes))
            reply.xdr.uint64(UInt64(Int64.max))
            // Times are exact to a nanosecond.
            reply.xdr.uint32(0)
            reply.xdr.uint32(1)
            // FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS
            reply.xdr.uint32(0x0b)
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    mutating func pathConfiguration3(_ found: Result<NFSTarget, NFSStatus>, into reply: inout RPCReply) {
        do throws(NFSStatus) {
            let target = try found.get()
            let node = try asking { () throws(NodeFailure) in try target.export.tree.node(target.node) }
            reply.xdr.uint32(0)
            reply.xdr.postOperation3(node, of: target.export)
            reply.xdr.uint32(65_000)
            reply.xdr.uint32(UInt32(NFSProtocol.maximumNameBytes))
            // No truncation, chown for root alone, case matters and is kept.
            for value in [true, true, false, true] { reply.xdr.bool(value) }
        } catch {
            fail3(error, found, into: &reply)
        }
    }

    /// ROFS, with what each procedure's own failure holds (its `resfail` in RFC 1813).
    mutating func refuseChange3(
        _ procedure: NFS3Procedure, _ found: Result<NFSTarget, NFSStatus>, _ reader: inout XDRReader,
        _ credentials: RPCCredentials, _ caller: RPCCaller, into reply: inout RPCReply
    ) throws(XDRError) {
        let (node, export) = present(found)
        reply.xdr.uint32(NFSStatus.readOnly.rawValue)
        switch procedure {
        case .rename:
            // The name to change, then where to.
            try reader.skipOpaque(limit: 1 << 16)
            let other = present(target(try reader.opaque(limit: 64), credentials, caller))
            reply.xdr.unchanged3(node, of: export)
            reply.xdr.unchanged3(other.node, of: other.export)
        case .link:
            let folder = present(target(try reader.opaque(limit: 64), credentials, caller))
            reply.xdr.postOperation3(node, of: export)
            reply.xdr.unchanged3(folder.node, of: folder.export)
        case .setAttributes, .write, .create, .makeFolder, .makeLink, .makeNode, .remove, .removeFolder,
            .commit:
            reply.xdr.unchanged3(node, of: export)
        case .null, .getAttributes, .lookUp, .access, .readLink, .read, .readFolder, .readFolderPlus,
            .fileSystemStatus, .fileSystemInformation, .pathConfiguration:
            preconditionFailure("\(procedure) changes nothing")
        }
    }

    func present(_ found: Result<NFSTarget, NFSStatus>) -> (node: Node?, export: Export?) {
        guard case .success(let target) = found, let node = try? target.export.tree.node(target.node) else {
            return (nil, nil)
        }
        return (node, target.export)
    }
}
