/// The name that was probably meant by a misspelt one; nil when none is near.
func closest(to name: String, among names: [String]) -> String? {
    let written = Array(name.unicodeScalars)
    let wanted = Array(name.lowercased().unicodeScalars)
    // A third of the letters may be wrong, so that a short name is not taken for just any other.
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int, exactDistance: Int)?
    for candidate in names {
        let letters = Array(candidate.lowercased().unicodeScalars)
        guard abs(letters.count - wanted.count) <= limit, letters.count <= 64,
            let distance = editDistance(wanted, letters, limit: min(limit, best?.distance ?? limit))
        else { continue }
        // Letter case decides between {MAC} and {mac}.
        let exactDistance = editDistance(written, Array(candidate.unicodeScalars), limit: 64) ?? 64
        if let best, (best.distance, best.exactDistance) <= (distance, exactDistance) { continue }
        best = (candidate, distance, exactDistance)
    }
    return best?.name
}

/// How many letters must be added, dropped, changed or swapped with their neighbour to make one of the other;
/// nil when that is more than `limit`.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], limit: Int) -> Int? {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        var lowest = row + 1
        for (column, other) in right.enumerated() {
            var cost = min(
                last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
            if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            lowest = min(lowest, cost)
            current.append(cost)
        }
        // Two rows that are too dear leave no cheaper way, not even by a swap.
        if lowest > limit + 1 { return nil }
        (beforeLast, last) = (last, current)
    }
    return last[right.count] <= limit ? last[right.count] : nil
}
