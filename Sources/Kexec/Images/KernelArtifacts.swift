public import SystemIO

/// A kernel as it is loaded, unpacked where that is needed, with its initrd and command line; all sealed.
public struct KernelArtifacts: ~Copyable, Sendable {
    public let image: KernelImage
    public let kernel: MemoryFile
    public let initrd: MemoryFile?
    public let commandLine: String
    /// Parts of the initrd that a multiboot kernel gets as modules; all of it is one unless this says more.
    public var modules: [MultibootModule]

    /// Identifies the kernel, unpacks it and takes a unified image apart.
    ///
    /// A unified image's own initrd comes before the given one, and its command line counts when none is given.
    public init(
        kernel: consuming MemoryFile, initrd: consuming MemoryFile?, commandLine: String
    ) throws(KernelImageError) {
        var parts = Parts(
            image: try KernelImage(identifying: kernel), kernel: kernel, initrd: initrd,
            commandLine: commandLine)
        // A unified image may hold an Image.gz, and that is all; one that goes on is a joke at our expense.
        for _ in 0..<3 where parts.image.architecture == nil { parts = try Self.unpacked(parts) }
        guard parts.image.architecture != nil else { throw .brokenHeader(part: "compression") }
        try Self.seal(parts.kernel)
        switch parts.initrd {
        case .some(let file): try Self.seal(file)
        case .none: break
        }
        image = parts.image
        let initrdByteCount = parts.initrdByteCount
        self.kernel = parts.kernel
        self.initrd = parts.initrd
        self.commandLine = parts.commandLine
        modules =
            initrdByteCount > 0 ? [MultibootModule(range: 0..<initrdByteCount, commandLine: "initrd")] : []
    }

    private struct Parts: ~Copyable {
        var image: KernelImage
        var kernel: MemoryFile
        var initrd: MemoryFile?
        var commandLine: String

        var initrdByteCount: Int64 {
            switch initrd {
            case .some(let file): file.byteCount
            case .none: 0
            }
        }
    }

    private static func seal(_ file: borrowing MemoryFile) throws(KernelImageError) {
        do { try file.seal() } catch {
            // One that was sealed by who fetched it is as good.
            guard error.isPermission else { throw .unreadable(error) }
        }
    }

    public var byteCount: Int64 { kernel.byteCount + initrdByteCount }

    public var initrdByteCount: Int64 {
        switch initrd {
        case .some(let file): file.byteCount
        case .none: 0
        }
    }

    var kernelFile: RawFile { RawFile(descriptor: kernel.rawDescriptor, byteCount: kernel.byteCount) }

    /// Nil when there is none, or an empty one.
    var initrdFile: RawFile? {
        switch initrd {
        case .some(let file):
            file.byteCount == 0 ? nil : RawFile(descriptor: file.rawDescriptor, byteCount: file.byteCount)
        case .none: nil
        }
    }

    private static func unpacked(_ parts: consuming Parts) throws(KernelImageError) -> Parts {
        switch parts.image {
        case .linux, .multiboot, .arm64: return parts
        case .gzip:
            let whole = 0..<parts.kernel.byteCount
            parts.kernel = try parts.kernel.inflated(whole, name: "kernel")
        case .zboot(let payload): parts.kernel = try parts.kernel.inflated(payload, name: "kernel")
        case .unified(let unified):
            if parts.commandLine.isEmpty, let range = unified.commandLine {
                // No kernel takes more than a page or two, whatever the section's size says.
                let shown = range.clamped(to: range.lowerBound..<range.lowerBound + 65_536)
                let text = try parts.kernel.part(shown).prefix { $0 != 0 && $0 != 0x0a }
                parts.commandLine = String(decoding: text, as: UTF8.self)
            }
            if let range = unified.initrd {
                parts.initrd = try joined(parts.kernel, range, parts.initrd)
            }
            parts.kernel = try joined(parts.kernel, unified.kernel, nil)
        }
        parts.image = try KernelImage(identifying: parts.kernel)
        return parts
    }

    /// A part of one file, followed by another file; archives begin at multiples of four.
    private static func joined(
        _ first: borrowing MemoryFile, _ range: Range<Int64>, _ second: borrowing MemoryFile?
    ) throws(KernelImageError) -> MemoryFile {
        var result = try reading { () throws(SystemError) in try MemoryFile(name: "unified") }
        try append(first, range, to: &result)
        switch second {
        case .some(let file):
            do { try result.pad(to: 4) } catch { throw .unreadable(error) }
            try append(file, 0..<file.byteCount, to: &result)
        case .none: break
        }
        return result
    }

    private static func append(
        _ source: borrowing MemoryFile, _ range: Range<Int64>, to target: inout MemoryFile
    ) throws(KernelImageError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try source.part(offset..<min(offset + 1 << 20, range.upperBound))
            do { try target.append(bytes) } catch { throw .unreadable(error) }
            offset += Int64(bytes.count)
        }
    }
}

/// What a multiboot kernel gets besides its command line.
public struct MultibootModule: Equatable, Sendable {
    /// Of the initrd's bytes; its beginning must be a multiple of 4096.
    public var range: Range<Int64>
    /// Its name, and what else it is told: Xen takes the kernel's command line from here, less the first word.
    public var commandLine: String

    public init(range: Range<Int64>, commandLine: String) {
        self.range = range
        self.commandLine = commandLine
    }
}

extension KernelArtifacts {
    /// What an archive holds.
    public init(archive: consuming NetbootArchive, commandLine: String) throws(KernelImageError) {
        try self.init(kernel: archive.kernel, initrd: archive.initrd, commandLine: commandLine)
    }
}
