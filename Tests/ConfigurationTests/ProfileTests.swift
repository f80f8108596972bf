import BootCore
import Configuration
import Testing

@Suite("Profiles, their loaders and their placeholders")
struct ProfileTests {
    private func text(_ profile: String, after: String = "") -> String {
        "interface: e\ndhcp: {mode: off}\n\(after)default: p\nprofiles:\n  p: {\(profile)}\n"
    }

    private func profile(_ keys: String) -> Profile? { parse(text(keys)).configuration?.profiles.first }

    private func profileErrors(_ keys: String) -> [String] {
        errors(in: text(keys)).map { String($0.trimmingPrefix("netbootd.yaml:5:")) }
    }

    @Test("A kernel may come from the tree or from elsewhere")
    func kernels() throws {
        let kernel = try #require(profile("kernel: /a//b/linux, initrd: x, cmdline: '  quiet  '")?.kernel)
        #expect(kernel.kernel == "a/b/linux" && kernel.initrds == ["x"])
        #expect(kernel.commandLine.expanded { _ in nil } == "quiet")
        let url = "http://deb.example/a?b=1"
        let remote = profile("kernel: '\(url)', initrd: ['https://x/i', j]")?.kernel
        #expect(remote?.kernel == url && remote?.initrds == ["https://x/i", "j"])
        #expect(profile("kernel: k")?.title == "p" && profile("kernel: k, title: An OS")?.title == "An OS")
        #expect(profile("kernel: k, initrd: ~, cmdline: ~")?.kernel?.initrds == [])
    }

    @Test("A command line over several lines is one line")
    func foldedCommandLine() {
        let text = """
            interface: e
            dhcp: {mode: off}
            default: p
            profiles:
              p:
                kernel: k
                cmdline: |
                  ip=dhcp
                  console=ttyS0,115200
            """
        let kernel = parse(text).configuration?.profiles.first?.kernel
        #expect(kernel?.commandLine.expanded { _ in nil } == "ip=dhcp console=ttyS0,115200")
    }

    @Test("One loader path is for every platform; a mapping is for those that it names")
    func loaders() {
        let all = profile("loader: grub/grub.efi")?.loaders
        #expect(all?.count == Platform.allCases.count && all?[.uefiARM64] == "grub/grub.efi")
        let some = profile("loader: {bios: lpxelinux.0, uefi-x64: shimx64.efi}")?.loaders
        #expect(some == [.bios: "lpxelinux.0", .uefiX64: "shimx64.efi"])
    }

