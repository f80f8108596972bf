extension BootMenu {
    /// Reads a configuration and what it includes. What is wrong with it is told in `notes`; entries never fail.
    ///
    /// `file` is the folder `loader/entries` for the Boot Loader Specification, else a file.
    public init(reading file: FileReference, as format: MenuFormat, files: any MenuFiles, host: MenuHost) {
        switch format {
        case .grub: self = .grub(file, files: files, host: host)
        case .grubLegacy: self = .grubLegacy(file, files: files)
        case .loaderEntries: self = .loaderEntries(file, files: files, host: host)
        case .kexecLoader: self = .kexecLoader(file, files: files, host: host)
        case .syslinux:
            var reader = SyslinuxReader(file, files: files)
            reader.read(file, asked: MenuPlace(file: file.path, line: 1))
            self = reader.finished()
        }
    }
}
