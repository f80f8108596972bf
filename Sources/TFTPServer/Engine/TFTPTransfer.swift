/// One file on its way to one client: RFC 1350 with options and windows (RFC 7440).
///
/// It counts blocks in 64 bits from 1, of which packets carry the low 16: numbers roll over to 0. It never sees
/// the file's bytes; its actions say which blocks are to be sent.
struct TFTPTransfer: Sendable {
    private enum Phase {
        /// The OACK was sent; ACK 0 is awaited.
        case options
        case blocks
    }

    let negotiation: TFTPNegotiation
    /// When it is to be told of the time again.
    private(set) var deadline: Duration
    /// The client has acknowledged something: its address is no forgery.
    private(set) var hasAnswered = false

    private var phase: Phase
    /// Nil until it is known (netascii). It is shorter than the others, and may be empty.
    private var lastBlock: UInt64?
    private var wireBytes: UInt64?
    /// The client has all blocks up to this one.
    private var acknowledged: UInt64 = 0
    /// The end of what is under way.
    private var sentThrough: UInt64 = 0
    private var highestSent: UInt64 = 0
    /// Some blocks were not accepted by the socket, and follow at the deadline.
    private var isHeldUp = false
    /// What is under way was sent before.
    private var isResent = false
    /// What was acknowledged last had been sent twice: each of its blocks may come with an acknowledgment that
    /// repeats the last one, and answering those would double everything from here on.
    private var expectsEchoes = false
    /// Where the window ended when an acknowledgment from its middle made us go back.
    private var recoveryEnd: UInt64 = 0
    /// How often the time ran out since the last progress.
    private var timeouts = 0
    private var retransmissions: UInt64 = 0
    private let started: Duration
    private var lastProgress: Duration

    /// - Parameter options: the request's.
    init(
        options: [TFTPOption], content: TFTPContent, limits: TFTPLimits, at now: Duration
    ) {
        negotiation = TFTPNegotiation(options, content: content, limits: limits)
        phase = negotiation.granted.isEmpty ? .blocks : .options
        if case .octets(let byteCount) = content {
            // An exact multiple ends with an empty block; so does nothing at all.
            lastBlock = byteCount / UInt64(negotiation.blockSizeBytes) + 1
            wireBytes = byteCount
        }
        started = now
        lastProgress = now
        deadline = now
    }

    /// Says what to send first. Until something comes back it is one packet, so that a forged address cannot
    /// multiply traffic.
    mutating func start(at now: Duration) -> TFTPAction {
        phase == .options ? sendOptions(at: now) : sendBlocks(from: 1, at: now)
    }

    /// The client has repeated its request.
    ///
    /// - Returns: nil when it had gone on before: this is a new request then.
    mutating func requestRepeated(at now: Duration) -> TFTPAction? {
        guard !hasAnswered else { return nil }
        retransmissions += 1
        return phase == .options ? .sendOptions : .sendBlocks(1...1)
    }

    mutating func received(_ packet: TFTPPacket, at now: Duration) -> TFTPAction {
        switch packet {
        case .acknowledgment(let block): acknowledge(block, at: now)
        case .error(let code, let text): clientFailed(code, text, at: now)
        case .readRequest, .writeRequest, .data, .optionAcknowledgment: .wait(until: deadline)
        }
    }

    mutating func timePassed(to now: Duration) -> TFTPAction {
        guard now >= deadline else { return .wait(until: deadline) }
        if isHeldUp && now - lastProgress < Self.maximumSilence {
            isHeldUp = false
            return sendBlocks(from: sentThrough + 1, at: now)
        }
        timeouts += 1
        guard mayTryAgain(at: now) else { return giveUp(at: now) }
        if phase == .options {
            retransmissions += 1
            return sendOptions(at: now)
        }
        isResent = true
        return sendBlocks(from: acknowledged + 1, at: now)
    }

    /// Tells where the content ends, once that is known (netascii).
    mutating func contentEnds(withBlock block: UInt64, wireBytes: UInt64) {
        lastBlock = block
        self.wireBytes = wireBytes
    }

    /// The socket's buffer is full: `block` and what follows could not be sent.
    mutating func couldNotSend(from block: UInt64, at now: Duration) {
        sentThrough = block - 1
        isHeldUp = true
        deadline = now + Self.pause
    }

    /// Ends it, because the client's port is used for something else or the server must.
    func ended(_ reason: TFTPAbandonment, at now: Duration) -> TFTPAction {
        if reason == .superseded && allIsSent { return .finish(summary(.lastAcknowledgmentMissing, at: now)) }
        return .abandon(reason, summary(nil, at: now))
    }
}

// MARK: - Sending

extension TFTPTransfer {
    /// How long a full socket buffer is given.
    private static let pause: Duration = .milliseconds(5)
    /// As patient as tftpd-hpa: 1, 2, 4, 8, 16 and 32 seconds. GRUB and menus stop reading for a while.
    private static let maximumTimeouts = 6
    /// For an address that may be forged: 1, 2, 4 and 8 seconds.
    private static let maximumOpeningTimeouts = 4
    /// With a `timeout` option of up to 255 seconds: when it has been repeated once at least.
    private static let maximumSilence: Duration = .seconds(120)

