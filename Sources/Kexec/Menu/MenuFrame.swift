/// How a menu looks at one moment: lines no wider than the terminal.
public struct MenuFrame: Equatable, Sendable {
    public struct Line: Equatable, Sendable {
        public var text: String
        /// Shown in reverse where the terminal can.
        public var isSelected = false
    }

    public var lines: [Line]
    /// From 0; nil: hidden.
    public var cursor: (row: Int, column: Int)?

    public static func == (left: MenuFrame, right: MenuFrame) -> Bool {
        left.lines == right.lines && left.cursor?.row == right.cursor?.row
            && left.cursor?.column == right.cursor?.column
    }
}

extension TerminalMenu {
    /// The screen at a time: a heading, the items, what the chosen one is, and the keys.
    public func frame(at now: ContinuousClock.Instant, asciiOnly: Bool) -> MenuFrame {
        var frame = MenuFrame(lines: [line(" " + heading, asciiOnly)])
        switch mode {
        case .browsing, .searching: addList(to: &frame, asciiOnly)
        case .editing(let editor): addEditor(editor, to: &frame, asciiOnly)
        }
        frame.lines = Array(frame.lines.prefix(rows - 1))
        while frame.lines.count < rows - 1 { frame.lines.append(MenuFrame.Line(text: "")) }
        frame.lines.append(line(" " + footer(at: now), asciiOnly))
        return frame
    }

    /// Cut one short of the width: some terminals go to the next line after the last column.
    private func line(_ text: String, _ asciiOnly: Bool) -> MenuFrame.Line {
        MenuFrame.Line(
            text: TextWidth.cut(
                TextWidth.harmless(text, asciiOnly: asciiOnly), to: columns - 1, asciiOnly: asciiOnly))
    }

    private func addList(to frame: inout MenuFrame, _ asciiOnly: Bool) {
        var search = ""
        if case .searching = mode {
            search = " /" + filter.text
            frame.cursor = (
                1, min(columns - 1, TextWidth.columns(of: " /" + String(filter.characters[..<filter.cursor])))
            )
        } else if !filter.text.isEmpty {
            search = " /\(filter.text)   (Esc shows all)"
        }
        frame.lines.append(line(search, asciiOnly))
        let first = min(max(0, selected - visibleCount / 2), max(0, shown.count - visibleCount))
        let range = first..<min(shown.count, first + visibleCount)
        for position in range {
            let item = items[shown[position]]
            let mark = position == selected ? ">" : item.problem == nil ? " " : "-"
            var line = line(" \(mark) \(item.fullTitle)", asciiOnly)
            line.isSelected = position == selected
            frame.lines.append(line)
        }
        if shown.isEmpty {
            frame.lines.append(line(items.isEmpty ? "   nothing was found" : "   no match", asciiOnly))
        }
        while frame.lines.count < rows - 4 { frame.lines.append(MenuFrame.Line(text: "")) }
        let more = shown.count > range.count ? " \(selected + 1) of \(shown.count)" : ""
        frame.lines.append(line(more, asciiOnly))
        guard let current else { return }
        frame.lines.append(
            line(" \(message ?? current.problem.map { "It \($0)." } ?? current.origin)", asciiOnly))
        frame.lines.append(line(" \(currentCommandLine ?? "")", asciiOnly))
    }

    private func addEditor(_ editor: LineEditor, to frame: inout MenuFrame, _ asciiOnly: Bool) {
        frame.lines.append(line(" Command line of \(current?.fullTitle ?? ""):", asciiOnly))
        frame.lines.append(MenuFrame.Line(text: ""))
        let width = columns - 3
        var rows = [""]
        var used = 0
        for (index, character) in editor.characters.enumerated() {
            let shown = TextWidth.harmless(String(character), asciiOnly: asciiOnly)
            let columns = TextWidth.columns(of: shown)
            if used + columns > width {
                rows.append("")
                used = 0
            }
            if index == editor.cursor { frame.cursor = (frame.lines.count + rows.count - 1, used + 1) }
            rows[rows.count - 1] += shown
            used += columns
        }
        if editor.cursor == editor.characters.count {
            if used >= width { rows.append("") }
            frame.cursor = (frame.lines.count + rows.count - 1, (used >= width ? 0 : used) + 1)
        }
        // The rows round the cursor, if not all fit.
        let room = max(1, self.rows - frame.lines.count - 2)
        let cursorRow = (frame.cursor?.row ?? 0) - frame.lines.count
        let first = min(max(0, cursorRow - room + 1), max(0, rows.count - room))
        if let cursor = frame.cursor { frame.cursor = (cursor.row - first, cursor.column) }
        frame.lines += rows[first...].prefix(room).map { MenuFrame.Line(text: " " + $0) }
    }

    private func footer(at now: ContinuousClock.Instant) -> String {
        if let startsAt {
            let seconds = max(0, Int(((startsAt - now) / .seconds(1)).rounded(.up)))
            return "Starts in \(seconds) s. Any key stops that."
        }
        switch mode {
        case .browsing: return "Enter: start  e: edit  /: search  s: shell  Esc: leave  arrows or j k: move"
        case .searching: return "Type to search.  Enter: keep  Esc: show all"
        case .editing:
            return "Enter: start with this  Esc: back  Ctrl-W: word  Ctrl-U Ctrl-K: to start, to end"
        }
    }
}
