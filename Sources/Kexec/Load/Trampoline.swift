/// The first page of what `kexec_load` starts: code that leaves the mode that the kernel left the processor in
/// (`scripts/trampoline.S`).
struct Trampoline: Equatable {
    var entry: UInt64
    /// RSI or ESI; for real mode the segment of data and stack.
    var parameters: UInt64
    /// EAX; for real mode SP.
    var valueA: UInt32 = 0
    /// EBX.
    var valueB: UInt32 = 0
    var bits: UInt32

    static let byteCount = 4096

    /// Code and fields, filled up to a page, the end of which is its stack.
    var page: [UInt8] {
        var page = trampolineCode
        page.pad(to: Self.byteCount)
        page.put(entry, at: 0x08)
        page.put(parameters, at: 0x10)
        page.put(valueA, at: 0x18)
        page.put(valueB, at: 0x1c)
        page.put(bits, at: 0x20)
        return page
    }
}
