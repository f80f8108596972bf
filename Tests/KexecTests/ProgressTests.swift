import Testing

@testable import Kexec

@Suite("Progress")
struct ProgressTests {
    private let start = ContinuousClock.now

    private func meter(_ total: Int64?, _ steps: [(Double, Int64)]) -> ProgressMeter {
        var meter = ProgressMeter(label: "initrd", total: total, at: start)
        for (seconds, bytes) in steps { meter.advance(to: bytes, at: start + .seconds(seconds)) }
        return meter
    }

    @Test("A bar has bytes, rate and the time that is left, and fits its terminal")
    func bar() {
        let half = meter(20 << 20, [(1, 5 << 20), (2, 10 << 20)])
        let marks = String(repeating: "#", count: 20) + String(repeating: " ", count: 20)
        #expect(half.bar(width: 120) == "initrd  [\(marks)]   50%  10.0/20.0 MiB  5.0 MiB/s  0:02 left")
        for width in [20, 40, 60, 80, 200] { #expect(half.bar(width: width).utf8.count < max(11, width)) }
        #expect(half.line == "initrd: 50%, 10.0/20.0 MiB, 5.0 MiB/s, 0:02 left")
        #expect(meter(20 << 20, [(2, 20 << 20)]).summary == "initrd: 20.0 MiB in 2.0 s (10.0 MiB/s)")
    }

    @Test("Without a size there is neither share nor bar, without time no rate")
    func unknowns() {
        #expect(meter(nil, [(1, 1000)]).bar(width: 80) == "initrd  1000 bytes  1000 bytes/s")
        #expect(meter(0, []).percent == 100)
        #expect(meter(100, []).line == "initrd: 0%, 0.0/100.0 bytes")
        #expect(meter(Int64.max, [(1, Int64.max - 1)]).percent == 100)
    }

    @Test("The rate is that of the last seconds, and a new start forgets it")
    func rate() {
        var meter = meter(1 << 40, (1...40).map { (Double($0) * 0.25, Int64($0) * 1_000_000) })
        #expect(Int(meter.rate.rounded()) == 4_000_000)
        for step in 41...80 { meter.advance(to: 40_000_000, at: start + .seconds(Double(step) * 0.25)) }
        #expect(meter.rate == 0 && meter.secondsLeft == nil, "it stands still")
        meter.advance(to: 0, at: start + .seconds(21))
        meter.advance(to: 500, at: start + .seconds(22))
        #expect(meter.rate == 500)
    }

    private func shown(_ style: ProgressReporter.Style) throws -> [String] {
        var output: [String] = []
        let artifact = Artifact(url: try HTTPURL("http://a/i"), label: "initrd")
        var reporter = ProgressReporter(style: style) { output.append($0) }
        reporter.take(.started(artifact, byteCount: 1000), at: start)
        for step in 1...100 { reporter.take(.progress(Int64(step) * 10), at: start + .seconds(Double(step) * 0.05)) }
        reporter.take(.interrupted("it broke", pause: .milliseconds(500)), at: start + .seconds(5))
        let fetched = FetchedArtifact(artifact: artifact, byteCount: 1000, sha256: "ab", isVerified: true)
        reporter.take(.finished(fetched), at: start + .seconds(5))
        return output
    }

    @Test("Elsewhere than on a terminal there is a line at the start, now and then, and at the end")
    func lines() throws {
        let lines = try shown(.lines)
        #expect(lines.first == "initrd: http://a/i (1000 bytes)\n")
        #expect(lines.count == 8, "one a second: \(lines)")
        #expect(lines.dropLast().last == "it broke; again in 0.5 s\n")
        #expect(lines.last == "initrd: 1000 bytes in 5.0 s (200 bytes/s), SHA-256 verified\n")
    }

    @Test("On a terminal the line is drawn anew at most ten times a second")
    func terminal() throws {
        let output = try shown(.terminal(width: 80))
        #expect(output.count == 52)
        #expect(output[0].hasPrefix("\rinitrd  [") && output[0].hasSuffix("\u{1b}[K"))
        #expect(output[51].hasSuffix("verified\u{1b}[K\n"))
        #expect(try shown(.silent).isEmpty)
    }
}
