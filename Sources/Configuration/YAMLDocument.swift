/// A YAML file as a tree, and all that is wrong with it that does not stop the reading.
///
/// The part of YAML that a configuration needs: mappings, lists and text. Anchors, aliases and tags are refused,
/// because a value should be what stands there.
struct YAMLDocument: Equatable, Sendable {
    var root: YAMLNode
    var failures: [YAMLFailure]

    static let maximumBytes = 4 << 20
    static let maximumDepth = 32
    static let maximumValues = 400_000

    /// - Throws: what makes the rest unreadable.
    init(parsing bytes: [UInt8]) throws(YAMLFailure) {
        guard bytes.count <= Self.maximumBytes else {
            throw YAMLFailure(
                problem: .tooLong(byteCount: bytes.count, limit: Self.maximumBytes),
                place: SourcePlace(line: 1, column: 1))
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Self.notUTF8(bytes) }
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        let marked = bytes.starts(with: byteOrderMark)
        var composer = YAMLComposer(marked ? Array(bytes.dropFirst(byteOrderMark.count)) : bytes)
        root = try composer.document()
        failures = composer.failures
    }

    /// Names the first byte at which the text stops being UTF-8.
    private static func notUTF8(_ bytes: [UInt8]) -> YAMLFailure {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var text = String.UnicodeScalarView()
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): text.append(scalar)
            case .emptyInput, .error: break decoding
            }
        }
        let good = String(text)
        return YAMLFailure(problem: .notUTF8(offset: good.utf8.count), place: SourcePlace(endOf: good))
    }
}

/// Builds the tree out of events.
private struct YAMLComposer: ~Copyable {
    private var events: YAMLEventReader
    private var valueCount = 0
    var failures: [YAMLFailure] = []

    init(_ bytes: [UInt8]) { events = YAMLEventReader(bytes) }

    mutating func document() throws(YAMLFailure) -> YAMLNode {
        var event = try events.next()
        while event.kind != .documentStart {
            guard event.kind != .streamEnd else {
                throw YAMLFailure(problem: .noDocument, place: SourcePlace(line: 1, column: 1))
            }
            event = try events.next()
        }
        let first = try events.next()
        let root = try node(from: first, depth: 1)
        repeat {
            event = try events.next()
            if event.kind == .documentStart {
                throw YAMLFailure(problem: .secondDocument, place: event.start)
            }
        } while event.kind != .streamEnd
        return root
    }

    private mutating func node(from event: YAMLEvent, depth: Int) throws(YAMLFailure) -> YAMLNode {
        valueCount += 1
        guard valueCount <= YAMLDocument.maximumValues else {
            throw YAMLFailure(
                problem: .tooManyValues(limit: YAMLDocument.maximumValues), place: event.start)
        }
        guard depth <= YAMLDocument.maximumDepth else {
            throw YAMLFailure(problem: .tooDeep(limit: YAMLDocument.maximumDepth), place: event.start)
        }
        if event.hasAnchor { failures.append(YAMLFailure(problem: .anchor, place: event.start)) }
        if let tag = event.tag { failures.append(YAMLFailure(problem: .tag(tag), place: event.start)) }
        var node = YAMLNode(content: .refused, start: event.start, end: event.end)
        switch event.kind {
        case .scalar(let text, let isPlain): node.content = .scalar(text, isPlain: isPlain)
        case .sequenceStart: (node.content, node.end) = try sequence(depth: depth)
        case .mappingStart: (node.content, node.end) = try mapping(depth: depth)
        case .alias: failures.append(YAMLFailure(problem: .alias, place: event.start))
        case .sequenceEnd, .mappingEnd, .documentStart, .streamEnd, .other:
            preconditionFailure("libyaml gave \(event.kind) for a value")
        }
        return node
    }

    private mutating func sequence(depth: Int) throws(YAMLFailure) -> (YAMLNode.Content, SourcePlace) {
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if event.kind == .sequenceEnd { return (.sequence(items), event.end) }
            items.append(try node(from: event, depth: depth + 1))
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLFailure) -> (YAMLNode.Content, SourcePlace) {
        var entries: [YAMLEntry] = []
        var places: [String: SourcePlace] = [:]
        while true {
            let event = try events.next()
            if event.kind == .mappingEnd { return (.mapping(entries), event.end) }
            let key = try node(from: event, depth: depth + 1)
            let next = try events.next()
            let value = try node(from: next, depth: depth + 1)
            guard case .scalar(let name, _) = key.content else {
                if key.content != .refused {
                    failures.append(YAMLFailure(problem: .keyIsNotText, place: key.start))
                }
                continue
            }
            if let first = places[name] {
                failures.append(YAMLFailure(problem: .duplicateKey(name, first: first), place: key.start))
                continue
            }
            places[name] = key.start
            entries.append(YAMLEntry(key: name, keyPlace: key.start, value: value))
        }
    }
}
