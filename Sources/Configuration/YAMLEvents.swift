internal import CYAML

/// What libyaml reports next, in the file's order.
struct YAMLEvent: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case scalar(String, isPlain: Bool)
        case alias
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
        case documentStart
        case streamEnd
        /// The stream's start and a document's end: nothing to act on.
        case other
    }

    var kind: Kind
    var hasAnchor = false
    var tag: String?
    var start: SourcePlace
    var end: SourcePlace
}

/// libyaml's event parser over one text. The only place that knows libyaml.
@safe
struct YAMLEventReader: ~Copyable {
    // The parser keeps pointers to itself and to its input, so both stay where they are.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        let isReady = unsafe yaml_parser_initialize(parser)
        precondition(isReady == 1, "libyaml is out of memory")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    mutating func next() throws(YAMLFailure) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.translated(event)
    }

    private static func translated(_ event: yaml_event_t) -> YAMLEvent {
        let start = unsafe place(event.start_mark)
        let end = unsafe place(event.end_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return YAMLEvent(
                kind: .scalar(unsafe String(decoding: bytes, as: UTF8.self), isPlain: isPlain),
                hasAnchor: unsafe scalar.anchor != nil, tag: unsafe text(scalar.tag), start: start, end: end)
        case YAML_SEQUENCE_START_EVENT:
            let sequence = unsafe event.data.sequence_start
            return YAMLEvent(
                kind: .sequenceStart, hasAnchor: unsafe sequence.anchor != nil,
                tag: unsafe text(sequence.tag), start: start, end: end)
        case YAML_MAPPING_START_EVENT:
            let mapping = unsafe event.data.mapping_start
            return YAMLEvent(
                kind: .mappingStart, hasAnchor: unsafe mapping.anchor != nil,
                tag: unsafe text(mapping.tag), start: start, end: end)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, start: start, end: end)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, start: start, end: end)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, start: start, end: end)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, start: start, end: end)
        // After the end libyaml goes on with events of no type.
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return YAMLEvent(kind: .streamEnd, start: start, end: end)
        default: return YAMLEvent(kind: .other, start: start, end: end)
        }
    }

    private func failure() -> YAMLFailure {
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let value = unsafe UInt32(truncatingIfNeeded: parser.pointee.problem_value)
            return YAMLFailure(
                problem: .controlCharacter(value), place: unsafe place(at: parser.pointee.problem_offset))
        }
        let position = unsafe Self.place(parser.pointee.problem_mark)
        if unsafe isTab(at: parser.pointee.problem_mark.index) {
            return YAMLFailure(problem: .tab, place: position)
        }
        let context = unsafe Self.text(parser.pointee.context)
        let contextPlace = unsafe Self.place(parser.pointee.context_mark)
        let words = unsafe Self.text(parser.pointee.problem) ?? "libyaml gives no reason"
        return YAMLFailure(
            problem: .syntax(words, context: context, contextPlace: context == nil ? nil : contextPlace),
            place: position)
    }

    /// The place of a byte of the input, for errors of libyaml's reader, which knows no lines.
    private func place(at offset: Int) -> SourcePlace {
        let before = unsafe String(decoding: input.prefix(offset), as: UTF8.self)
        return SourcePlace(endOf: before)
    }

    /// - Parameter index: in characters, as libyaml counts.
    private func isTab(at index: Int) -> Bool {
        let scalars = unsafe String(decoding: input, as: UTF8.self).unicodeScalars
        return scalars.dropFirst(index).first == "\t"
    }

    private static func place(_ mark: yaml_mark_t) -> SourcePlace {
        SourcePlace(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func text(_ pointer: UnsafePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(decodingCString: pointer, as: UTF8.self)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }
}

extension SourcePlace {
    /// The place just behind `text`, which begins a file.
    init(endOf text: some StringProtocol) {
        var line = 1
        var column = 1
        for scalar in text.unicodeScalars {
            column += 1
            if scalar == "\n" { (line, column) = (line + 1, 1) }
        }
        self.init(line: line, column: column)
    }
}
