import Testing
import Wire

@Suite("A stranger's text in a log")
struct HarmlessTextTests {
    @Test(
        "Words in any script stay as they are",
        arguments: ["", "undionly.kpxe", "a b~", "größe", "рабочий-стол", "機器", "🖥"])
    func keeps(text: String) {
        #expect(harmlessText(text) == text)
    }

    @Test(
        "What would end a line, steer a terminal or turn its text round becomes a question mark",
        arguments: [
            ("a\nb\r\nc", "a?b??c"), ("\u{0}\t\u{1f}", "???"),
            ("\u{1b}[2J", "?[2J"), ("a\u{7f}", "a?"),
            ("\u{80}\u{85}\u{9b}2J\u{9f}", "???2J?"),
            ("a\u{2028}b\u{2029}c", "a?b?c"),
            ("\u{202e}gpj.exe\u{202c}", "?gpj.exe?"), ("\u{2066}a\u{2069}", "?a?"),
            ("\u{200e}\u{200f}\u{61c}", "???"), ("\u{feff}a", "?a"),
        ])
    func replaces(text: String, shown: String) {
        #expect(harmlessText(text) == shown)
    }
}
