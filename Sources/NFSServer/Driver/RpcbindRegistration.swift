import Logging
import Synchronization
import SystemIO
import Wire

/// Tells a rpcbind of this host, which has port 111, where NFS is found (RFC 1833 §3: SET and UNSET of version 2).
///
/// It takes that from programs on this host alone, which have a privileged port.
final class RpcbindRegistration: Sendable {
    private let entries: [PortRegistration]
    private let logger: Logger
    private let transactionID = Mutex<UInt32>(1)

    init(_ registrations: [PortRegistration], logger: Logger) {
        entries = registrations.filter { !$0.isIPv6 }
        self.logger = logger
    }

    func register() {
        do throws(RpcbindFailure) {
            for entry in entries {
                // What another program, or we before a crash, said of it.
                _ = try ask(2, entry)
                guard try ask(1, entry) else {
                    throw RpcbindFailure(reason: "it refuses \(entry.program) version \(entry.version)")
                }
            }
            logger.notice(
                "nfs registered", metadata: ["reason": "port 111 is rpcbind's; it tells clients where NFS is"]
            )
        } catch {
            let port = entries.first?.port ?? 2049
            logger.warning(
                "nfs no portmapper",
                metadata: [
                    "reason": "port 111 is taken, and who has it does not register NFS: \(error.reason)",
                    "hint": "v3 clients must be told: port=\(port),mountport=\(port)",
                ])
        }
    }

    func unregister() {
        for entry in entries {
            // It may have gone by now; then nothing is wrong either.
            _ = try? ask(2, entry)
        }
    }

    /// Calls SET (1) or UNSET (2).
    private func ask(_ procedure: UInt32, _ entry: PortRegistration) throws(RpcbindFailure) -> Bool {
        let id = transactionID.withLock { id in
            id += 1
            return id
        }
        var call = XDRWriter()
        for value in [id, 0, 2, Portmapper.program, 2, procedure, 0, 0, 0, 0] { call.uint32(value) }
        for value in [entry.program, entry.version, entry.protocolNumber, UInt32(entry.port)] {
            call.uint32(value)
        }
        let answer: [UInt8]
        do throws(SystemError) {
            answer = try askLocally(port: Portmapper.port, call.bytes)
        } catch {
            throw RpcbindFailure(reason: "\(error)")
        }
        let words = stride(from: 0, to: answer.count - 3, by: 4).map { start in
            answer[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        guard words.count >= 7, words[0] == id, words[1...5].elementsEqual([1, 0, 0, 0, 0]) else {
            throw RpcbindFailure(reason: "it does not take the call")
        }
        return words[6] == 1
    }
}

private struct RpcbindFailure: Error {
    var reason: String
}
