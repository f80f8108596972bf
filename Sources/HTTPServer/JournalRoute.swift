import BootCore
import SystemIO
import Wire

/// `POST /api/v1/join/report` and `GET /api/v1/journal`.
extension HTTPRoutes {
    static let reportPath = "api/v1/join/report"

    /// Writes down what a live host says of its way. All is in the query; a body is refused unread.
    func report(_ request: HTTPRequest, query target: RequestTarget, at now: Int) -> HTTPReply {
        guard !request.hasBody else {
            return Self.joinRefusal(413, "A report has no body: all of it stands in the query.")
        }
        guard let mac = target.value(of: "mac").flatMap({ MACAddress($0) }), mac.isUnicast else {
            return Self.joinRefusal(400, "A report needs the machine's MAC address: mac=52:54:00:12:34:56.")
        }
        guard let stage = target.value(of: "stage").flatMap(JoinStage.init) else {
            let stages = JoinStage.allCases.map(\.rawValue).joined(separator: ", ")
            return Self.joinRefusal(400, "A report needs a stage, one of \(stages).")
        }
        let report = JoinReport(
            mac: mac, uuid: target.value(of: "uuid").flatMap { SystemUUID($0) }, stage: stage,
            entry: target.value(of: "entry") ?? "", detail: target.value(of: "detail") ?? "",
            address: request.client)
        journal.note(report, at: now)
        return HTTPReply(
            status: 204, headers: [], body: .bytes([]), event: .report(report), machine: Machine(mac: mac))
    }

    /// The newest events, the newest last; of one machine with `?mac=`.
    func journal(query target: RequestTarget) -> HTTPReply {
        var mac: MACAddress?
        if let text = target.value(of: "mac") {
            guard let wanted = MACAddress(text) else {
                return .text(
                    400, "This is no MAC address; it looks like 52:54:00:12:34:56.",
                    event: .refused(reason: "no MAC address"))
            }
            mac = wanted
        }
        let events = journal.events(of: mac).map(\.json).joined(separator: ",\n")
        return HTTPReply(
            status: 200,
            headers: [
                HTTPHeader("Content-Type", ContentType.json), HTTPHeader("Cache-Control", "no-store"),
            ],
            body: .bytes(Array("{\"events\":[\(events)]}\n".utf8)), event: .journal)
    }
}

extension JournalEvent {
    fileprivate var json: String {
        var members = [
            ("time", WallClock(milliseconds: milliseconds).rfc3339), ("mac", mac.description),
        ]
        if let uuid { members.append(("uuid", uuid.description)) }
        members += [("ip", address.description), ("event", what.name)]
        if case .returned(let sign) = what { members.append(("by", sign.rawValue)) }
        if !entry.isEmpty { members.append(("entry", entry)) }
        if !detail.isEmpty { members.append(("detail", detail)) }
        let texts = members.map { "\"\($0.0)\":\(JSONText($0.1))" }
        let seconds = millisecondsSinceJump.map { ["\"seconds\":\($0 / 1000)"] } ?? []
        return "{" + (texts + seconds).joined(separator: ",") + "}"
    }
}
