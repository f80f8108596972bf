import BootCore
import TestSupport
import Testing
import Wire

@testable import DHCPServer

extension ServiceTests {
    @Test(
        "Whoever jumped into another system and wants an address is back; firmware that wants one was reset")
    func journal() throws {
        for (options, sign) in [([:], SignOfLife.dhcp), (ClientOptions.uefi, .firmware)] {
            let folder = try TemporaryFolder()
            let path = folder.path
            let events = try TestNetwork.run { network in
                let journal = BootJournal()
                journal.note(
                    JoinReport(mac: Self.mac, stage: .jumping, address: IPv4Address(10, 0, 0, 9)), at: 0)
                let service = try Self.service(on: network, in: path, journal: journal)
                try service.start()
                defer { service.stop() }
                _ = try TestClient().ask(ClientMessage(.discover, from: Self.mac, options))
                return journal.events()
            }
            #expect(events.map(\.what) == [.reported(.jumping), .returned(by: sign)])
        }
    }
}
