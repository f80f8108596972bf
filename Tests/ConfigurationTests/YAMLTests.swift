import Testing

@testable import Configuration

@Suite("YAML, as far as a configuration needs it")
struct YAMLTests {
    private func document(_ text: String) throws(YAMLFailure) -> YAMLDocument {
        try YAMLDocument(parsing: Array(text.utf8))
    }

    private func failure(of bytes: [UInt8]) -> YAMLFailure? {
        do throws(YAMLFailure) {
            return try YAMLDocument(parsing: bytes).failures.first
        } catch {
            return error
        }
    }

    private func failure(of text: String) -> YAMLFailure? { failure(of: Array(text.utf8)) }

    private func place(_ line: Int, _ column: Int) -> SourcePlace { SourcePlace(line: line, column: column) }

    @Test("Every value knows its line and column, counted in characters from 1")
    func positions() throws {
        let root = try document("# comment\nä: 'ö'\nlist:\n  - x\n  - {k: [1, \"zwei\"]}\n").root
        guard case .mapping(let entries) = root.content, entries.count == 2,
            case .sequence(let items) = entries[1].value.content, items.count == 2,
            case .mapping(let inner) = items[1].content,
            case .sequence(let numbers) = inner[0].value.content
        else {
            Issue.record("another shape: \(root)")
            return
        }
        #expect(root.start == place(2, 1))
        #expect(entries[0].key == "ä" && entries[0].keyPlace == place(2, 1))
        #expect(
            entries[0].value
                == YAMLNode(content: .scalar("ö", isPlain: false), start: place(2, 4), end: place(2, 7)))
        #expect(items[0].start == place(4, 5))
        #expect(items[1].start == place(5, 5))
        #expect(inner[0].keyPlace == place(5, 6))
        #expect(numbers.map(\.start) == [place(5, 10), place(5, 13)])
        #expect(numbers.map(\.content) == [.scalar("1", isPlain: true), .scalar("zwei", isPlain: false)])
    }

    @Test(
        "Nothing is told from text that looks like it",
        arguments: [
            ("", true), ("~", true), ("null", true), ("''", false), ("\"null\"", false), ("no", false),
        ])
    func emptiness(text: String, isEmpty: Bool) throws {
        let root = try document("key: \(text)\n").root
        guard case .mapping(let entries) = root.content else { return }
        #expect(entries.map(\.value.isEmpty) == [isEmpty])
    }

    @Test("A duplicate key is told with both places, and the rest is read on")
    func duplicateKeys() throws {
        let document = try document("a: 1\nb: 2\na: 3\nb: 4\nc: 5\n")
        #expect(
            document.failures == [
                YAMLFailure(problem: .duplicateKey("a", first: place(1, 1)), place: place(3, 1)),
                YAMLFailure(problem: .duplicateKey("b", first: place(2, 1)), place: place(4, 1)),
            ])
        guard case .mapping(let entries) = document.root.content else { return }
        #expect(entries.map(\.key) == ["a", "b", "c"])
    }

    @Test("Anchors, aliases and tags are refused, each at its place")
    func refusedFeatures() throws {
        let failures = try document("a: &x 1\nb: *x\nc: !!str 2\nd: !own {e: 1}\n? [1]\n: 2\n").failures
        #expect(
            failures == [
                YAMLFailure(problem: .anchor, place: place(1, 4)),
                YAMLFailure(problem: .alias, place: place(2, 4)),
                YAMLFailure(problem: .tag("tag:yaml.org,2002:str"), place: place(3, 4)),
                YAMLFailure(problem: .tag("!own"), place: place(4, 4)),
                YAMLFailure(problem: .keyIsNotText, place: place(5, 3)),
            ])
    }

    @Test("What cannot be read says where it begins")
    func unreadable() {
        #expect(failure(of: "") == YAMLFailure(problem: .noDocument, place: place(1, 1)))
        #expect(failure(of: "# nothing\n") == YAMLFailure(problem: .noDocument, place: place(1, 1)))
        #expect(failure(of: "a: 1\n---\nb: 2\n")?.problem == .secondDocument)
        #expect(failure(of: "a: 1\n---\nb: 2\n")?.place == place(2, 1))
        #expect(failure(of: "a:\n\tb: 1\n") == YAMLFailure(problem: .tab, place: place(2, 1)))
        #expect(
            failure(of: "a: 1\nb: \u{7}\n") == YAMLFailure(problem: .controlCharacter(7), place: place(2, 4)))
        #expect(failure(of: "a: \0\n") == YAMLFailure(problem: .controlCharacter(0), place: place(1, 4)))
        #expect(
            failure(of: Array("ab\nc: ".utf8) + [0xff, 0x0a])
                == YAMLFailure(problem: .notUTF8(offset: 6), place: place(2, 4)))
        #expect(failure(of: [0xff, 0xfe, 0x61, 0x00])?.problem == .notUTF8(offset: 0))
        #expect(failure(of: "a: [1\nb: 2\n")?.place == place(2, 2))
        #expect(failure(of: "a: 'x\n")?.place == place(2, 1))
    }

    @Test("Depth, number of values and length are bounded")
    func bounds() {
        let limit = YAMLDocument.maximumDepth
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(failure(of: nested(limit)) == nil)
        #expect(
            failure(of: nested(limit + 1))
                == YAMLFailure(problem: .tooDeep(limit: limit), place: place(1, limit + 1)))
        // Nested 100,000 times, it ends at the bound as well, and soon.
        #expect(failure(of: nested(100_000))?.problem == .tooDeep(limit: limit))
        let many = "[" + String(repeating: "1,", count: YAMLDocument.maximumValues) + "]"
        #expect(failure(of: many)?.problem == .tooManyValues(limit: YAMLDocument.maximumValues))
        let long = [UInt8](repeating: UInt8(ascii: "#"), count: YAMLDocument.maximumBytes + 1)
        #expect(
            failure(of: long)?.problem
                == .tooLong(byteCount: long.count, limit: YAMLDocument.maximumBytes))
    }

    @Test("A byte order mark and Windows line ends do no harm")
    func foreignEditors() throws {
        let root = try document("\u{feff}a: 1\r\nb: 2\r\n").root
        guard case .mapping(let entries) = root.content else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.map(\.key) == ["a", "b"])
        #expect(entries.map(\.value.content) == [.scalar("1", isPlain: true), .scalar("2", isPlain: true)])
        #expect(entries[1].keyPlace == place(2, 1))
    }
}
