import Testing

@testable import TFTPServer

@Suite("Block numbers past 65535")
struct RolloverTests {
    @Test("They go on with 0, window by window, through a file of 200,000 blocks", arguments: [1, 3, 16, 64])
    func rollover(windowSize: UInt64) {
        let blockCount = UInt64(200_000)
        var transfer = TFTPTransfer(
            options: [TFTPOption("windowsize", String(windowSize))],
            content: .octets(byteCount: (blockCount - 1) * 512 + 7),
            limits: TFTPLimits(mtu: 1500, maximumWindowSize: 64), at: .zero)
        var isAsExpected = transfer.start(at: .zero) == .sendOptions
        var acknowledged = UInt64(0)
        while acknowledged < blockCount {
            let last = min(acknowledged + windowSize, blockCount)
            let action = transfer.received(
                .acknowledgment(block: UInt16(truncatingIfNeeded: acknowledged)), at: .zero)
            isAsExpected = isAsExpected && action == .sendBlocks(acknowledged + 1...last)
            acknowledged = last
        }
        #expect(isAsExpected)
        let end = transfer.received(.acknowledgment(block: UInt16(truncatingIfNeeded: blockCount)), at: .zero)
        #expect(
            end
                == .finish(
                    TFTPSummary(
                        outcome: .complete, bytes: (blockCount - 1) * 512 + 7, retransmissions: 0,
                        duration: .zero)))
    }

    @Test("A window across the wrap is acknowledged in its middle, at the wrap and again")
    func windowAcrossTheWrap() {
        var transfer = TFTPTransfer(
            options: [TFTPOption("windowsize", "8")], content: .octets(byteCount: 1 << 40),
            limits: TFTPLimits(mtu: 1500, maximumWindowSize: 64), at: .zero)
        _ = transfer.start(at: .zero)
        for block in stride(from: UInt16(0), through: 65528, by: 8) {
            _ = transfer.received(.acknowledgment(block: block), at: .zero)
        }
        // 65529 to 65536 are under way; the last of them is numbered 0.
        let middle = transfer.received(.acknowledgment(block: 65533), at: .zero)
        #expect(middle == .sendBlocks(65534...65541))
        let zero = transfer.received(.acknowledgment(block: 0), at: .zero)
        // Where the window before ended: the client has it whole, and the rest is on its way.
        #expect(zero == .sendBlocks(65542...65544))
        let old = transfer.received(.acknowledgment(block: 65533), at: .zero)
        #expect(old == .wait(until: .seconds(1)))
        let next = transfer.received(.acknowledgment(block: 8), at: .zero)
        #expect(next == .sendBlocks(65545...65552))
    }
}