    private mutating func sendOptions(at now: Duration) -> TFTPAction {
        deadline = now + interval
        return .sendOptions
    }

    /// Sends from `first` to the window's end.
    private mutating func sendBlocks(from first: UInt64, at now: Duration) -> TFTPAction {
        deadline = now + interval
        let last = min(acknowledged + UInt64(negotiation.windowSize), lastBlock ?? .max)
        sentThrough = max(sentThrough, last)
        guard first <= last else { return .wait(until: deadline) }
        if first <= highestSent { retransmissions += min(last, highestSent) - first + 1 }
        highestSent = max(highestSent, last)
        return .sendBlocks(first...last)
    }

    private var interval: Duration {
        if hasAnswered, let timeout = negotiation.timeout { return timeout }
        return .seconds(Int64(1) << Int64(timeouts))
    }

    private func mayTryAgain(at now: Duration) -> Bool {
        guard hasAnswered else { return timeouts < Self.maximumOpeningTimeouts }
        return timeouts < Self.maximumTimeouts
            && (timeouts == 1 || now - lastProgress < Self.maximumSilence)
    }
}

// MARK: - What comes back

extension TFTPTransfer {
    private mutating func acknowledge(_ number: UInt16, at now: Duration) -> TFTPAction {
        if phase == .options {
            guard number == 0 else { return .wait(until: deadline) }
            phase = .blocks
            progress(at: now)
            return sendBlocks(from: 1, at: now)
        }
        let block = acknowledged + UInt64(number &- UInt16(truncatingIfNeeded: acknowledged))
        guard block <= highestSent else { return .wait(until: deadline) }
        guard block > acknowledged else { return acknowledgedAgain(at: now) }
        acknowledged = block
        progress(at: now)
        if block == lastBlock { return .finish(summary(.complete, at: now)) }
        guard block < sentThrough else { return sendBlocks(from: block + 1, at: now) }
        // The window's middle: the next one is lost. Except at the end of a window that we went back
        // into, which the client had whole after all: what it lacks is on its way.
        guard block != recoveryEnd else { return sendBlocks(from: sentThrough + 1, at: now) }
        recoveryEnd = sentThrough
        isResent = true
        return sendBlocks(from: block + 1, at: now)
    }

    /// An acknowledgment that says nothing new.
    ///
    /// Without windows it is never answered: that is the Sorcerer's Apprentice of RFC 1123 §4.2.3.1. With windows
    /// it means that a window's first block is lost, and is acted on once: EDK2 sends one for every block
    /// that it cannot use.
    private mutating func acknowledgedAgain(at now: Duration) -> TFTPAction {
        guard negotiation.windowSize > 1, hasAnswered, !isResent, !expectsEchoes, sentThrough > acknowledged
        else { return .wait(until: deadline) }
        isResent = true
        return sendBlocks(from: acknowledged + 1, at: now)
    }

    private mutating func progress(at now: Duration) {
        hasAnswered = true
        timeouts = 0
        lastProgress = now
        expectsEchoes = isResent
        isResent = false
        isHeldUp = false
    }

    private func clientFailed(
        _ code: TFTPErrorCode, _ text: String, at now: Duration
    ) -> TFTPAction {
        switch code {
        // EDK2 (8) and Intel's ROMs (0) ask for the size, hang up, and come back for the file.
        case .notDefined where phase == .options && negotiation.reportsSize,
            .optionNegotiation where phase == .options && negotiation.reportsSize:
            .finish(summary(.sizeProbe, at: now))
        case .notDefined, .optionNegotiation: .abandon(.endedByClient(text), summary(nil, at: now))
        // Its socket is gone: it has what it wanted.
        case .unknownTransferID where allIsSent: .finish(summary(.lastAcknowledgmentMissing, at: now))
        default: .abandon(.clientError(code, text), summary(nil, at: now))
        }
    }

    private func giveUp(at now: Duration) -> TFTPAction {
        guard hasAnswered else { return .abandon(.neverAnswered, summary(nil, at: now)) }
        if allIsSent { return .finish(summary(.lastAcknowledgmentMissing, at: now)) }
        return .abandon(.noAcknowledgment(block: acknowledged + 1), summary(nil, at: now))
    }

    /// Nothing but the acknowledgment of the end is missing.
    var allIsSent: Bool { hasAnswered && sentThrough == lastBlock }

    private func summary(_ outcome: TFTPSummary.Outcome?, at now: Duration) -> TFTPSummary {
        let blocks = outcome == .lastAcknowledgmentMissing ? sentThrough : acknowledged
        return TFTPSummary(
            outcome: outcome,
            bytes: min(blocks * UInt64(negotiation.blockSizeBytes), wireBytes ?? .max),
            retransmissions: retransmissions,
            duration: (outcome == .lastAcknowledgmentMissing ? lastProgress : now) - started)
    }
}
