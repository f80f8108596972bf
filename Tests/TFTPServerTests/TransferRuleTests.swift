import Testing

@testable import TFTPServer

@Suite("The rules of a transfer")
struct TransferRuleTests {
    @Test(
        "Files of every size round a multiple of the block end as RFC 1350 says",
        arguments: [
            (bytes: UInt64(0), blocks: UInt16(1)), (1, 1), (511, 1), (512, 2), (513, 2), (1024, 3),
        ])
    func sizes(bytes: UInt64, blocks: UInt16) {
        let client = Dialogue(["f": bytes])
        client.asks("f", at: 0, "DATA 1")
        for block in 1..<blocks { client.acknowledges(block, at: Int(block), "DATA \(block + 1)") }
        client.acknowledges(blocks, at: 100, "end \(bytes) bytes, 0 again")
    }

    @Test("Until the first acknowledgment there is one packet at a time, four times, and then nothing")
    func amplification() {
        for (options, answer) in [
            ("", "DATA 1"), ("windowsize 64 timeout 1", "OACK windowsize 64 timeout 1"),
        ] {
            let forged = Dialogue(["f": 1_000_000])
            forged.asks("f", options, at: 0, answer)
            for second in [1, 3, 7] {
                forged.silence(until: second * 1000 - 1, "-")
                forged.silence(until: second * 1000, answer)
            }
            forged.silence(until: 14_999, "-")
            forged.silence(until: 15_000, "end: neverAnswered")
            #expect(forged.listener.count == 0)
        }
    }

