extension InitramfsDialect {
    /// What most likely reads this command line, where the configuration does not say.
    public static func guessed(commandLine: String, hasInitrd: Bool) -> InitramfsDialect {
        guard hasInitrd else { return InitramfsDialect.none }
        let words = commandLine.split(separator: " ")
        func hasWord(beginningWith beginnings: String...) -> Bool {
            words.contains { word in beginnings.contains { word.hasPrefix($0) } }
        }
        if hasWord(beginningWith: "modloop=", "apkovl=", "alpine_repo=", "alpine_dev=") { return .alpine }
        // Before dracut: a NixOS with systemd in its initrd takes `rd.` words, too.
        if hasWord(beginningWith: "init=/nix/store/") { return .nixos }
        if hasWord(beginningWith: "rd.", "inst.", "root=live:") { return .dracut }
        return .initramfsTools
    }
}

extension InitramfsDialect {
    /// Options of a read-only NFS mount in the words of who mounts (docs/booting.md).
    ///
    /// The kernel's `nfsroot=` would take version 2 and reads of 4 KiB if it were told nothing, and in an initramfs no
    /// lock manager answers. klibc's nfsmount, which Debian's initramfs runs, knows no `vers=`.
    var nfsOptions: String {
        switch self {
        case .initramfsTools: "nfsvers=3,tcp,nolock,rsize=1048576"
        case .dracut, .alpine, .nixos, .none: "vers=3,tcp,nolock,rsize=1048576"
        }
    }
}

extension KernelEntry {
    /// Who reads the command line before the root file system is there: as stated, or as the line itself lets one guess.
    var dialect: InitramfsDialect {
        initramfs
            ?? .guessed(
                commandLine: commandLine.expanded { _ in nil }, hasInitrd: !initrds.isEmpty)
    }
}
