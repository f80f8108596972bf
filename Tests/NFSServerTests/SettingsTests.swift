import NFSServer
import Testing
import Wire

@Suite("Export settings")
struct SettingsTests {
    @Test("Clients are written as exports(5) writes them")
    func clients() throws {
        #expect(ExportClients.everyone.description == "*")
        #expect(ExportClients.network(try #require(IPNetwork("10.0.0.0/24"))).description == "10.0.0.0/24")
        #expect(ExportClients.name("*.lab.example").description == "*.lab.example")
    }
}
