import BootCore
import Testing

@Suite("Templates")
struct TemplateTests {
    struct Row: Sendable {
        var text: String
        var expanded: String
        var placeholders: [String] = []
    }

    @Test(
        "Placeholders are filled in, iPXE's settings and doubled braces are not",
        arguments: [
            Row(text: "", expanded: ""),
            Row(text: "quiet", expanded: "quiet"),
            Row(text: "{mac}", expanded: "<mac>", placeholders: ["mac"]),
            Row(
                text: "a={mac-hyphen} b={x_1}c", expanded: "a=<mac-hyphen> b=<x_1>c",
                placeholders: ["mac-hyphen", "x_1"]),
            Row(text: "ip=${net0/ip} {mac}", expanded: "ip=${net0/ip} <mac>", placeholders: ["mac"]),
            Row(text: "${mac}", expanded: "${mac}"),
            Row(text: "${open", expanded: "${open"),
            Row(text: "${", expanded: "${"),
            Row(text: "{{mac}}", expanded: "{mac}"),
            Row(text: "a}b", expanded: "a}b"),
            Row(text: "a}}b", expanded: "a}b"),
            Row(text: "${a}{mac}${b}", expanded: "${a}<mac>${b}", placeholders: ["mac"]),
            Row(text: "{none}.", expanded: ".", placeholders: ["none"]),
        ])
    func expands(row: Row) throws {
        let template = try Template(row.text)
        #expect(template.placeholders == row.placeholders)
        #expect(template.expanded { $0 == "none" ? nil : "<\($0)>" } == row.expanded)
    }

    @Test("What is filled in is not expanded again")
    func once() throws {
        #expect(try Template("{a} {b}").expanded { $0 == "a" ? "{b}" : "x" } == "{b} x")
    }

    @Test(
        "A brace without its partner or without a name says where it stands",
        arguments: [
            ("root={mac", Template.ParseError.unclosedBrace(offset: 5)),
            ("{", .unclosedBrace(offset: 0)),
            ("ab{}", .badName("", offset: 2)),
            ("{a b}", .badName("a b", offset: 0)),
            ("{mäc}", .badName("mäc", offset: 0)),
            ("x{a{b}", .badName("a{b", offset: 1)),
        ])
    func refuses(text: String, error: Template.ParseError) {
        #expect(throws: error) { try Template(text) }
    }
}
