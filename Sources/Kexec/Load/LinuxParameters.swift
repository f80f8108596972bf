/// `boot_params` with all that they point to, as one run of bytes that begins at `base`.
struct LinuxParameters {
    var files: LinuxFiles
    var facts: FirmwareFacts
    var base: UInt64
    var initrdAddress: UInt64

    static let commandLineOffset = 4096
    static let tableLimit = 128

    var bytes: [UInt8] {
        var bytes = page
        bytes += Array(files.commandLine.utf8) + [0]
        bytes.pad(to: 16)
        var link = 0x250
        appendLongMap(to: &bytes, link: &link)
        appendEFI(to: &bytes, link: &link)
        return bytes
    }

    private var page: [UInt8] {
        var page = [UInt8](repeating: 0, count: 4096)
        copyLiveParts(to: &page)
        page.replaceSubrange(0x1f1..<0x1f1 + files.header.bytes.count, with: files.header.bytes)
        page.put(facts.acpiRoot ?? 0, at: 0x70)
        page[0x210] = 0xd0  // kexec
        page[0x211] &= 1  // of the flags only that the kernel is high
        page.putSplit(base + UInt64(Self.commandLineOffset), at: 0x228, high: 0xc8)
        page.putSplit(initrdAddress, at: 0x218, high: 0xc0)
        page.putSplit(UInt64(files.initrdByteCount), at: 0x21c, high: 0xc4)
        page.put(UInt64(0), at: 0x250)
        let map = facts.memory.prefix(Self.tableLimit)
        page[0x1e8] = UInt8(map.count)
        page.replaceSubrange(0x2d0..<0x2d0 + 20 * map.count, with: map.flatMap(\.tableEntry))
        return page
    }

    /// The screen, its monitor, EFI, Secure Boot and the BIOS's disks, as this kernel was told.
    private func copyLiveParts(to page: inout [UInt8]) {
        guard facts.bootParameters.count == page.count else { return }
        let parts = [
            0x00..<0x40, 0x140..<0x1c0, 0x1c0..<0x1e0, 0x1e9..<0x1eb, 0x1ec..<0x1ed, 0x290..<0x2d0,
            0xd00..<0xeec,
        ]
        for part in parts { page.replaceSubrange(part, with: facts.bootParameters[part]) }
    }

    /// What does not fit into the table (SETUP_E820_EXT).
    private func appendLongMap(to bytes: inout [UInt8], link: inout Int) {
        let rest = facts.memory.dropFirst(Self.tableLimit)
        guard !rest.isEmpty else { return }
        appendNode(type: 1, rest.flatMap(\.tableEntry), to: &bytes, link: &link)
    }

    /// Where EFI's runtime services were put: they can be told so only once (SETUP_EFI).
    private func appendEFI(to bytes: inout [UInt8], link: inout Int) {
        guard let efi = facts.efi, files.header.knowsEFIFromKexec,
            bytes.little(UInt32.self, at: 0x1c0) ?? 0 != 0
        else {
            bytes.replaceSubrange(0x1c0..<0x1e0, with: repeatElement(0, count: 32))
            return
        }
        var tables = [efi.vendor, 0, efi.configurationTable, efi.smbios].flatMap(\.littleEndianBytes)
        tables += [UInt8](repeating: 0, count: 64)
        appendNode(type: 4, tables, to: &bytes, link: &link)
        let map = efi.regions.flatMap(\.descriptor)
        bytes.put(UInt32(FirmwareFacts.EFIRuntime.Region.descriptorByteCount), at: 0x1c8)
        bytes.put(UInt32(1), at: 0x1cc)
        bytes.putSplit(base + UInt64(bytes.count), at: 0x1d0, high: 0x1dc)
        bytes.put(UInt32(map.count), at: 0x1d4)
        bytes += map
    }

    /// Adds to the chain of `setup_data`; `link` is where the address of the next one belongs.
    private func appendNode(type: UInt32, _ content: [UInt8], to bytes: inout [UInt8], link: inout Int) {
        bytes.put(base + UInt64(bytes.count), at: link)
        link = bytes.count
        bytes.appendLittle(UInt64(0))
        bytes.appendLittle(type)
        bytes.appendLittle(UInt32(content.count))
        bytes += content
        bytes.pad(to: 16)
    }
}

extension MemoryRange {
    /// As in E820: address, size, type.
    var tableEntry: [UInt8] {
        start.littleEndianBytes + (end - start).littleEndianBytes + kind.rawValue.littleEndianBytes
    }
}

extension FirmwareFacts.EFIRuntime.Region {
    static let descriptorByteCount = 40

    fileprivate var descriptor: [UInt8] {
        type.littleEndianBytes + [0, 0, 0, 0] + physicalAddress.littleEndianBytes
            + virtualAddress.littleEndianBytes + pageCount.littleEndianBytes + attribute.littleEndianBytes
    }
}

extension [UInt8] {
    /// A number of 64 bits whose halves are apart, for the sake of kernels that know one alone.
    fileprivate mutating func putSplit(_ value: UInt64, at low: Int, high: Int) {
        put(UInt32(truncatingIfNeeded: value), at: low)
        put(UInt32(truncatingIfNeeded: value >> 32), at: high)
    }
}
