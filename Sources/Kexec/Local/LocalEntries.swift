public import BootMenus
public import SystemIO

/// An entry of a boot loader's configuration on a disk of this host.
public struct LocalEntry: Equatable, Sendable {
    public var entry: MenuEntry
    /// The device that the configuration is on.
    public var home: BlockDevice
    public var format: MenuFormat
}

/// What the boot loaders of this host's disks offer.
public struct LocalEntries: Sendable {
    public var entries: [LocalEntry] = []
    /// Index into `entries`: the default of the first configuration that has one.
    public var defaultEntry: Int?
    /// That configuration's.
    public var timeout: Duration?
    /// What was not understood, with its place.
    public var notes: [String] = []

    /// Looks for configurations where boot loaders keep them.
    ///
    /// - Parameter device: the only one to look at; nil for all.
    public init(on disks: LocalDisks, device: BlockDevice? = nil, host: MenuHost) {
        for home in device.map({ [$0] }) ?? disks.devices
        where home.holders.isEmpty && (device != nil || home.contents?.kind.isFileSystem == true) {
            let files = FilesOfDisks(disks: disks, home: home)
            do throws(LocalFailure) {
                // Only to say why it cannot be read; it stays open.
                _ = try disks.root(of: home)
            } catch {
                notes.append(error.description)
                continue
            }
            for (format, place) in Self.places(in: files) {
                let menu = BootMenu(reading: place, as: format, files: files, host: host)
                add(menu, format: format, home: home, disks: disks)
            }
        }
    }

    /// Configurations that are there, the most common loaders first.
    private static func places(in files: some MenuFiles) -> [(MenuFormat, FileReference)] {
        MenuFormat.allCases.flatMap { format in
            candidates(format, in: files).map { FileReference(path: $0) }
                .filter { place in
                    switch (format, files.kind(of: place)) {
                    case (.loaderEntries, .folder), (.grub, .file), (.grubLegacy, .file), (.syslinux, .file),
                        (.kexecLoader, .file):
                        true
                    case (_, .folder), (_, .file), (_, nil): false
                    }
                }
                .map { (format, $0) }
        }
    }

    private static func candidates(_ format: MenuFormat, in files: some MenuFiles) -> [String] {
        switch format {
        case .grub:
            ["/boot/grub/grub.cfg", "/grub/grub.cfg", "/boot/grub2/grub.cfg", "/grub2/grub.cfg"]
                + files.names(in: FileReference(path: "/EFI")).map { "/EFI/\($0)/grub.cfg" }
        case .grubLegacy:
            ["/boot/grub/menu.lst", "/grub/menu.lst", "/boot/grub/grub.conf", "/grub/grub.conf"]
        case .loaderEntries: ["/loader/entries", "/boot/loader/entries"]
        case .syslinux:
            ["/boot", ""].flatMap { top in
                ["/syslinux/syslinux.cfg", "/isolinux/isolinux.cfg", "/extlinux/extlinux.conf"].map {
                    top + $0
                }
            } + ["/syslinux.cfg", "/isolinux.cfg", "/extlinux.conf", "/boot/extlinux.conf"]
        case .kexecLoader:
            ["/kexec-loader.conf", "/boot/kexec-loader.conf", "/boot/kexec-loader/kexec-loader.conf"]
        }
    }

    private mutating func add(_ menu: BootMenu, format: MenuFormat, home: BlockDevice, disks: LocalDisks) {
        notes += menu.notes.map { "\(home.path): \($0)" }
        for (index, entry) in menu.entries.enumerated() {
            let new = LocalEntry(entry: entry, home: home, format: format)
            let isDefault = defaultEntry == nil && index == menu.defaultEntry
            // An EFI partition's configuration leads to the one in /boot, and GRUB may read loader/entries.
            if let same = entries.firstIndex(where: { Self.isSame($0, new, disks) }) {
                if isDefault { (defaultEntry, timeout) = (same, menu.timeout) }
                continue
            }
            if isDefault { (defaultEntry, timeout) = (entries.count, menu.timeout) }
            entries.append(new)
        }
    }

