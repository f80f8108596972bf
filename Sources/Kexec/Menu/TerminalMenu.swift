/// One line of a menu.
public struct MenuItem: Equatable, Sendable {
    public var title: String
    /// The titles of the menus that it lies in, the outermost first.
    public var groups: [String]
    /// Where it comes from: a configuration's place, the server.
    public var origin: String
    /// nil: it cannot be edited.
    public var commandLine: String?
    /// Why it cannot be started; nil: it can.
    public var problem: String?

    public init(
        title: String, groups: [String] = [], origin: String = "", commandLine: String? = nil,
        problem: String? = nil
    ) {
        self.title = title
        self.groups = groups
        self.origin = origin
        self.commandLine = commandLine
        self.problem = problem
    }

    /// The title behind those of its menus.
    var fullTitle: String { (groups + [title]).joined(separator: " > ") }
}

/// What a menu of a terminal decided.
public enum MenuChoice: Equatable, Sendable {
    /// The item at this index; the command line is another than its own only if somebody edited it.
    case start(index: Int, commandLine: String?)
    case shell
    /// Esc or Ctrl-C.
    case leave
}

/// What happens to a menu.
public enum MenuEvent: Equatable, Sendable {
    case key(MenuKey)
    case timePassed
    case resized(columns: Int, rows: Int)
}

/// A menu on a terminal, as a value: keys and the time go in, a choice comes out, and it can say how it looks.
public struct TerminalMenu: Equatable, Sendable {
    enum Mode: Equatable, Sendable {
        case browsing
        /// What is typed narrows the list.
        case searching
        case editing(LineEditor)
    }

    public let heading: String
    public let items: [MenuItem]
    private(set) var mode = Mode.browsing
    /// What the titles shown contain.
    private(set) var filter = LineEditor()
    /// Indexes of the items that are shown.
    private(set) var shown: [Int]
    /// An index into `shown`.
    private(set) var selected: Int
    /// What was edited and not started yet, by the item's index.
    private var edited: [Int: String] = [:]
    private(set) var columns = 80
    private(set) var rows = 24
    /// When the selected item starts by itself; nil: a key stopped it, or it never does.
    public private(set) var startsAt: ContinuousClock.Instant?
    /// What the last key was refused for.
    private(set) var message: String?

    public init(
        heading: String, items: [MenuItem], selected: Int = 0, timeout: Duration? = nil,
        at now: ContinuousClock.Instant
    ) {
        self.heading = heading
        self.items = items
        shown = Array(items.indices)
        self.selected = items.indices.contains(selected) ? selected : 0
        startsAt = items.isEmpty ? nil : timeout.map { now + $0 }
    }

    /// The item that Enter starts.
    var current: MenuItem? { currentIndex.map { items[$0] } }
    private var currentIndex: Int? { shown.indices.contains(selected) ? shown[selected] : nil }

    /// The command line that the current item would start with.
    var currentCommandLine: String? { currentIndex.flatMap { edited[$0] ?? items[$0].commandLine } }

    /// How many items fit on the screen beside the lines around them.
    var visibleCount: Int { max(1, rows - 6) }

    public mutating func event(_ event: MenuEvent, at now: ContinuousClock.Instant) -> MenuChoice? {
        switch event {
        case .timePassed:
            guard let startsAt, now >= startsAt else { return nil }
            self.startsAt = nil
            return start()
        case .resized(let columns, let rows):
            (self.columns, self.rows) = (max(20, columns), max(8, rows))
            return nil
        case .key(let key):
            startsAt = nil
            message = nil
            switch mode {
            case .browsing: return browse(key)
            case .searching: return search(key)
            case .editing(var editor):
                if editor.take(key) {
                    mode = .editing(editor)
                    return nil
                }
                return leaveEditor(key, text: editor.text)
            }
        }
    }

    private mutating func browse(_ key: MenuKey) -> MenuChoice? {
        switch key {
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp: move(by: -visibleCount)
        case .pageDown, .character(" "): move(by: visibleCount)
        case .home, .character("g"): selected = 0
        case .end, .character("G"): selected = max(0, shown.count - 1)
        case .enter: return start()
        case .character("/"): mode = .searching
        case .character("e"): edit()
        case .character("s"): return .shell
        case .interrupt: return .leave
        case .escape:
            if filter.text.isEmpty { return .leave }
            setFilter(LineEditor())
        case .character, .left, .right, .wordLeft, .wordRight, .backspace, .delete, .deleteWord,
            .deleteToStart,
            .deleteToEnd, .redraw:
            break
        }
        return nil
    }

    private mutating func search(_ key: MenuKey) -> MenuChoice? {
        switch key {
        case .up: move(by: -1)
        case .down: move(by: 1)
        case .pageUp: move(by: -visibleCount)
        case .pageDown: move(by: visibleCount)
        // Ends the typing only: a second one starts.
        case .enter: mode = .browsing
        case .escape:
            setFilter(LineEditor())
            mode = .browsing
        case .interrupt: return .leave
        case .backspace where filter.text.isEmpty: mode = .browsing
        case .left, .right, .home, .end, .wordLeft, .wordRight, .backspace, .delete, .deleteWord,
            .deleteToStart,
            .deleteToEnd, .character, .redraw:
            var changed = filter
            if changed.take(key) { setFilter(changed) }
        }
        return nil
    }

    private mutating func move(by count: Int) {
        selected = min(max(0, selected + count), max(0, shown.count - 1))
    }

    /// Shows the items that have every word of the filter, and stays on the one chosen if it is among them.
    private mutating func setFilter(_ filter: LineEditor) {
        let chosen = currentIndex
        self.filter = filter
        let words = filter.text.lowercased().split(separator: " ")
        shown = items.indices.filter { index in
            let text = items[index].fullTitle.lowercased()
            return words.allSatisfy { text.contains($0) }
        }
        selected = chosen.flatMap { shown.firstIndex(of: $0) } ?? 0
    }

    private mutating func edit() {
        guard let current else { return }
        if current.problem == nil, let line = currentCommandLine {
            mode = .editing(LineEditor(line))
        } else {
            message = current.problem.map { "cannot be started: it \($0)" } ?? "has no command line"
        }
    }

    /// Enter starts with what was typed; Esc keeps the old; Ctrl-C leaves the whole menu.
    private mutating func leaveEditor(_ key: MenuKey, text: String) -> MenuChoice? {
        switch key {
        case .enter:
            mode = .browsing
            if let currentIndex { edited[currentIndex] = text }
            return start()
        case .escape: mode = .browsing
        case .interrupt: return .leave
        case .up, .down, .left, .right, .pageUp, .pageDown, .home, .end, .wordLeft, .wordRight, .backspace,
            .delete,
            .deleteWord, .deleteToStart, .deleteToEnd, .character, .redraw:
            break
        }
        return nil
    }

    private mutating func start() -> MenuChoice? {
        guard let currentIndex else { return nil }
        if let problem = items[currentIndex].problem {
            message = "cannot be started: it \(problem)"
            return nil
        }
        return .start(index: currentIndex, commandLine: currentCommandLine)
    }
}
