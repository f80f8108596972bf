/// One line of text and a cursor in it.
struct LineEditor: Equatable {
    static let maximumCharacters = 4096
    private(set) var characters: [Character]
    /// Index of the character that it stands on; the count at the end.
    private(set) var cursor: Int

    init(_ text: String = "") {
        characters = Array(text)
        cursor = characters.count
    }

    var text: String { String(characters) }

    /// False if the key is not one of an editor.
    mutating func take(_ key: MenuKey) -> Bool {
        switch key {
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(characters.count, cursor + 1)
        case .home: cursor = 0
        case .end: cursor = characters.count
        case .wordLeft: cursor = startOfWord
        case .wordRight:
            let rest = characters[cursor...]
            let word = rest.firstIndex { $0 != " " } ?? characters.count
            cursor = characters[word...].firstIndex(of: " ") ?? characters.count
        case .backspace: remove(max(0, cursor - 1)..<cursor)
        case .delete: remove(cursor..<min(characters.count, cursor + 1))
        case .deleteWord: remove(startOfWord..<cursor)
        case .deleteToStart: remove(0..<cursor)
        case .deleteToEnd: remove(cursor..<characters.count)
        case .character(let character):
            guard characters.count < Self.maximumCharacters else { break }
            characters.insert(character, at: cursor)
            cursor += 1
        case .up, .down, .pageUp, .pageDown, .enter, .escape, .interrupt, .redraw: return false
        }
        return true
    }

    private var startOfWord: Int {
        let before = characters[..<cursor]
        let word = before.lastIndex { $0 != " " } ?? 0
        return characters[..<word].lastIndex(of: " ").map { $0 + 1 } ?? 0
    }

    private mutating func remove(_ range: Range<Int>) {
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }
}
