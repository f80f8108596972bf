import BootMenus
import Testing

@Suite("Entries")
struct MenuEntryTests {
    @Test("An entry has a title")
    func title() { #expect(MenuEntry(title: "a").title == "a") }
}
