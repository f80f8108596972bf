import BootCore
import BootFiles
import SystemIO
import Wire

/// Every URL that is served, for one state of the configuration.
///
/// Nothing here knows a socket: a request goes in, the answer comes out. `/boot.ipxe`, `/boot.gpxe` and `/healthz`
/// are generated, and go before files of the same names in the tree.
final class HTTPRoutes: Sendable {
    let settings: HTTPSettings
    let tree: BootTree

    init(settings: HTTPSettings, tree: BootTree) {
        self.settings = settings
        self.tree = tree
    }

    /// - Parameter known: what is known of the machine at the client's address.
    func reply(to request: HTTPRequest, from known: Machine?) -> HTTPReply {
        guard request.method != .other else {
            return .text(
                405, "This server answers GET and HEAD.", event: .refused(reason: "method"),
                headers: [HTTPHeader("Allow", "GET, HEAD")])
        }
        let target: RequestTarget
        let path: BootPath
        do {
            target = try RequestTarget(parsing: request.target)
            path = try BootPath(requested: target.path)
        } catch let refusal as BootPath.Refusal {
            return Self.refusal(of: refusal)
        } catch {
            return .text(400, "This is no path.", event: .refused(reason: "\(error)"))
        }
        switch path.text {
        case "boot.ipxe": return script(dialect: nil, for: request, query: target, known: known)
        case "boot.gpxe": return script(dialect: .gpxe, for: request, query: target, known: known)
        case "healthz": return .text(200, "ok", event: .health)
        case _ where path.isLocalDiskRefusal:
            return .text(404, "Boot from the local disk.", event: .leftToLocalDisk)
        default: return file(path, for: request)
        }
    }

    private static func refusal(of refusal: BootPath.Refusal) -> HTTPReply {
        let (status, reason) =
            switch refusal {
            case .climbs: (403, "The path climbs out of the tree.")
            case .tooLong(let byteCount): (414, "The path is too long: \(byteCount) bytes.")
            case .controlByte(_, let offset): (400, "The path has a control byte at offset \(offset).")
            case .notUTF8: (400, "The path is not UTF-8.")
            case .empty: (400, "The path is empty.")
            }
        return .text(status, reason, event: .refused(reason: reason))
    }

    private func file(_ path: BootPath, for request: HTTPRequest) -> HTTPReply {
        do throws(OpenFailure) {
            return Self.reply(with: try tree.open(path), at: path, to: request)
        } catch {
            return Self.reply(to: error, opening: path)
        }
    }

    private static func reply(to failure: OpenFailure, opening path: BootPath) -> HTTPReply {
        switch failure {
        case .notFound:
            .text(404, "There is no such file.", event: .notFound(path: path.text, reason: "no such file"))
        case .notARegularFile:
            .text(404, "There is no such file.", event: .notFound(path: path.text, reason: "not a file"))
        case .accessDenied:
            .text(
                403, "This server may not read that file.",
                event: .refused(reason: "no permission to read \(path)"))
        case .outsideRoot:
            .text(
                403, "That leads out of the tree.", event: .refused(reason: "\(path) leads out of the tree"))
        case .other(let error):
            .failure("\(error)")
        }
    }

    private static func reply(with file: OpenFile, at path: BootPath, to request: HTTPRequest) -> HTTPReply {
        let validators = Validators(file.identity)
        let whole = 0..<file.byteCount
        var reply = HTTPReply(
            status: 200, headers: [HTTPHeader("Content-Type", ContentType.of(path.text))],
            body: .file(file, whole), event: .file(path: path.text))
        reply.headers += [
            HTTPHeader("Last-Modified", validators.lastModified.text),
            HTTPHeader("ETag", validators.entityTag),
            HTTPHeader("Accept-Ranges", "bytes"),
        ]
        switch request.conditions.verdict(for: validators) {
        case .proceed: break
        case .notModified:
            reply.status = 304
            return reply
        case .failed:
            return .text(
                412, "The file has changed.", event: .refused(reason: "\(path) has changed meanwhile"))
        }
        // A range is for GET alone (RFC 7233 §3.1).
        guard request.method == .get, request.conditions.allowsRange(of: validators) else { return reply }
        switch RequestedPart(range: request.range, byteCount: file.byteCount) {
        case .whole: break
        case .part(let range):
            reply.status = 206
            reply.headers.append(
                HTTPHeader(
                    "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.byteCount)"))
            reply.body = .file(file, range)
        case .unsatisfiable:
            return .text(
                416, "The file has \(file.byteCount) bytes.",
                event: .refused(reason: "\(path) ends before \(request.range ?? "")"),
                headers: [HTTPHeader("Content-Range", "bytes */\(file.byteCount)")])
        }
        return reply
    }
}
