import Testing

@testable import Kexec

@Suite("join.yaml")
struct JoinSettingsFileTests {
    @Test("Keys, quotes and comments are read as YAML means them")
    func reading() throws {
        let file = try JoinSettingsFile(
            parsing: """
                # the lab's server
                server: http://10.0.0.1:8080   # with its port
                append: "console=ttyS0 quiet"
                ip: 'static'
                entry: a#b
                """)
        #expect(
            file.values == [
                .server: "http://10.0.0.1:8080", .append: "console=ttyS0 quiet", .ip: "static", .entry: "a#b",
            ])
    }

    @Test(
        "Each mistake is named with its line",
        arguments: [
            ("\nservr: x", 2, JoinSettingsFile.Mistake.What.unknownKey("servr")),
            ("server: a\nserver: b", 2, .duplicate(.server)),
            ("server", 1, .notAKeyWithAValue("server")),
            ("server:x", 1, .notAKeyWithAValue("server:x")),
            ("  server: x", 1, .notAKeyWithAValue("  server: x")),
            ("ip: \"dhcp", 1, .unclosedQuote),
            ("ip: 'dhcp' x", 1, .notAKeyWithAValue("'dhcp' x")),
            ("ip: # none", 1, .noValue(.ip)),
        ])
    func mistakes(text: String, line: Int, what: JoinSettingsFile.Mistake.What) {
        #expect(throws: JoinSettingsFile.Mistake(line: line, what: what)) {
            try JoinSettingsFile(parsing: text)
        }
    }
}
