import Testing

@testable import HTTPServer
@testable import SystemIO

@Suite("Dates and conditions")
struct ConditionsTests {
    @Test(
        "A date is written in one form",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
            (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
        ] as [(Int64, String)])
    func dates(seconds: Int64, text: String) {
        #expect(HTTPDate(seconds: seconds).text == text)
        #expect(HTTPDate(text)?.seconds == seconds)
    }

    @Test("Days of seven centuries are read back as they were written")
    func calendar() {
        for day in stride(from: Int64(-100_000), through: 146_097, by: 11) {
            let date = HTTPDate(seconds: day * 86_400 + 12 * 3600)
            guard HTTPDate(date.text) == date else {
                Issue.record("\(date.text)")
                return
            }
        }
    }

    @Test(
        "The obsolete forms are read too",
        arguments: [
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Tuesday, 19-Jan-38 03:14:08 GMT", 2_147_483_648), ("Thu Jan 31 00:00:00 2030", 1_896_048_000),
        ] as [(String, Int64)])
    func obsoleteDates(text: String, seconds: Int64) { #expect(HTTPDate(text)?.seconds == seconds) }

    @Test(
        "Anything else is no date",
        arguments: [
            "", "now", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 01994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:-7 GMT",
        ])
    func noDates(text: String) { #expect(HTTPDate(text) == nil) }

    private static let file = Validators(
        FileIdentity(
            device: 1, inode: 0x2a, byteCount: 255, modifiedSeconds: 784_111_777, modifiedNanoseconds: 5))
    private static let tag: String = "\"2a-ff-ae1b981bc490a05\""

    @Test("A tag holds inode, size and time in nanoseconds")
    func tagText() {
        #expect(Self.file.entityTag == Self.tag)
        #expect(Self.file.lastModified.text == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    struct Row: Sendable {
        var conditions: Conditions
        var verdict: Conditions.Verdict

        init(_ conditions: Conditions, _ verdict: Conditions.Verdict) {
            self.conditions = conditions
            self.verdict = verdict
        }
    }

    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"

    @Test(
        "Conditions are weighed in RFC 7232's order",
        arguments: [
            Row(Conditions(), .proceed),
            Row(Conditions(ifMatch: tag), .proceed),
            Row(Conditions(ifMatch: "*"), .proceed),
            Row(Conditions(ifMatch: "\"x\", \(tag)"), .proceed),
            Row(Conditions(ifMatch: "\"x\""), .failed),
            Row(Conditions(ifMatch: "W/\(tag)"), .failed),
            Row(Conditions(ifMatch: ""), .failed),
            Row(Conditions(ifUnmodifiedSince: same), .proceed),
            Row(Conditions(ifUnmodifiedSince: after), .proceed),
            Row(Conditions(ifUnmodifiedSince: before), .failed),
            Row(Conditions(ifUnmodifiedSince: "never"), .proceed),
            Row(Conditions(ifMatch: tag, ifUnmodifiedSince: before), .proceed),
            Row(Conditions(ifNoneMatch: tag), .notModified),
            Row(Conditions(ifNoneMatch: "W/\(tag)"), .notModified),
            Row(Conditions(ifNoneMatch: "\"x\",W/\(tag)"), .notModified),
            Row(Conditions(ifNoneMatch: " * "), .notModified),
            Row(Conditions(ifNoneMatch: "\"x\""), .proceed),
            Row(Conditions(ifModifiedSince: same), .notModified),
            Row(Conditions(ifModifiedSince: after), .notModified),
            Row(Conditions(ifModifiedSince: before), .proceed),
            Row(Conditions(ifModifiedSince: "never"), .proceed),
            Row(Conditions(ifNoneMatch: "\"x\"", ifModifiedSince: after), .proceed),
            Row(Conditions(ifMatch: "\"x\"", ifNoneMatch: tag), .failed),
            Row(Conditions(ifMatch: tag, ifNoneMatch: tag), .notModified),
        ])
    func verdicts(row: Row) { #expect(row.conditions.verdict(for: Self.file) == row.verdict) }

    @Test(
        "If-Range names this very state, by a strong tag or the exact date",
        arguments: [
            (nil, true), (tag, true), (" \(tag) ", true), ("\"x\"", false), ("W/\(tag)", false), (same, true),
            (before, false), (after, false), ("never", false), ("", false),
        ] as [(String?, Bool)])
    func ifRange(header: String?, allowed: Bool) {
        #expect(Conditions(ifRange: header).allowsRange(of: Self.file) == allowed)
    }
}
