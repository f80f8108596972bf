public import ArgumentParser
import Kexec
import SystemIO

/// `netbootd initramfs`: the small boot loader for a stick.
public struct InitramfsCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "initramfs",
        abstract:
            "Makes an initramfs that is a small boot loader, for machines that cannot boot over the network.",
        discussion: """
            Put it on a USB stick with a kernel: it finds the entries of the local disks and those of the boot server, \
            shows one menu of both, and starts the choice with kexec. On the kernel's command line, \
            netbootd.server=URL, netbootd.entry=NAME and netbootd.timeout=SECONDS say what to do without being asked.
            """)

    @Argument(help: ArgumentHelp("The file to write: a gzipped cpio archive.", valueName: "out"))
    var output: String

    @Option(help: ArgumentHelp("The kernel's modules, as /lib/modules/VERSION.", valueName: "folder"))
    var modules: String?

    @Option(
        help: ArgumentHelp(
            "The static kexec-join; found beside this program or in /usr/lib/netbootd.", valueName: "file"))
    var executable: String?

    public init() {}

    public func run() throws {
        try CommandFailure.shown(as: "initramfs") {
            let program = try executable ?? Self.installedExecutable()
            let summary = try CommandFailure.inWords {
                try InitramfsBuilder.write(to: output, executable: program, modules: modules)
            }
            print("\(output): \(byteText(summary.packedBytes)), \(summary.modules.count) modules")
        }
    }

    private static func installedExecutable() throws(CommandFailure) -> String {
        let own = Program.path ?? ""
        let beside = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)]) + "/kexec-join"
        guard let found = [beside, "/usr/lib/netbootd/kexec-join"].first(where: HostFiles.live.exists) else {
            throw CommandFailure(
                "there is no kexec-join beside this program or in /usr/lib/netbootd; --executable FILE")
        }
        return found
    }
}
