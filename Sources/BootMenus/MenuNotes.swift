/// What was passed over, each thing once and not too many.
struct MenuNotes {
    static let maximum = 100
    private(set) var all: [MenuNote] = []
    private var seen: Set<MenuNote.Problem> = []

    mutating func add(_ problem: MenuNote.Problem, at place: MenuPlace) {
        guard all.count < Self.maximum, seen.insert(problem).inserted else { return }
        all.append(MenuNote(problem, at: place))
    }
}
