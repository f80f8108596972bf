/// A point in time as HTTP writes it: in whole seconds (RFC 7231 §7.1.1.1).
struct HTTPDate: Hashable, Comparable, Sendable {
    /// Seconds since 1970, leap seconds not counted.
    var seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    static func < (left: HTTPDate, right: HTTPDate) -> Bool { left.seconds < right.seconds }

    private static let dayNames = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` and the two forms that RFC 7231 calls obsolete:
    /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
    init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        let fields: (day: String, month: String, year: String, time: String)
        switch words.count {
        case 6 where words[5] == "GMT": fields = (words[1], words[2], words[3], words[4])
        case 5: fields = (words[2], words[1], words[4], words[3])
        default: return nil
        }
        guard let month = Self.monthNames.firstIndex(of: fields.month),
            let day = Self.number(fields.day, digits: 1...2), let year = Self.year(fields.year),
            let time = Self.secondOfDay(fields.time)
        else { return nil }
        let days = Self.daysFrom1970(year: year, month: month + 1, day: day)
        guard Self.civil(days).day == day else { return nil }
        seconds = days * 86_400 + time
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    var text: String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let time = seconds - days * 86_400
        let date = Self.civil(days)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(29)
        bytes += Self.dayNames[Int((days % 7 + 7) % 7)].utf8
        bytes += [UInt8(ascii: ","), UInt8(ascii: " ")]
        Self.append(date.day, digits: 2, then: " ", to: &bytes)
        bytes += Self.monthNames[date.month - 1].utf8
        bytes.append(UInt8(ascii: " "))
        Self.append(date.year, digits: 4, then: " ", to: &bytes)
        Self.append(time / 3600, digits: 2, then: ":", to: &bytes)
        Self.append(time / 60 % 60, digits: 2, then: ":", to: &bytes)
        Self.append(time % 60, digits: 2, then: " ", to: &bytes)
        bytes += "GMT".utf8
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(
        _ number: Int64, digits: Int, then separator: Unicode.Scalar, to bytes: inout [UInt8]
    ) {
        var divisor: Int64 = digits == 2 ? 10 : 1000
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: separator))
    }

    private static func number(_ text: some StringProtocol, digits: ClosedRange<Int>) -> Int64? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    /// A year of two digits is one from 1970 to 2069.
    private static func year(_ text: String) -> Int64? {
        if let short = number(text, digits: 2...2) { return short < 70 ? 2000 + short : 1900 + short }
        return number(text, digits: 4...4)
    }

    private static func secondOfDay(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            .compactMap { number($0, digits: 2...2) }
        // 60 is a leap second.
        guard parts.count == 3, parts[0] < 24, parts[1] < 60, parts[2] <= 60 else { return nil }
        return parts[0] * 3600 + parts[1] * 60 + parts[2]
    }

    /// Days since 1970-01-01 of the Gregorian calendar, counted in years that begin in March.
    private static func daysFrom1970(year: Int64, month: Int, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
