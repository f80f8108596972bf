import Wire

struct NFS4Boot { var startedAt: Int }
struct NFS4States { init(boot: NFS4Boot) {} }
extension NFSEngine {
    mutating func nfs4(
        _ call: RPCCall, _ reader: inout XDRReader, from caller: RPCCaller, into reply: inout RPCReply
    ) throws(RPCRejection) { throw .programMismatch(low: 3, high: 3) }
}
extension NFSEngine { mutating func connectionEnded(_ connection: UInt64) {} }
