/// A unified kernel image: an EFI program that carries a kernel with all that belongs to it.
public struct UnifiedImage: Equatable, Sendable {
    /// Parts of the file.
    public var kernel: Range<Int64>
    public var initrd: Range<Int64>?
    public var commandLine: Range<Int64>?

    /// The sections of a PE file with a kernel among them.
    ///
    /// - Returns: nil when it is an EFI program of another sort.
    init?(head: [UInt8], fileByteCount: Int64) throws(KernelImageError) {
        guard let start = head.little(UInt32.self, at: 0x3c).map(Int.init),
            head.hasBytes([0x50, 0x45, 0, 0], at: start),
            let count = head.little(UInt16.self, at: start + 6),
            let optionalByteCount = head.little(UInt16.self, at: start + 20)
        else { return nil }
        var sections: [String: Range<Int64>] = [:]
        for index in 0..<Int(count) {
            let base = start + 24 + Int(optionalByteCount) + 40 * index
            guard let virtual = head.little(UInt32.self, at: base + 8),
                let inFile = head.little(UInt32.self, at: base + 16),
                let offset = head.little(UInt32.self, at: base + 20)
            else { throw .brokenHeader(part: "PE section table") }
            let name = String(decoding: head[base..<base + 8].prefix { $0 != 0 }, as: UTF8.self)
            // The virtual size is that without padding.
            let end = Int64(offset) + Int64(virtual == 0 ? inFile : min(virtual, inFile))
            sections[name] = Int64(offset)..<end
        }
        guard let kernel = sections[".linux"], !kernel.isEmpty else { return nil }
        self.kernel = kernel
        initrd = sections[".initrd"]
        commandLine = sections[".cmdline"]
        for range in [kernel, initrd, commandLine] {
            if let range, range.upperBound > fileByteCount {
                throw .truncated(expected: range.upperBound, found: fileByteCount)
            }
        }
    }
}
