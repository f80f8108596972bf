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
