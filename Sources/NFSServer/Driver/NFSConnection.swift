import SystemIO
import Wire

/// One client's stream: what came in of a record, and what of the replies has not gone out.
final class NFSConnection {
    /// At these bounds nothing more is read until the client has taken what it asked for.
    static let maximumUnsentReplies = 64
    static let maximumUnsentBytes = 256 * 1024

    let socket: StreamSocket
    let door: NFSEngine.Door
    let caller: RPCCaller
    var assembler = RecordAssembler()
    /// Bytes that were read and belong to no whole fragment yet, or wait for replies to go out.
    var unread: [UInt8] = []
    /// Whether the loop reports what comes in, and room to write.
    var isReading = true
    var isWriting = false
    /// When something last came in or went out.
    var lastProgress: ContinuousClock.Instant
    private var unsent: [UnsentPart] = []
    private var unsentStart = 0
    private var unsentBytes = 0
    private var unsentReplies = 0

    /// A piece of a reply that waits; where it ends a reply, that is counted.
    private enum UnsentPart {
        case bytes([UInt8], from: Int, endsReply: Bool)
        case file(NodeDescriptor, from: UInt64, count: Int)
    }

    init(_ socket: StreamSocket, door: NFSEngine.Door, caller: RPCCaller, now: ContinuousClock.Instant) {
        self.socket = socket
        self.door = door
        self.caller = caller
        lastProgress = now
    }

    var hasUnsent: Bool { unsentStart < unsent.count }

    /// Whether the client has to take replies before it may ask for more.
    var isFull: Bool {
        unsentReplies >= Self.maximumUnsentReplies || unsentBytes >= Self.maximumUnsentBytes
    }

    enum Outcome: Equatable {
        case open
        case closed
        /// A file became shorter while it was sent; what was promised cannot be kept.
        case fileEnded
    }

    /// Sends a reply whose mark is filled in, or what of it the socket takes; the rest waits.
    func send(_ reply: RPCReply, at now: ContinuousClock.Instant) -> Outcome {
        guard !hasUnsent else {
            queue(reply, from: 0, part: 0, sentOfPart: 0)
            return .open
        }
        let bytes = reply.xdr.bytes
        var start = 0
        for (index, part) in reply.parts.enumerated() {
            switch sendAll(bytes, &start, to: part.position, more: true) {
            case .open: break
            case let other: return other
            }
            guard start == part.position else {
                queue(reply, from: start, part: index, sentOfPart: 0)
                return .open
            }
            var sent = 0
            while sent < part.count {
                switch socket.send(part.file, from: part.offset + UInt64(sent), count: part.count - sent) {
                case .closed: return .closed
                case .fileEnded: return .fileEnded
                case .bytes(0):
                    queue(reply, from: start, part: index, sentOfPart: sent)
                    return .open
                case .bytes(let count): sent += count
                }
            }
        }
        let outcome = sendAll(bytes, &start, to: bytes.count, more: false)
        if outcome == .open, start < bytes.count {
            queue(reply, from: start, part: reply.parts.count, sentOfPart: 0)
        }
        lastProgress = now
        return outcome
    }

    private func sendAll(_ bytes: [UInt8], _ start: inout Int, to end: Int, more: Bool) -> Outcome {
        while start < end {
            switch socket.send(bytes, start..<end, more: more) {
            case .closed: return .closed
            case .fileEnded: return .fileEnded
            case .bytes(0): return .open
            case .bytes(let count): start += count
            }
        }
        return .open
    }

    private func queue(_ reply: RPCReply, from start: Int, part first: Int, sentOfPart: Int) {
        let bytes = reply.xdr.bytes
        var start = start
        for (index, part) in reply.parts.enumerated().dropFirst(first) {
            append(bytes, start..<max(start, part.position), endsReply: false)
            start = max(start, part.position)
            let sent = index == first ? sentOfPart : 0
            unsent.append(.file(part.file, from: part.offset + UInt64(sent), count: part.count - sent))
        }
        append(bytes, start..<bytes.count, endsReply: true)
        unsentReplies += 1
    }

    private func append(_ bytes: [UInt8], _ range: Range<Int>, endsReply: Bool) {
        guard !range.isEmpty || endsReply else { return }
        unsent.append(.bytes(Array(bytes[range]), from: 0, endsReply: endsReply))
        unsentBytes += range.count
    }

    /// Sends what waits, as far as the socket takes it.
    func flush(at now: ContinuousClock.Instant) -> Outcome {
        while unsentStart < unsent.count {
            switch unsent[unsentStart] {
            case .bytes(let bytes, let from, let endsReply):
                var start = from
                let outcome = sendAll(bytes, &start, to: bytes.count, more: !endsReply)
                unsentBytes -= start - from
                guard outcome == .open else { return outcome }
                guard start == bytes.count else {
                    unsent[unsentStart] = .bytes(bytes, from: start, endsReply: endsReply)
                    return .open
                }
                if endsReply { unsentReplies -= 1 }
            case .file(let file, let from, let count):
                switch socket.send(file, from: from, count: count) {
                case .closed: return .closed
                case .fileEnded: return .fileEnded
                case .bytes(let sent) where sent < count:
                    if sent > 0 { lastProgress = now }
                    unsent[unsentStart] = .file(file, from: from + UInt64(sent), count: count - sent)
                    if sent == 0 { return .open }
                    continue
                case .bytes: break
                }
            }
            lastProgress = now
            unsentStart += 1
            // A client that always leaves one reply in wait must not keep all that went before.
            if unsentStart >= Self.maximumUnsentReplies {
                unsent.removeFirst(unsentStart)
                unsentStart = 0
            }
        }
        unsent.removeAll(keepingCapacity: true)
        unsentStart = 0
        return .open
    }
}
