/// The script that iPXE or gPXE fetches and runs.
public struct IPXEScript: Sendable {
    /// gPXE knows neither `||`, labels, menus nor `initrd --name`.
    public enum Dialect: Sendable {
        case gpxe
        case ipxe
    }

    private let dialect: Dialect
    /// Where iPXE fetches this script again after a failure.
    private let scriptURL: String
    /// What the menu's entry for the local disk does.
    private let localBoot: LocalBootMethod

    public init(dialect: Dialect, scriptURL: String, localBoot: LocalBootMethod = .exit) {
        self.dialect = dialect
        self.scriptURL = scriptURL
        self.localBoot = localBoot
    }

    public func render(_ entry: BootEntry) -> String {
        let lines = ["#!\(dialect == .ipxe ? "ipxe" : "gpxe")"] + body(of: entry)
        return lines.map { $0 + "\n" }.joined()
    }

    /// What a machine is shown for which there is no answer.
    public func render(refusal: String) -> String {
        switch dialect {
        case .ipxe: "#!ipxe\necho netbootd: \(Self.plain(refusal))\nsleep 10\nexit 1\n"
        case .gpxe: "#!gpxe\necho netbootd: \(Self.plain(refusal))\nsleep 10\nexit\n"
        }
    }

    private func body(of entry: BootEntry) -> [String] {
        switch (entry, dialect) {
        case (.local(let method), _): localBoot(method)
        case (.boot(let profile), .ipxe):
            // A boot program that returns without an error has left the machine to its next boot device.
            announcement(of: profile) + start(profile, afterReturn: "exit 1") + retry
        case (.boot(let profile), .gpxe): announcement(of: profile) + gpxeStart(profile)
        case (.menu(let profiles, let timeout), .ipxe): menu(profiles, timeout: timeout) + retry
        case (.menu, .gpxe):
            // gPXE has no menu: it does what the menu does when nobody chooses.
            localBoot(localBoot)
        }
    }

    private func announcement(of profile: ResolvedProfile) -> [String] {
        ["echo netbootd: booting \(Self.plain(profile.title))"]
    }

    /// - Parameter afterReturn: what follows when the program that was started comes back without an error, as
    ///   tools do and kernels do not. Without it, iPXE would go on with the next line of a menu: another profile.
    private func start(_ profile: ResolvedProfile, afterReturn: String) -> [String] {
        switch profile.start {
        case .kernel(let url, let initrdURLs, let commandLine):
            let names = Array(Self.uniqueNames(of: [url] + initrdURLs).dropFirst())
            // UEFI kernels find their initrds by these names; BIOS ones are handed them and ignore the names.
            let arguments = names.map { "initrd=\($0)" } + (commandLine.isEmpty ? [] : [commandLine])
            return ["imgfree", "kernel \(([url] + arguments).joined(separator: " ")) || goto failed"]
                + zip(names, initrdURLs).map { "initrd --name \($0) \($1) || goto failed" }
                + ["boot || goto failed", afterReturn]
        case .loader(let url, let directory):
            // pxelinux looks for its files under option 210, GRUB beside the path that it was loaded from.
            let prefix = directory.isEmpty ? [] : ["set 210:string \(directory)"]
            return prefix + ["chain \(url) || goto failed", afterReturn]
        case .nothing:
            return ["echo Profile '\(Self.plain(profile.name))' has nothing for this machine", "goto failed"]
        }
    }

    private func gpxeStart(_ profile: ResolvedProfile) -> [String] {
        switch profile.start {
        case .kernel(let url, let initrdURLs, let commandLine):
            [([("kernel " + url)] + (commandLine.isEmpty ? [] : [commandLine])).joined(separator: " ")]
                + initrdURLs.map { "initrd \($0)" } + ["boot"]
        case .loader(let url, _): ["chain \(url)"]
        case .nothing: ["echo Profile '\(Self.plain(profile.name))' has nothing for this machine", "exit"]
        }
    }

    /// A server that comes back, a link that comes up late: the machine tries again until somebody looks.
    private var retry: [String] {
        [
            ":failed",
            "echo netbootd: the boot failed. Its server's log names the file and the reason.",
            "prompt --timeout 15000 Press a key for iPXE's shell, or wait 15 s to try again. && shell ||",
            "chain --replace \(scriptURL) || goto failed",
        ]
    }

    private func localBoot(_ method: LocalBootMethod) -> [String] {
        switch (method, dialect) {
        case (.sanboot, .ipxe):
            ["echo netbootd: booting from the first disk", "sanboot --no-describe --drive 0x80 || exit 1"]
        case (.exit, .ipxe), (.noBootFile, .ipxe):
            // With status 0, UEFI would take the network boot for done and open its setup.
            ["echo netbootd: leaving this machine to its next boot device", "exit 1"]
        case (_, .gpxe):
            ["echo netbootd: leaving this machine to its next boot device", "exit"]
        }
    }

    private func menu(_ profiles: [ResolvedProfile], timeout: Duration) -> [String] {
        // iPXE takes a timeout of 0 for none.
        let milliseconds = timeout.components.seconds * 1000
        let items = profiles.indices.map { "item entry\($0) \(Self.plain(profiles[$0].title))" }
        return [":menu", "menu netbootd: what shall this machine boot?"] + items
            + [
                "item local Boot from the local disk", "item shell iPXE shell",
                // When nobody is there to choose, the machine's own disk is what does no harm.
                "choose --timeout \(milliseconds) --default local selected || goto shell",
                "goto ${selected}",
                ":local",
            ] + localBoot(localBoot) + [":shell", "shell", "goto menu"]
            + profiles.indices.flatMap {
                [":entry\($0)"] + announcement(of: profiles[$0])
                    + start(profiles[$0], afterReturn: "goto menu")
            }
    }

    /// Text for `echo` and `item`, without what iPXE would expand or take for the next command.
    private static func plain(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 }.filter { !"${}|&;#".contains($0) })
    }

    /// The last part of each URL, made unique by a number: `initrd.gz`, `initrd.gz-1`. UEFI kernels find files
    /// by these names, and the kernel itself is one of the files.
    private static func uniqueNames(of urls: [String]) -> [String] {
        var names: [String] = []
        for url in urls {
            let last = url.split(separator: "/").last.map(String.init) ?? "initrd"
            let plain = String(
                last.prefix { $0 != "?" }.map { $0.isASCII && $0 != "%" && $0 != "," ? $0 : "_" })
            let base = plain.isEmpty ? "initrd" : plain
            var (name, number) = (base, 0)
            while names.contains(name) {
                number += 1
                name = "\(base)-\(number)"
            }
            names.append(name)
        }
        return names
    }
}