    @Test(
        "What a profile may not say",
        arguments: [
            ("", ["3: profiles.p: the profile has nothing to boot; expected 'kernel' or 'loader'"]),
            (
                "loader: x, initrd: y, cmdline: z",
                [
                    "26: profiles.p.initrd: 'initrd' needs a 'kernel' beside it",
                    "38: profiles.p.cmdline: 'cmdline' needs a 'kernel' beside it",
                ]
            ),
            (
                "kernel: ../x",
                ["15: profiles.p.kernel: '../x' is no path in the tree: '..' leads out of the tree"]
            ),
            ("kernel: /", ["15: profiles.p.kernel: '/' is no path in the tree: it is empty"]),
            (
                "kernel: 'ftp://x/y'",
                [
                    "15: profiles.p.kernel: found the text \"ftp://x/y\"; expected a path in the tree,"
                        + " or an http, https or tftp URL"
                ]
            ),
            (
                "kernel: \"a\\tb\"",
                ["15: profiles.p.kernel: 'a�b' is no path in the tree: byte 1 is the control character 9"]
            ),
            (
                "kernel: k, cmdline: \"a\\eb\"",
                [
                    "27: profiles.p.cmdline: found the text \"a�b\"; expected a line of text without"
                        + " control characters"
                ]
            ),
            (
                "loader: [x]",
                ["15: profiles.p.loader: found a list; expected a path, or a mapping from platform to path"]
            ),
            (
                "loader: {efi: x}",
                [
                    "16: profiles.p.loader.efi: unknown key; known here: bios, uefi-ia32, uefi-x64, uefi-arm32,"
                        + " uefi-arm64, uefi-riscv32, uefi-riscv64, uefi-loong64, uboot-arm32, uboot-arm64,"
                        + " raspberry-pi"
                ]
            ),
            (
                "kernel: k, vars: {a b: 1, http: x, nfs: y}",
                [
                    "25: profiles.p.vars.a b: found 'a b'; \(variableWords)",
                    "33: profiles.p.vars.http: found 'http'; \(variableWords)",
                    "42: profiles.p.vars.nfs: found 'nfs'; \(variableWords)",
                ]
            ),
        ] as [(String, [String])])
    func wrongValues(keys: String, words: [String]) { #expect(profileErrors(keys) == words) }

    @Test(
        "A wrong placeholder is told at the character where it begins",
        arguments: [
            (
                "cmdline: a={http} b={htpt}",
                "38: profiles.p.cmdline: unknown placeholder '{htpt}'; did you mean 'http'?"
            ),
            (
                "cmdline: 'a={Mac}'",
                "30: profiles.p.cmdline: unknown placeholder '{Mac}'; did you mean 'mac'?"
            ),
            (
                "cmdline: nfsroot={nfs}/x",
                "35: profiles.p.cmdline: '{nfs}' has no value: nothing is exported; see the section 'nfs'"
            ),
            ("cmdline: ä{b", "28: profiles.p.cmdline: this '{' has no '}'; write '{{' for a brace itself"),
            (
                "cmdline: 'x {a b}'",
                "30: profiles.p.cmdline: '{a b}' is no placeholder: a name has letters, digits, '-' and '_';"
                    + " write '{{' for a brace itself"
            ),
            // With an escape in the text, the place is that of the whole.
            (
                "cmdline: \"\\x61 {sever}\"",
                "27: profiles.p.cmdline: unknown placeholder '{sever}'; did you mean 'server'?"
            ),
            (
                "cmdline: a ${sever} {{sever}} {sever}",
                "48: profiles.p.cmdline: unknown placeholder '{sever}'; did you mean 'server'?"
            ),
        ])
    func placeholders(keys: String, words: String) {
        // In flow style a brace would end the plain text, so the profile is written in block style.
        let text = """
            interface: e
            dhcp: {mode: off}
            default: p
            profiles: # ---------------------------------------------------------------
            """
        let indent = String(repeating: " ", count: 17)
        let block = "\n  p:\n\(indent)kernel: k\n\(indent)\(keys)\n"
        #expect(errors(in: text + block) == ["netbootd.yaml:7:" + words])
    }

    @Test("Vars of any profile or machine are placeholders, and every built-in one is")
    func knownPlaceholders() {
        let machine =
            "machines: [{mac: 525400123456, vars: {disk: sda}}]\nnfs: {exports: [{path: /, clients: '*'}]}\n"
        let names = BootPolicy.placeholderNames.sorted().map { "{\($0)}" }.joined(separator: " ")
        let keys = "kernel: k, vars: {suite: bookworm}, cmdline: '{disk} {suite} \(names) ${net0/mac} {{x}}'"
        #expect(errors(in: text(keys, after: machine)) == [])
        #expect(errors(in: text(keys)).count == 2)
    }

    @Test("A name that is a word of ours, or no name, is refused")
    func names() {
        let head = "interface: e\ndhcp: {mode: off}\ndefault: menu\nprofiles:\n"
        #expect(
            errors(in: head + "  menu: {kernel: k}\n  a b: {kernel: k}\n") == [
                "netbootd.yaml:5:3: profiles.menu: a profile cannot be called 'menu', which means something"
                    + " else where a profile's name may stand",
                "netbootd.yaml:6:3: profiles.a b: found 'a b'; expected a name of letters, digits, '.',"
                    + " '_' and '-'",
            ])
        #expect(
            errors(in: "interface: e\ndhcp: {mode: off}\ndefault: menu\n") == [
                "netbootd.yaml:3:10: default: a menu needs at least one profile"
            ])
    }

    @Test("A profile that nothing boots is worth a warning, unless there is a menu")
    func unused() {
        let extra = "  spare: {kernel: k}\n"
        let text = text("kernel: k") + extra
        #expect(
            warnings(in: text) == [
                "netbootd.yaml:6:3: profiles.spare: warning: no machine, rule or default boots 'spare'"
            ])
        let menu = text.replacing("default: p", with: "default: menu")
        #expect(warnings(in: menu) == [])
        #expect(warnings(in: text + "rules: [{match: {arch: bios}, profile: spare}]\n") == [])
    }
}

private let variableWords =
    "expected a name of letters, digits, '-' and '_' that is not one of netbootd's own placeholders"
