import BootCore
import BootFiles
import SystemIO
import Wire

/// Every URL that is served, for one state of the configuration.
///
/// Nothing here knows a socket: a request goes in, the answer comes out. What `reply` names in its switch is netbootd's
/// own, and goes before files of the same names in the tree.
final class HTTPRoutes: Sendable {
    let settings: HTTPSettings
    let tree: BootTree
    let digests: FileDigests
    let journal: BootJournal

    var signingKey: SigningKey? { settings.signingKey }

    init(settings: HTTPSettings, tree: BootTree, digests: FileDigests, journal: BootJournal) {
        self.settings = settings
        self.tree = tree
        self.digests = digests
        self.journal = journal
    }

    /// Has the digests of all files computed that a manifest may name.
    func prepareDigests() {
        var wanted = openExecutable().map { [FileDigests.Wanted.executable($0.path)] } ?? []
        for kernel in settings.policy.profiles.compactMap(\.kernel) {
            for name in [kernel.kernel] + kernel.initrds where !name.contains("://") {
                guard let path = try? BootPath(name), !wanted.contains(.boot(path)) else { continue }
                wanted.append(.boot(path))
            }
        }
        digests.prepare(wanted, in: tree)
    }

    /// - Parameters:
    ///   - known: what is known of the machine at the client's address.
    ///   - now: milliseconds since 1970.
    func reply(to request: HTTPRequest, from known: Machine?, at now: Int) -> HTTPReply {
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
        let isReport = path.text == Self.reportPath
        switch request.method {
        case .get where !isReport, .head where !isReport: break
        case .post where isReport: return report(request, query: target, at: now)
        case .get, .head, .post, .other: return Self.wrongMethod(isReport: isReport)
        }
        switch path.text {
        case "boot.ipxe": return script(dialect: nil, for: request, query: target, known: known)
        case "boot.gpxe": return script(dialect: .gpxe, for: request, query: target, known: known)
        case "healthz": return .text(200, "ok", event: .health)
        case "api/v1/join": return manifest(for: request, query: target, known: known, signed: false)
        case "api/v1/join.sig": return manifest(for: request, query: target, known: known, signed: true)
        case "api/v1/journal": return journal(query: target)
        case "join": return joinScript()
        case Self.executableName: return executable(for: request)
        case _ where path.isLocalDiskRefusal:
            return .text(404, "Boot from the local disk.", event: .leftToLocalDisk)
        default: return file(path, for: request)
        }
    }

    private static func wrongMethod(isReport: Bool) -> HTTPReply {
        .text(
            405, isReport ? "A report is sent by POST." : "This server answers GET and HEAD.",
            event: .refused(reason: "method"),
            headers: [HTTPHeader("Allow", isReport ? "POST" : "GET, HEAD")])
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
            return Self.reply(with: FileContent(name: path.text, file: try tree.open(path)), to: request)
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
}
