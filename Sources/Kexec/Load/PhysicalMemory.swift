import SystemIO

/// A range of physical addresses and what firmware said of it.
struct MemoryRange: Equatable, Sendable {
    var start: UInt64
    /// The first address after it.
    var end: UInt64
    var kind: Kind

    /// The numbers of E820.
    enum Kind: UInt32, Sendable {
        case ram = 1
        case reserved = 2
        case acpiTables = 3
        case acpiStorage = 4
        case unusable = 5
        case persistent = 7
        case persistentOld = 12
        case soft = 0xefff_ffff

        /// From `/sys/firmware/memmap` or `/proc/iomem`.
        init(named name: some StringProtocol) {
            switch name {
            case "System RAM": self = .ram
            case "ACPI Tables": self = .acpiTables
            case "ACPI Non-volatile Storage": self = .acpiStorage
            case "Unusable memory": self = .unusable
            case "Persistent Memory", "Persistent RAM": self = .persistent
            case "Persistent Memory (legacy)": self = .persistentOld
            case "Soft Reserved": self = .soft
            default: self = .reserved
            }
        }
    }
}

extension [MemoryRange] {
    /// The host's map, in order: firmware's own, else what the kernel made of it; empty when neither is told.
    init(reading host: HostFiles) {
        let folder = "/sys/firmware/memmap"
        let entries = host.names(inFolder: folder).compactMap { name -> MemoryRange? in
            guard let start = host.text("\(folder)/\(name)/start").flatMap(hexadecimalNumber),
                let last = host.text("\(folder)/\(name)/end").flatMap(hexadecimalNumber),
                let kind = host.text("\(folder)/\(name)/type"), last >= start, last < .max
            else { return nil }
            return MemoryRange(start: start, end: last + 1, kind: .init(named: kind))
        }
        let ordered = entries.sorted { $0.start < $1.start }
        self = ordered.contains { $0.kind == .ram } ? ordered : Self(iomem: host.text("/proc/iomem") ?? "")
    }

    /// The top lines of `/proc/iomem` that tell of memory. Without privileges it has zeros for addresses.
    init(iomem text: String) {
        self = text.split(separator: "\n").compactMap { line in
            guard line.first != " ", let colon = line.range(of: " : ") else { return nil }
            let bounds = line[..<colon.lowerBound].split(separator: "-")
            let name = line[colon.upperBound...]
            let kind = MemoryRange.Kind(named: name)
            guard bounds.count == 2, let start = UInt64(bounds[0], radix: 16),
                let last = UInt64(bounds[1], radix: 16), last > start, last < .max,
                kind != .reserved || name.lowercased() == "reserved"
            else { return nil }
            return MemoryRange(start: start, end: last + 1, kind: kind)
        }
    }
}

extension Substring {
    fileprivate func range(of separator: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(separator) {
                return start..<index(start, offsetBy: separator.count)
            }
            start = index(after: start)
        }
        return nil
    }
}

/// The number in `0x1f`, the way that `/sys/firmware` writes it.
func hexadecimalNumber(_ text: some StringProtocol) -> UInt64? {
    UInt64(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: 16)
}

/// Memory that segments may be put into: pages of RAM that nothing else has been given.
struct FreeMemory {
    static let pageByteCount: UInt64 = 4096

    private(set) var free: [Range<UInt64>]

    init(_ map: [MemoryRange]) {
        free = map.filter { $0.kind == .ram }.compactMap { range in
            let start = range.start.roundedUp(to: Self.pageByteCount) ?? .max
            let end = range.end / Self.pageByteCount * Self.pageByteCount
            return start < end ? start..<end : nil
        }
        // Maps of firmware may overlap themselves: what is not RAM wins.
        for range in map where range.kind != .ram {
            take(
                range.start / Self.pageByteCount
                    * Self.pageByteCount..<(range.end.roundedUp(
                        to: Self.pageByteCount) ?? .max))
        }
        free.sort { $0.lowerBound < $1.lowerBound }
        join()
    }

    private mutating func join() {
        var joined: [Range<UInt64>] = []
        for range in free {
            if let last = joined.last, range.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        free = joined
    }

    mutating func take(_ taken: Range<UInt64>) {
        free = free.flatMap { range -> [Range<UInt64>] in
            guard range.overlaps(taken) else { return [range] }
            return [
                range.lowerBound..<max(range.lowerBound, min(range.upperBound, taken.lowerBound)),
                min(range.upperBound, max(range.lowerBound, taken.upperBound))..<range.upperBound,
            ].filter { !$0.isEmpty }
        }
    }

    func contains(_ wanted: Range<UInt64>) -> Bool {
        free.contains { $0.lowerBound <= wanted.lowerBound && wanted.upperBound <= $0.upperBound }
    }

    /// Takes the lowest place for `count` bytes whose address is a multiple of `alignment`.
    mutating func lowest(_ count: UInt64, alignment: UInt64 = pageByteCount, in bounds: Range<UInt64>)
        -> UInt64?
    {
        let size = count.roundedUp(to: Self.pageByteCount) ?? .max
        for range in free.map({ $0.clamped(to: bounds) }) {
            guard let start = range.lowerBound.roundedUp(to: alignment), start < range.upperBound,
                range.upperBound - start >= size
            else { continue }
            take(start..<start + size)
            return start
        }
        return nil
    }

    /// Takes the highest place for `count` bytes.
    mutating func highest(_ count: UInt64, in bounds: Range<UInt64>) -> UInt64? {
        let size = count.roundedUp(to: Self.pageByteCount) ?? .max
        for range in free.reversed().map({ $0.clamped(to: bounds) }) {
            let end = range.upperBound / Self.pageByteCount * Self.pageByteCount
            guard end > range.lowerBound, end - range.lowerBound >= size else { continue }
            take(end - size..<end)
            return end - size
        }
        return nil
    }
}
