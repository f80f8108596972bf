import Testing

@testable import TFTPServer

@Suite("A network that loses, repeats and delays")
struct LossTests {
    static let windowSizes = [1, 2, 3, 4, 5, 8, 16, 63, 64]

    @Test("Any one packet may be lost, at any window size, and the file arrives", arguments: windowSizes)
    func oneLoss(windowSize: Int) {
        let blockCount = UInt64(windowSize * 3 + windowSize / 2 + 1)
        for habit in LossyPair.Habit.allCases {
            let whole = run(blockCount, windowSize, habit) { _ in .delivered }
            #expect(whole.blocksSent == blockCount)
            #expect(whole.duration < .milliseconds(100))
            for lost in 0..<whole.packets {
                let outcome = run(blockCount, windowSize, habit) { $0 == lost ? .lost : .delivered }
                #expect(outcome.isComplete, "packet \(lost), \(habit)")
                // Two windows are sent again at worst, and one timeout is waited for, the client's or the
                // server's own. Whoever loses the last acknowledgment has gone: the server tries five times.
                let isLastAcknowledgment = lost == whole.packets - 1
                let windows: UInt64 = isLastAcknowledgment ? 5 : 2
                #expect(
                    outcome.blocksSent <= blockCount + windows * UInt64(windowSize),
                    "packet \(lost), \(habit)")
                #expect(
                    outcome.duration < .seconds(isLastAcknowledgment ? 64 : 3), "packet \(lost), \(habit)")
            }
        }
    }

    @Test("Any one packet may come twice, and the answers do not feed on themselves", arguments: windowSizes)
    func oneDouble(windowSize: Int) {
        let blockCount = UInt64(windowSize * 3 + windowSize / 2 + 1)
        for habit in LossyPair.Habit.allCases {
            let whole = run(blockCount, windowSize, habit) { _ in .delivered }
            for doubled in 0..<whole.packets {
                let outcome = run(blockCount, windowSize, habit) { $0 == doubled ? .doubled : .delivered }
                #expect(outcome.isComplete)
                // With windows a repeated acknowledgment may mean that a block is lost; once.
                let allowance = windowSize == 1 ? 0 : 2 * UInt64(windowSize)
                #expect(outcome.blocksSent <= blockCount + allowance, "packet \(doubled), \(habit)")
            }
        }
    }

    @Test("Loss, doubling and delay at random end in a whole file and no storm", arguments: windowSizes)
    func random(windowSize: Int) {
        for seed in 0..<30 {
            for habit in LossyPair.Habit.allCases {
                var random = SplitMix(seed: UInt64(seed * 1000 + windowSize))
                let blockCount = UInt64(windowSize * 10 + 1)
                let outcome = run(blockCount, windowSize, habit) { _ in
                    switch random.next() % 100 {
                    case 0: .lost
                    case 1: .doubled
                    case 2: .late
                    default: .delivered
                    }
                }
                #expect(outcome.isComplete, "seed \(seed), \(habit)")
                // To go back costs a window, which large ones do often; it never feeds on itself.
                #expect(
                    outcome.blocksSent <= blockCount * UInt64(2 + windowSize / 4), "seed \(seed), \(habit)")
            }
        }
    }

    @Test("A network that doubles everything costs no more than the window again", arguments: [1, 2, 4, 8])
    func allDoubled(windowSize: Int) {
        let blockCount = UInt64(windowSize * 20)
        for habit in LossyPair.Habit.allCases {
            let outcome = run(blockCount, windowSize, habit) { _ in .doubled }
            #expect(outcome.isComplete)
            let factor = windowSize == 1 ? 1 : UInt64(windowSize) + 1
            #expect(outcome.blocksSent <= blockCount * factor, "\(habit): \(outcome.blocksSent)")
        }
    }

    private func run(
        _ blockCount: UInt64, _ windowSize: Int, _ habit: LossyPair.Habit,
        fate: @escaping (Int) -> LossyPair.Fate
    ) -> LossyPair.Outcome {
        var pair = LossyPair(blockCount: blockCount, windowSize: windowSize, habit: habit, fate: fate)
        return pair.run()
    }
}
