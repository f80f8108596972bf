import CLinux
import Glibc

/// A moment as calendars tell it.
public struct WallClock: Sendable {
    private let seconds: Int
    private let milliseconds: Int

    /// - Parameter milliseconds: since 1970, in UTC.
    public init(milliseconds: Int) {
        seconds = milliseconds / 1000
        self.milliseconds = milliseconds % 1000
    }

    private init(seconds: Int, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    public static var now: WallClock {
        var time = timespec()
        // CLOCK_REALTIME cannot fail.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// Since 1970, in UTC.
    public var millisecondsSince1970: Int { seconds * 1000 + milliseconds }

    /// `2026-11-21T08:45:00.123Z` (RFC 3339, in UTC).
    public var rfc3339: String {
        var seconds = seconds
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &parts)
        let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return unsafe date + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }

    /// `08:45:00.123`, in this host's time zone.
    public var localTimeOfDay: String {
        var seconds = seconds
        var parts = unsafe tm()
        _ = unsafe localtime_r(&seconds, &parts)
        return unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)"
    }

    private var fraction: String { String(String(1000 + milliseconds).dropFirst()) }

    private func two(_ value: Int32) -> String { (value < 10 ? "0" : "") + String(value) }
}
