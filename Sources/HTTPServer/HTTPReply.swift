import BootCore
import SystemIO

/// One answer, before it is on the wire.
struct HTTPReply: Sendable {
    var status: Int
    /// In their order, after `Date` and `Connection` and before `Content-Length`, which the library adds.
    ///
    /// lpxelinux ignores whichever header comes last: that is `Content-Length`, of which it makes nothing.
    var headers: [HTTPHeader]
    /// For HEAD and for 304 only its length is told.
    var body: Body
    /// What the log says of it.
    var event: HTTPEvent
    /// What the request told about the machine that sent it, with what was known.
    var machine: Machine?

    enum Body: Sendable {
        case bytes([UInt8])
        case file(OpenFile, Range<Int64>)

        var byteCount: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, let range): range.upperBound - range.lowerBound
            }
        }
    }
}

struct HTTPHeader: Equatable, Sendable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a request was about.
enum HTTPEvent: Equatable, Sendable {
    case file(path: String)
    /// The generated script: what it boots, and the parts of the query that were of no use.
    case script(entry: String, ignored: [String])
    case notFound(path: String, reason: String)
    /// The client's own fault.
    case refused(reason: String)
    /// Ours.
    case failed(reason: String)
    /// The boot file that is only there to be refused, so that UEFI goes on to the disk.
    case leftToLocalDisk
    case health
    /// A live host's manifest or its signature: what it boots, and the parts of the query that were of no use.
    case join(boots: String, isSignature: Bool, ignored: [String])
    case joinRefused(reason: String)
    case report(JoinReport)
    case journal
    /// A file that is netbootd's and not the tree's.
    case ownFile(name: String)
    /// In a moment there will be an answer.
    case notReady(String)

    /// Whether a machine that has just been started asks for such a thing, and none that is about to end.
    var isOfBoot: Bool {
        switch self {
        case .file, .script, .notFound, .leftToLocalDisk: true
        case .refused, .failed, .health, .join, .joinRefused, .report, .journal, .ownFile, .notReady: false
        }
    }
}

extension HTTPReply {
    /// A line of text.
    static func text(
        _ status: Int, _ text: String, event: HTTPEvent, headers: [HTTPHeader] = [], machine: Machine? = nil
    ) -> HTTPReply {
        HTTPReply(
            status: status, headers: [HTTPHeader("Content-Type", ContentType.text)] + headers,
            body: .bytes(Array((text + "\n").utf8)), event: event, machine: machine)
    }

    /// When there is no descriptor or no memory left for an answer. That passes: iPXE and curl come again after
    /// this many seconds.
    static let noResources = failure("no descriptor or memory left")

    static func failure(_ reason: String) -> HTTPReply {
        .text(
            503, "This server cannot open that file now.", event: .failed(reason: reason),
            headers: [HTTPHeader("Retry-After", "2")])
    }
}
