import SystemIO

/// A file as it goes out.
struct FileContent {
    /// For the log; its ending says the type.
    var name: String
    var file: OpenFile
    var validators: Validators
    /// Beside those that every file has.
    var headers: [HTTPHeader] = []
    var hasRanges = true
    var event: HTTPEvent

    init(name: String, file: OpenFile) {
        self.name = name
        self.file = file
        validators = Validators(file.identity)
        event = .file(path: name)
    }
}

extension HTTPRoutes {
    static func reply(with content: FileContent, to request: HTTPRequest) -> HTTPReply {
        let (file, validators) = (content.file, content.validators)
        var reply = HTTPReply(
            status: 200, headers: [HTTPHeader("Content-Type", ContentType.of(content.name))],
            body: .file(file, 0..<file.byteCount), event: content.event)
        reply.headers += [
            HTTPHeader("Last-Modified", validators.lastModified.text),
            HTTPHeader("ETag", validators.entityTag),
            HTTPHeader("Accept-Ranges", content.hasRanges ? "bytes" : "none"),
        ]
        reply.headers += content.headers
        switch request.conditions.verdict(for: validators) {
        case .proceed: break
        case .notModified:
            reply.status = 304
            return reply
        case .failed:
            return .text(
                412, "The file has changed.", event: .refused(reason: "\(content.name) has changed meanwhile")
            )
        }
        // A range is for GET alone (RFC 7233 §3.1).
        guard content.hasRanges, request.method == .get, request.conditions.allowsRange(of: validators) else {
            return reply
        }
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
                event: .refused(reason: "\(content.name) ends before \(request.range ?? "")"),
                headers: [HTTPHeader("Content-Range", "bytes */\(file.byteCount)")])
        }
        return reply
    }
}