    private static func isSame(_ left: LocalEntry, _ right: LocalEntry, _ disks: LocalDisks) -> Bool {
        guard left.entry.title == right.entry.title, left.entry.kernel?.path == right.entry.kernel?.path,
            left.entry.commandLine == right.entry.commandLine,
            left.entry.initrds.map(\.path) == right.entry.initrds.map(\.path)
        else { return false }
        let devices = [left, right].map { local in
            guard let reference = local.entry.kernel?.device else { return local.home.name }
            return (try? disks.device(for: reference, home: local.home))?.device.name ?? ""
        }
        return devices[0] == devices[1]
    }

    /// The entry that a person means by its id, its title, or `SUBMENU>TITLE`.
    public func entry(named name: String) throws(LocalFailure) -> LocalEntry {
        let isMeant: [(MenuEntry) -> Bool] = [
            { $0.id == name }, { $0.title == name },
            { ($0.submenus + [$0.title]).joined(separator: ">") == name },
        ]
        for isMeant in isMeant {
            let found = entries.filter { isMeant($0.entry) }
            if found.count > 1 {
                throw .ambiguousEntry(name, places: found.map { "\($0.home.path) \($0.entry.place)" })
            }
            if let only = found.first { return only }
        }
        throw .noSuchEntry(name, known: entries.map(\.entry.id))
    }
}

/// The files of a local entry, in memory and sealed.
public struct LocalBoot: ~Copyable, Sendable {
    public var kernel: MemoryFile
    /// All of them, one after the other; nil when the entry has none.
    public var initrd: MemoryFile?
    /// One sentence for each thing that was guessed.
    public var guesses: [String]
}

extension LocalDisks {
    /// Reads the kernel and the initrds of an entry.
    public func load(_ local: LocalEntry) throws(LocalFailure) -> LocalBoot {
        let title = local.entry.title
        if let why = local.entry.unsupported {
            throw .unsupportedEntry(title: title, why: why.description)
        }
        guard let reference = local.entry.kernel else {
            throw .unsupportedEntry(title: title, why: UnsupportedEntry.noKernel.description)
        }
        var guesses: [String] = []
        var kernel = try memory("kernel")
        try append(reference, of: local, to: &kernel, &guesses)
        try seal(kernel)
        guard !local.entry.initrds.isEmpty else {
            return LocalBoot(kernel: kernel, initrd: nil, guesses: guesses)
        }
        var initrd = try memory("initrd")
        for reference in local.entry.initrds {
            try append(reference, of: local, to: &initrd, &guesses)
            // What follows must begin at a multiple of 4 (buffer-format.rst); u-root pads to 512.
            do throws(SystemError) { try initrd.pad(to: 512) } catch { throw .system(error) }
        }
        try seal(initrd)
        return LocalBoot(kernel: kernel, initrd: initrd, guesses: guesses)
    }

    /// Reads a file of an entry: a module of a multiboot kernel, say.
    public func load(_ reference: FileReference, of local: LocalEntry) throws(LocalFailure) -> MemoryFile {
        var guesses: [String] = []
        var file = try memory("module")
        try append(reference, of: local, to: &file, &guesses)
        try seal(file)
        return file
    }

    private func append(
        _ reference: FileReference, of local: LocalEntry, to memory: inout MemoryFile,
        _ guesses: inout [String]
    ) throws(LocalFailure) {
        let found = try open(reference, home: local.home)
        if found.device.isGuess, let device = reference.device {
            let guess = "\(device) was taken for \(found.device.device.path)"
            if !guesses.contains(guess) { guesses.append(guess) }
        }
        do throws(SystemError) {
            var offset: Int64 = 0
            while offset < found.file.byteCount {
                let bytes = try found.file.bytes(at: offset, count: 1 << 20)
                if bytes.isEmpty { break }
                try memory.append(bytes)
                offset += Int64(bytes.count)
            }
        } catch {
            throw .system(error)
        }
    }

    private func memory(_ name: String) throws(LocalFailure) -> MemoryFile {
        do throws(SystemError) { return try MemoryFile(name: name) } catch { throw .system(error) }
    }

    private func seal(_ file: borrowing MemoryFile) throws(LocalFailure) {
        do throws(SystemError) { try file.seal() } catch { throw .system(error) }
    }
}
