/// A stranger's text as one line that a log or a terminal can show: `?` stands for every character that would end
/// the line, move the cursor or turn the order of what follows.
///
/// These are the control characters (C0, DEL and C1), the separators of lines and paragraphs, and what Unicode
/// calls format characters, among them those that switch between left and right.
public func harmlessText(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return text }
    return String(
        String.UnicodeScalarView(text.unicodeScalars.map { $0.isHarmlessInText ? $0 : "?" }))
}

extension Unicode.Scalar {
    fileprivate var isHarmlessInText: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
