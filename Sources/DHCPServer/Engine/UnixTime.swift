/// A point in time in whole seconds since 1970: leases outlive the process, and so need a clock that does.
struct UnixTime: RawRepresentable, Hashable, Sendable, Comparable {
    let rawValue: Int64

    static func + (time: Self, seconds: Int64) -> Self { Self(rawValue: time.rawValue + seconds) }

    static func - (left: Self, right: Self) -> Int64 { left.rawValue - right.rawValue }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
