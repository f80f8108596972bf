/// What an x86 kernel says of itself in its setup header (boot.rst of the kernel's documentation).
///
/// Loaders for other things use the same header: `ipxe.lkrn`, `memdisk`, GRUB4DOS's `grub.exe`, memtest86+.
public struct LinuxHeader: Equatable, Sendable {
    /// 2.12 is `0x20c`.
    public var version: UInt16
    /// Where the protected-mode part begins in the file; the real-mode part is all before it.
    public var protectedOffset: Int64
    /// The bytes from `0x1f1` to the header's end, which become part of `boot_params`.
    var bytes: [UInt8]
    public var loadFlags: UInt8
    /// The first address that the initrd must not reach.
    public var initrdLimit: UInt64
    public var alignment: UInt64
    public var isRelocatable: Bool
    public var extendedFlags: UInt16
    /// The longest command line, without its NUL.
    public var commandLineLimit: Int
    public var preferredAddress: UInt64
    /// The memory that it needs from its address on while it unpacks itself.
    public var initialByteCount: UInt64

    /// Where it may be entered.
    public enum Entry: Equatable, Sendable { case long, protected, real }

    static let magic = Array("HdrS".utf8)

    public var isLoadedHigh: Bool { loadFlags & 1 != 0 }
    public var hasLongEntry: Bool { version >= 0x20c && extendedFlags & 1 != 0 }
    public var mayBeAbove4GiB: Bool { hasLongEntry && extendedFlags & 2 != 0 }
    public var knowsFiveLevelPaging: Bool { extendedFlags & 0x20 != 0 }

    /// Without this it would ask firmware's tables, which point to addresses that the running kernel gave them.
    public var knowsEFIFromKexec: Bool { extendedFlags & 0x10 != 0 }

    /// Whether the kernel's own loader takes it (`bzImage64_probe`).
    public func suitsFileLoad(fiveLevelPaging: Bool) -> Bool {
        hasLongEntry && isLoadedHigh && mayBeAbove4GiB && (knowsFiveLevelPaging || !fiveLevelPaging)
    }

    /// What is older than protocol 2.10 tells no size, and most of it is no Linux at all: it wants a BIOS.
    public func entry(fiveLevelPaging: Bool) -> Entry {
        if version < 0x20a { return .real }
        return hasLongEntry && (knowsFiveLevelPaging || !fiveLevelPaging) ? .long : .protected
    }

    /// - Parameter head: the file's beginning, at least its setup header.
    init(head: [UInt8], fileByteCount: Int64) throws(KernelImageError) {
        let needed = Int64(0x202) + Int64(head.little(UInt8.self, at: 0x201) ?? 0)
        guard let version = head.little(UInt16.self, at: 0x206), needed >= 0x230, fileByteCount >= needed,
            head.count >= Int(needed)
        else { throw .truncated(expected: max(needed, 0x230), found: fileByteCount) }
        self.version = version
        // `boot_params` has something else from 0x290 on.
        bytes = Array(head[0x1f1..<min(Int(needed), 0x290)])
        func field<Number: FixedWidthInteger & UnsignedInteger>(
            _ type: Number.Type, _ offset: Int, since: UInt16
        ) -> Number? {
            let end = offset + MemoryLayout<Number>.size
            return version >= since && end <= Int(needed) ? head.little(type, at: offset) : nil
        }
        let sectors = Int64(head[0x1f1])
        protectedOffset = ((sectors == 0 ? 4 : sectors) + 1) * 512
        loadFlags = head[0x211]
        initrdLimit = UInt64(field(UInt32.self, 0x22c, since: 0x203) ?? 0x37ff_ffff) + 1
        alignment = UInt64(field(UInt32.self, 0x230, since: 0x205) ?? 0)
        isRelocatable = field(UInt8.self, 0x234, since: 0x205).map { $0 != 0 } ?? false
        extendedFlags = field(UInt16.self, 0x236, since: 0x20c) ?? 0
        commandLineLimit = Int(field(UInt32.self, 0x238, since: 0x206) ?? 255)
        preferredAddress = field(UInt64.self, 0x258, since: 0x20a) ?? 0x10_0000
        initialByteCount = UInt64(field(UInt32.self, 0x260, since: 0x20a) ?? 0)
        try checkSize(head: head, fileByteCount: fileByteCount)
    }

    /// The kernel's loader does not notice a file that ends too soon, so this must.
    private func checkSize(head: [UInt8], fileByteCount: Int64) throws(KernelImageError) {
        // Before 2.04 the field had 16 bits, and memdisk leaves it empty. It counts pieces of 16 bytes, so up to
        // 15 bytes may be missing at the end.
        let pieces = version >= 0x204 ? Int64(head.little(UInt32.self, at: 0x1f4) ?? 0) : 0
        let expected = protectedOffset + max(pieces * 16 - 15, 1)
        guard fileByteCount >= expected else { throw .truncated(expected: expected, found: fileByteCount) }
    }
}
