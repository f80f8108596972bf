import Testing

@testable import HTTPServer

@Suite("Ranges")
struct ByteRangeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var header: String?
        var byteCount: Int64 = 1000
        var part: RequestedPart

        var testDescription: String { "\(header ?? "none") of \(byteCount)" }
    }

    @Test(
        "One range means a part, and everything else the whole",
        arguments: [
            Row(header: nil, part: .whole),
            Row(header: "bytes=0-0", part: .part(0..<1)),
            Row(header: "bytes=0-499", part: .part(0..<500)),
            Row(header: "bytes=999-999", part: .part(999..<1000)),
            Row(header: "bytes=500-", part: .part(500..<1000)),
            Row(header: "bytes=0-", part: .part(0..<1000)),
            Row(header: "bytes=-1", part: .part(999..<1000)),
            Row(header: "bytes=-1000", part: .part(0..<1000)),
            Row(header: "bytes=-5000", part: .part(0..<1000)),
            Row(header: "bytes=900-5000", part: .part(900..<1000)),
            Row(header: "BYTES= 1-2 ", part: .part(1..<3)),
            Row(header: "bytes=1000-", part: .unsatisfiable),
            Row(header: "bytes=1000-2000", part: .unsatisfiable),
            Row(header: "bytes=-0", part: .unsatisfiable),
            Row(header: "bytes=99999999999999999999-", part: .unsatisfiable),
            Row(header: "bytes=0-99999999999999999999", part: .part(0..<1000)),
            Row(header: "bytes=0-9223372036854775807", part: .part(0..<1000)),
            Row(header: "bytes=-99999999999999999999", part: .part(0..<1000)),
            Row(header: "bytes=0-", byteCount: 0, part: .unsatisfiable),
            Row(header: "bytes=-5", byteCount: 0, part: .whole),
            Row(header: "bytes=-0", byteCount: 0, part: .unsatisfiable),
            Row(header: "bytes=5-4", part: .whole),
            Row(header: "bytes=0-1,5-6", part: .whole),
            Row(header: "bytes=0-1,", part: .whole),
            Row(header: "bytes=", part: .whole),
            Row(header: "bytes=-", part: .whole),
            Row(header: "bytes=a-b", part: .whole),
            Row(header: "bytes=+1-2", part: .whole),
            Row(header: "bytes=1 -2", part: .whole),
            Row(header: "bytes=--1", part: .whole),
            Row(header: "bytes=1-2-3", part: .whole),
            Row(header: "bytes 1-2", part: .whole),
            Row(header: "lines=1-2", part: .whole),
            Row(header: "", part: .whole),
            Row(header: "bytes=٣-", part: .whole),
        ])
    func parts(row: Row) { #expect(RequestedPart(range: row.header, byteCount: row.byteCount) == row.part) }
}
