import CLinux
import Glibc
import SystemIO

/// Asks the kernel one question and gathers its answer.
enum NetlinkSocket {
    /// - Throws: the kernel's own error (`ENETUNREACH` for a route that is not there); `EBADMSG` for an answer that
    ///   makes no sense; `ETIMEDOUT` after two seconds of silence.
    static func ask(_ request: [UInt8], about subject: String) throws(SystemError) -> [NetlinkMessage] {
        // A table that changes while it is told is told again.
        for _ in 0..<3 {
            if let answer = try attempt(request, about: subject) { return answer }
        }
        throw SystemError("read \(subject)", code: EAGAIN)
    }

    /// Nil when the table changed meanwhile.
    private static func attempt(
        _ request: [UInt8], about subject: String
    ) throws(SystemError) -> [NetlinkMessage]? {
        let descriptor = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw SystemError("open a netlink socket", code: errno) }
        let socket = OwnedDescriptor(descriptor)
        guard unsafe send(socket.rawValue, request, request.count, 0) == request.count else {
            throw SystemError("ask for \(subject)", code: errno)
        }
        let isDump = (request.hostWord16(at: 6) ?? 0) & 0x300 == 0x300
        var answer: [NetlinkMessage] = []
        var interrupted = false
        while true {
            for message in try receive(from: socket, subject) {
                interrupted = interrupted || message.flags & 0x10 != 0  // NLM_F_DUMP_INTR
                switch message.type {
                case 2:  // NLMSG_ERROR; its code is negative
                    let code = CInt(bitPattern: message.body.hostWord32(at: 0) ?? 0)
                    if code != 0 { throw SystemError("read \(subject)", code: code == .min ? EIO : -code) }
                    return answer
                case 3:  // NLMSG_DONE
                    return interrupted ? nil : answer
                default:
                    answer.append(message)
                }
            }
            if !isDump, !answer.isEmpty { return answer }
        }
    }

    private static func receive(
        from socket: borrowing OwnedDescriptor, _ subject: String
    ) throws(SystemError) -> [NetlinkMessage] {
        var wait = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&wait, 1, 2_000) > 0 else { throw SystemError("read \(subject)", code: ETIMEDOUT) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(socket.rawValue, &buffer, buffer.count, 0)
        guard count > 0 else { throw SystemError("read \(subject)", code: count < 0 ? errno : EBADMSG) }
        do {
            return try NetlinkMessage.messages(in: Array(buffer.prefix(count)))
        } catch {
            throw SystemError("read \(subject)", code: EBADMSG)
        }
    }
}
