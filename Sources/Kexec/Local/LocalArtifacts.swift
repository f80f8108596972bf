import BootMenus
import SystemIO

extension LocalDisks {
    /// The files of an entry as what a kernel is loaded from.
    ///
    /// - Parameters:
    ///   - commandLine: in place of the entry's own.
    ///   - note: is told what was guessed.
    /// - Throws: `LocalFailure`, `KernelImageError` or `SystemError`.
    public func artifacts(
        of local: LocalEntry, commandLine: String, note: (String) -> Void
    ) throws -> KernelArtifacts {
        let boot = try load(local)
        for guess in boot.guesses { note(guess) }
        guard !local.entry.modules.isEmpty else {
            return try KernelArtifacts(kernel: boot.kernel, initrd: boot.initrd, commandLine: commandLine)
        }
        var joined = try MemoryFile(name: "modules")
        var modules: [MultibootModule] = []
        for module in local.entry.modules {
            let file = try load(module.file, of: local)
            let start = joined.byteCount
            try joined.append(file)
            modules.append(MultibootModule(range: start..<joined.byteCount, commandLine: module.commandLine))
            // A module begins on a page.
            try joined.pad(to: 4096)
        }
        try joined.seal()
        var artifacts = try KernelArtifacts(kernel: boot.kernel, initrd: joined, commandLine: commandLine)
        artifacts.modules = modules
        return artifacts
    }
}
