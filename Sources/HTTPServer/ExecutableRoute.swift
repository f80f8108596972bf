import BootCore
import SystemIO

/// `/kexec-join`, the static client, and `/join`, the shell script that fetches and runs it.
extension HTTPRoutes {
    static let executableName = "kexec-join"

    /// The first of the places in the settings where there is one.
    func openExecutable() -> (path: String, file: OpenFile)? {
        for path in settings.joinExecutables {
            if let file = try? JoinExecutable.open(path) { return (path, file) }
        }
        return nil
    }

    private var executableMissing: String {
        "This server has no kexec-join to give: there is none to read at "
            + "\(settings.joinExecutables.joined(separator: " or ")). Put the static executable there, or "
            + "name it in the configuration (join.executable)."
    }

    /// As it is; compressed for those who ask for that, once it is done.
    func executable(for request: HTTPRequest) -> HTTPReply {
        guard let (path, file) = openExecutable() else {
            return .text(
                404, executableMissing,
                event: .notFound(path: Self.executableName, reason: "no kexec-join executable"))
        }
        var content = FileContent(name: Self.executableName, file: file)
        content.event = .ownFile(name: Self.executableName)
        content.headers = [HTTPHeader("Vary", "Accept-Encoding")]
        if request.acceptsGzip, let compressed = digests.executable(file, at: path)?.compressed {
            content.file = compressed
            content.headers.append(HTTPHeader("Content-Encoding", "gzip"))
            content.validators.entityTag.removeLast()
            content.validators.entityTag += "-gzip\""
            // A part of it is of no use without the parts before.
            content.hasRanges = false
        }
        return Self.reply(with: content, to: request)
    }

    /// Always a script, so that whoever pipes it into a shell reads what is wrong.
    func joinScript() -> HTTPReply {
        let script: String
        if let (path, file) = openExecutable() {
            switch digests.executable(file, at: path) {
            case nil:
                script = JoinScript.failure("the server has just been started; try again in a second")
            case let executable? where executable.machines.isEmpty:
                script = JoinScript.failure("on the server, \(path) is no Linux executable for 64 bits")
            case let executable?:
                script = JoinScript.text(
                    server: settings.location.httpBase, sha256: executable.sha256,
                    machines: executable.machines)
            }
        } else {
            script = JoinScript.failure(executableMissing)
        }
        return HTTPReply(
            status: 200,
            headers: [
                HTTPHeader("Content-Type", ContentType.text), HTTPHeader("Cache-Control", "no-store"),
            ],
            body: .bytes(Array(script.utf8)), event: .ownFile(name: "join"))
    }
}

extension HTTPRequest {
    /// Whether `Accept-Encoding` names gzip, and not with a weight of nothing (RFC 7231 §5.3.4).
    var acceptsGzip: Bool {
        (acceptEncoding ?? "").split(separator: ",").contains { item in
            let parts = item.split(separator: ";").map { $0.trimmingSpaces.lowercased() }
            guard parts.first == "gzip" || parts.first == "x-gzip" else { return false }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            return weight.map { $0.contains { ("1"..."9").contains($0) } } ?? true
        }
    }
}