    @Test("A block is sent again after 1, 2, 4, 8 and 16 seconds; the transfer ends after 63")
    func backoff() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 0, "DATA 2")
        for second in [1, 3, 7, 15, 31] {
            client.silence(until: second * 1000 - 1, "-")
            client.silence(until: second * 1000, "DATA 2")
        }
        client.silence(until: 62_999, "-")
        client.silence(until: 63_000, "end: noAcknowledgment(block: 2)")
        #expect(client.listener.count == 0)
    }

    @Test("Progress makes the server patient again")
    func progress() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", at: 0, "DATA 1")
        client.silence(until: 1000, "DATA 1")
        client.silence(until: 3000, "DATA 1")
        client.acknowledges(1, at: 4000, "DATA 2")
        client.silence(until: 4999, "-")
        client.silence(until: 5000, "DATA 2")
    }

    @Test("A timeout option of minutes does not keep a dead client's transfer for an hour")
    func longTimeout() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", "timeout 255", at: 0, "OACK timeout 255")
        client.acknowledges(0, at: 1000, "DATA 1")
        client.silence(until: 256_000, "DATA 1")
        client.silence(until: 511_000, "end: noAcknowledgment(block: 1)")
    }

    @Test("The Sorcerer's Apprentice does not start: a repeated acknowledgment sends nothing")
    func sorcerersApprentice() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 1, "DATA 2")
        client.acknowledges(1, at: 2, "-")
        client.acknowledges(1, at: 3, "-")
        client.acknowledges(2, at: 4, "DATA 3")
        client.acknowledges(1, at: 5, "-")
        client.acknowledges(2, at: 6, "-")
        // Of the future, and of another world.
        client.acknowledges(4, at: 7, "-")
        client.acknowledges(40_000, at: 8, "-")
        // None of them has put off the timeout.
        client.silence(until: 1003, "-")
        client.silence(until: 1004, "DATA 3")
    }

    @Test("An acknowledgment from the window's middle continues from the next block, once")
    func windowMiddle() {
        let client = Dialogue(["f": 100_000])
        client.asks("f", "windowsize 8", at: 0, "OACK windowsize 8")
        client.acknowledges(0, at: 1, "DATA 1-8")
        client.acknowledges(3, at: 2, "DATA 4-11")
        client.acknowledges(3, at: 3, "-")
        client.acknowledges(5, at: 4, "DATA 6-13")
        client.acknowledges(3, at: 5, "-")
        client.acknowledges(13, at: 6, "DATA 14-21")
    }

    @Test("A window's lost first block is sent again when its client says so, not after a second")
    func windowBeginning() {
        let client = Dialogue(["f": 100_000])
        client.asks("f", "windowsize 8", at: 0, "OACK windowsize 8")
        client.acknowledges(0, at: 1, "DATA 1-8")
        client.acknowledges(0, at: 2, "DATA 1-8")
        client.acknowledges(0, at: 3, "-")
        client.silence(until: 1002, "DATA 1-8")
    }

    @Test("The last window is as long as the file, and its end may be acknowledged alone")
    func lastWindow() {
        let client = Dialogue(["f": 512 * 10])
        client.asks("f", "windowsize 8", at: 0, "OACK windowsize 8")
        client.acknowledges(0, at: 1, "DATA 1-8")
        client.acknowledges(8, at: 2, "DATA 9-11")
        client.acknowledges(9, at: 3, "DATA 10-11")
        client.acknowledges(11, at: 4, "end 5120 bytes, 2 again")
    }

    @Test("A missing last acknowledgment is a success")
    func lastAcknowledgment() {
        let client = Dialogue(["f": 600])
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 1, "DATA 2")
        for second in [1, 3, 7, 15, 31] { client.silence(until: second * 1000 + 1, "DATA 2") }
        client.silence(until: 63_001, "end 600 bytes, last ACK missing")
        // Or its socket is gone already.
        client.port += 1
        client.asks("f", at: 70_000, "DATA 1")
        client.acknowledges(1, at: 70_001, "DATA 2")
        client.fails(5, "unknown port", at: 70_002, "end 600 bytes, last ACK missing")
    }

    @Test("Client errors 0 and 8 are its normal end, others are failures")
    func clientErrors() {
        for (code, expected) in [
            (UInt16(0), #"end: endedByClient("x")"#), (8, #"end: endedByClient("x")"#),
            (3, #"end: clientError(TFTPServer.TFTPErrorCode(rawValue: 3), "x")"#),
            (5, #"end: clientError(TFTPServer.TFTPErrorCode(rawValue: 5), "x")"#),
        ] {
            let client = Dialogue(["f": 10_000])
            client.asks("f", at: 0, "DATA 1")
            client.fails(code, "x", at: 1, expected)
            #expect(client.listener.count == 0)
        }
        // A refused OACK without tsize is no probe.
        let client = Dialogue(["f": 10_000])
        client.asks("f", "blksize 600", at: 0, "OACK blksize 600")
        client.fails(8, "no", at: 1, #"end: endedByClient("no")"#)
    }

    @Test("What has no business in a read is passed over")
    func foreignPackets() {
        let client = Dialogue(["f": 10_000])
        client.asks("f", at: 0, "DATA 1")
        client.transferPort(.data(block: 1, content: [1]), at: 1, "-")
        client.transferPort(.optionAcknowledgment([]), at: 2, "-")
        client.transferPort(.readRequest(TFTPRequest(file: [0x66], mode: .octet)), at: 3, "-")
        client.acknowledges(1, at: 4, "DATA 2")
    }

    @Test("A full socket buffer delays a window's rest by 5 ms, and loses nothing")
    func fullBuffer() {
        let client = Dialogue(["f": 100_000])
        client.asks("f", "windowsize 8", at: 0, "OACK windowsize 8")
        client.acknowledges(0, at: 1, "DATA 1-8")
        client.socketRefuses(from: 5, at: 1)
        client.silence(until: 5, "-")
        client.silence(until: 6, "DATA 5-8")
        client.socketRefuses(from: 5, at: 6)
        // The client got nothing new and repeats itself; the rest comes all the same.
        client.acknowledges(0, at: 7, "DATA 1-8")
        client.acknowledges(8, at: 8, "DATA 9-16")
    }

    @Test("A socket that never takes anything ends its transfer")
    func blockedSocket() {
        let client = Dialogue(["f": 100_000])
        client.asks("f", at: 0, "DATA 1")
        client.acknowledges(1, at: 0, "DATA 2")
        var now = 0
        var last = ""
        while client.listener.count > 0 && now < 1_000_000 {
            client.socketRefuses(from: 2, at: now)
            now += 5
            last = client.listener.timePassed(to: .milliseconds(now)).isEmpty ? last : "\(now)"
        }
        #expect(now >= 120_000 && now < 200_000, "\(last)")
    }

    @Test("The server's end is told to the client")
    func shutdown() {
        let client = Dialogue(["f": 100_000])
        client.asks("f", at: 0, "DATA 1")
        #expect(client.serverStops(at: 1) == "ERROR 0 server shutting down")
        #expect(client.listener.count == 0)
    }
}
