internal import BootCore

/// Names that mean the same on every protocol.
extension BootPath {
    /// The file name that machines get which are to start from their own disk: UEFI goes on to it at once when
    /// the file is not there.
    public var isLocalDiskRefusal: Bool {
        segments.last.map(String.init) == FirmwareRefusal.refusedFileName
    }

    /// A name that loaders try before another, or do without: most of the time it is not there.
    public var isRoutineProbe: Bool {
        guard let name = segments.last else { return false }
        if segments.dropLast().last == "pxelinux.cfg" { return name != "default" }
        return name.hasPrefix("grub.cfg-") || name.hasSuffix(".lst") || name.hasPrefix("revocations")
            || name.hasPrefix("shim_certificate") || name == "autoexec.ipxe" || name == "bootsig.bin"
    }
}
