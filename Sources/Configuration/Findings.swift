/// Collects what is wrong while a configuration is read, so that all of it is told at once.
final class Findings {
    let file: String
    private(set) var errors: [ConfigurationError] = []
    private(set) var warnings: [ConfigurationWarning] = []

    /// A file full of wrong names and of right ones would otherwise take a minute to read.
    private var comparisonsLeft = 200_000

    init(file: String) { self.file = file }

    /// The name that was probably meant; nil when none is near, or when a great many have been asked for.
    func suggestion(for name: String, among names: [String]) -> String? {
        guard comparisonsLeft >= names.count else { return nil }
        comparisonsLeft -= names.count
        return closest(to: name, among: names)
    }

    func report(_ problem: ConfigurationProblem, at place: SourcePlace?, path: String) {
        errors.append(ConfigurationError(file: file, place: place, path: path, problem: problem))
    }

    func warn(_ advice: ConfigurationAdvice, at place: SourcePlace?, path: String) {
        warnings.append(ConfigurationWarning(file: file, place: place, path: path, advice: advice))
    }

    /// The same of another file than the configuration, which that names.
    func report(_ problem: ConfigurationProblem, in otherFile: String, at place: SourcePlace) {
        errors.append(ConfigurationError(file: otherFile, place: place, path: "", problem: problem))
    }

    func warn(_ advice: ConfigurationAdvice, in otherFile: String, at place: SourcePlace) {
        warnings.append(ConfigurationWarning(file: otherFile, place: place, path: "", advice: advice))
    }

    /// In the file's order.
    var sortedErrors: [ConfigurationError] {
        Self.sorted(errors) { $0.place }
    }

    var sortedWarnings: [ConfigurationWarning] {
        Self.sorted(warnings) { $0.place }
    }

    private static func sorted<Element>(_ list: [Element], by place: (Element) -> SourcePlace?) -> [Element] {
        let end = SourcePlace(line: .max, column: .max)
        return list.enumerated().sorted { left, right in
            let (first, second) = (place(left.element) ?? end, place(right.element) ?? end)
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }
}

/// A value of the file on its way into the configuration: what stands there, where, and who is told what is wrong.
struct Cursor {
    let node: YAMLNode
    let path: String
    let findings: Findings

    func report(_ problem: ConfigurationProblem) { findings.report(problem, at: node.start, path: path) }

    func warn(_ advice: ConfigurationAdvice) { findings.warn(advice, at: node.start, path: path) }

    /// Reports that something else was expected; nil, for `return`.
    func refuse<Value>(_ expected: Expectation, suggestion: String? = nil) -> Value? {
        let found: Found
        switch node.content {
        case .refused: return nil
        case .scalar where node.isEmpty: found = .nothing
        case .scalar(let text, let isPlain): found = .text(text, isQuoted: !isPlain)
        case .sequence: found = .list
        case .mapping: found = .mapping
        }
        report(.unexpected(found, expected: expected, suggestion: suggestion))
        return nil
    }

    /// The values of a list; none when nothing stands there.
    func items(_ expected: Expectation = .list) -> [Cursor]? {
        if node.isEmpty { return [] }
        guard case .sequence(let items) = node.content else { return refuse(expected) }
        return items.enumerated().map { index, item in
            Cursor(node: item, path: "\(path)[\(index)]", findings: findings)
        }
    }

    /// The values of a list, or the one value that stands there in its place.
    var itemsOrOne: [Cursor] {
        switch node.content {
        case .sequence: items() ?? []
        case .scalar, .mapping, .refused: node.isEmpty ? [] : [self]
        }
    }

    /// The entries of a mapping whose keys are names of the user's own.
    func entries(_ expected: Expectation = .mapping) -> [(key: Cursor, name: String, value: Cursor)]? {
        if node.isEmpty { return [] }
        guard case .mapping(let entries) = node.content else { return refuse(expected) }
        return entries.map { entry in
            let path = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            let key = YAMLNode(
                content: .scalar(entry.key, isPlain: false), start: entry.keyPlace, end: entry.keyPlace)
            return (
                Cursor(node: key, path: path, findings: findings), entry.key,
                Cursor(node: entry.value, path: path, findings: findings)
            )
        }
    }

    /// The entries of a mapping whose keys are ours; each other key is reported.
    func fields<Key: ConfigurationKey>(_ type: Key.Type) -> Fields<Key>? {
        guard let entries = entries() else { return nil }
        var values: [Key: Cursor] = [:]
        var misspelt: Set<String> = []
        for (key, name, value) in entries {
            if let known = Key(rawValue: name) {
                values[known] = value
            } else {
                let known = Key.allCases.map(\.rawValue)
                let suggestion = findings.suggestion(for: name, among: known)
                key.report(.unknownKey(suggestion: suggestion, known: known))
                if let suggestion { misspelt.insert(suggestion) }
            }
        }
        return Fields(values: values, misspelt: misspelt, place: self)
    }
}

/// The keys of one mapping of the configuration.
protocol ConfigurationKey: RawRepresentable, CaseIterable, Hashable where RawValue == String {}

/// A mapping's values by our own keys.
struct Fields<Key: ConfigurationKey> {
    let values: [Key: Cursor]
    /// What misspelt keys were taken for: not there, but not missing either.
    let misspelt: Set<String>
    /// The mapping itself.
    let place: Cursor

    /// Nothing at all stands in the mapping, not even an unknown key.
    var isEmpty: Bool {
        if case .mapping(let entries) = place.node.content { return entries.isEmpty }
        return place.node.isEmpty
    }

    subscript(key: Key) -> Cursor? { values[key] }

    func required(_ key: Key) -> Cursor? {
        guard let value = values[key] else {
            if !misspelt.contains(key.rawValue) { place.report(.missingKey(key.rawValue)) }
            return nil
        }
        return value
    }
}
