import BootCore
import Synchronization
import Testing
import Wire

@Suite("The journal of hosts that go into another system")
struct BootJournalTests {
    private let address = IPv4Address(10, 0, 0, 9)

    private func report(_ stage: JoinStage, _ machine: UInt8 = 1, entry: String = "alpine") -> JoinReport {
        JoinReport(mac: mac(machine), stage: stage, entry: entry, address: address)
    }

    private func names(_ events: [JournalEvent]) -> [String] { events.map(\.what.name) }

    @Test("A machine jumps, is noticed by its MAC or its address, and that ends the wait once")
    func returns() {
        let ways: [(MACAddress?, IPv4Address?, SignOfLife)] = [
            (mac(1), nil, .dhcp), (nil, address, .tftp), (mac(7), address, .http), (mac(1), nil, .firmware),
        ]
        for (noticed, from, sign) in ways {
            let journal = BootJournal(backWithin: .seconds(60))
            journal.note(report(.loaded), at: 500)
            #expect(journal.deadline == nil)
            journal.note(report(.jumping), at: 1000)
            #expect(journal.deadline == 61_000)
            journal.noticed(mac: mac(2), address: IPv4Address(10, 0, 0, 8), by: .http, at: 2000)
            #expect(journal.deadline == 61_000)
            journal.noticed(mac: noticed, address: from, by: sign, at: 9000)
            journal.noticed(mac: noticed, address: from, by: sign, at: 9001)
            #expect(journal.deadline == 0, "there is news")
            let ends = journal.passTime(to: 9002)
            #expect(ends.map(\.what) == [.returned(by: sign)])
            #expect(ends.first?.millisecondsSinceJump == 8000 && ends.first?.entry == "alpine")
            #expect(journal.passTime(to: 100_000) == [] && journal.deadline == nil)
            #expect(names(journal.events()) == ["loaded", "jumping", "returned"])
        }
    }

    @Test("A machine that does not come back is missing, once; it may still come later")
    func missing() {
        let journal = BootJournal(backWithin: .seconds(60))
        journal.note(report(.jumping), at: 0)
        #expect(journal.passTime(to: 59_999) == [])
        #expect(journal.passTime(to: 60_000).map(\.what) == [.missing])
        #expect(journal.passTime(to: 60_001) == [] && journal.deadline == nil)
        journal.noticed(mac: mac(1), address: nil, by: .dhcp, at: 90_000)
        #expect(journal.passTime(to: 90_000).map(\.millisecondsSinceJump) == [90_000])
        #expect(names(journal.events(of: mac(1))) == ["jumping", "missing", "returned"])
    }

    @Test("A report never ends a wait, whatever it says")
    func reportsDoNotEnd() {
        let journal = BootJournal(backWithin: .seconds(60))
        journal.note(report(.jumping), at: 0)
        for stage in JoinStage.allCases where stage != .jumping { journal.note(report(stage), at: 10) }
        #expect(journal.deadline == 60_000)
        #expect(journal.passTime(to: 60_000).map(\.what) == [.missing])
    }

    @Test("A changed patience holds for those who wait already, and wakes whoever sleeps until then")
    func patience() {
        let woken = Mutex(0)
        let journal = BootJournal(backWithin: .seconds(60)) { woken.withLock { $0 += 1 } }
        journal.note(report(.loaded), at: 0)
        #expect(woken.withLock { $0 } == 0)
        journal.note(report(.jumping), at: 0)
        journal.setBackWithin(.seconds(30))
        #expect(journal.deadline == 30_000)
        journal.noticed(mac: mac(1), address: nil, by: .dhcp, at: 1)
        #expect(woken.withLock { $0 } == 3)
    }

    @Test("It keeps so many events of so many machines, and forgets last those that are on their way")
    func bounds() {
        let journal = BootJournal(maximumMachines: 3, maximumEvents: 2)
        journal.note(report(.jumping, 1), at: 0)
        for number in 0..<5 { journal.note(report(.joined, 2), at: number) }
        #expect(journal.events(of: mac(2)).map(\.milliseconds) == [3, 4])
        for machine in UInt8(3)...20 { journal.note(report(.joined, machine), at: 10) }
        #expect(Set(journal.events().map(\.mac)) == [mac(1), mac(19), mac(20)])
        for machine in UInt8(21)...40 { journal.note(report(.jumping, machine), at: 20) }
        #expect(Set(journal.events().map(\.mac)) == [mac(38), mac(39), mac(40)])
        #expect(journal.passTime(to: .max / 2).count == 3)
        #expect(journal.events(limit: 1).count == 1)
    }

    @Test(
        "A report's words are cut and cannot break a line",
        arguments: [
            ("alpine", "alpine"), ("a\nb\u{1b}[2J", "a?b?[2J"), ("\u{202e}x", "?x"), ("", ""),
            (String(repeating: "x", count: 500), String(repeating: "x", count: 64)),
            (String(repeating: "ü", count: 500), String(repeating: "ü", count: 32)),
        ])
    func words(text: String, kept: String) {
        let report = JoinReport(mac: mac(1), stage: .failed, entry: text, detail: text, address: address)
        #expect(report.entry == kept)
        #expect(report.detail.utf8.count <= JoinReport.maximumDetailBytes && report.detail.hasPrefix(kept))
    }
}
