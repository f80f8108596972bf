import Glibc
import SystemIO
import TestSupport
import Testing

@testable import Kexec

@Suite("Services that jump at a reboot")
struct ShutdownServicesTests {
    /// What a shell must not take apart.
    private static let options = ["--server=http://10.0.0.1", "--append=a 'b' \"$HOME\" %h `x`"]

    private func text(_ manager: ShutdownServices.Manager, _ path: String, _ program: [String]) throws
        -> String
    {
        let services = ShutdownServices(manager: manager, program: program, options: Self.options)
        return try #require(services.files.first { $0.path.hasSuffix(path) }).text
    }

    @Test("A shell can read all scripts", arguments: ShutdownServices.Manager.allCases)
    func syntax(manager: ShutdownServices.Manager) throws {
        let folder = try TemporaryFolder()
        let services = ShutdownServices(
            manager: manager, program: ["/opt/it's/netbootd", "kexec-join"], options: Self.options)
        #expect(services.files.map(\.path).sorted() == ShutdownServices.paths(manager).sorted())
        for file in services.files where file.mode == 0o755 {
            try folder.write("script", file.text)
            #expect(try Command("sh", "-n", folder.path + "/script").run() == 0, "\(file.path)")
        }
    }

    @Test(
        "The unit loads at a reboot alone, and is told its options as they were given",
        arguments: [
            ("12 reboot.target start waiting", true), ("12 poweroff.target start waiting", false),
            ("", false),
        ])
    func systemdLoad(jobs: String, loads: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write("program", "#!/bin/sh\nprintf '%s\\n' \"$@\" >'\(folder.path)/told'\n")
        let listed = jobs.contains("reboot") ? jobs : ""
        try folder.write("systemctl", "#!/bin/sh\necho '\(listed)'\n")
        for name in ["program", "systemctl"] { unsafe chmod("\(folder.path)/\(name)", 0o755) }
        try folder.write("load", try text(.systemd, "kexec-load", [folder.path + "/program"]))
        let status = try Command(
            "env", "PATH=\(folder.path):/usr/bin:/bin", "sh", folder.path + "/load"
        ).run()
        #expect(status == 0)
        guard loads else { return #expect(!folder.files.contains("told")) }
        let told = String(decoding: try folder.read("told"), as: UTF8.self)
        #expect(told == (["--for-service"] + Self.options).map { $0 + "\n" }.joined())
    }

    @Test(
        "OpenRC's service loads at a reboot alone, whichever init says so",
        arguments: [
            ("RC_REBOOT=YES", "unknown", true), ("RC_REBOOT=", "2 6", true), ("RC_REBOOT=", "2 0", false),
            ("RC_REBOOT=", "unknown", false),
        ])
    func openRCLoad(variable: String, runlevel: String, loads: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write("program", "#!/bin/sh\nprintf '%s\\n' \"$@\" >'\(folder.path)/told'\n")
        try folder.write("runlevel", "#!/bin/sh\necho '\(runlevel)'\n")
        for name in ["program", "runlevel"] { unsafe chmod("\(folder.path)/\(name)", 0o755) }
        let service = try text(.openrc, "kexec-load", [folder.path + "/program"])
        #expect(service.contains("[ ! -e /run/netbootd/kexec-armed ] || return 0\n"))
        try folder.write("load", service + "ebegin() { :; }\neend() { :; }\nstop\n")
        let status = try Command(
            "env", "PATH=\(folder.path):/usr/bin:/bin", variable, "sh", folder.path + "/load"
        ).run()
        #expect(status == 0)
        guard loads else { return #expect(!folder.files.contains("told")) }
        let told = String(decoding: try folder.read("told"), as: UTF8.self)
        #expect(told == (["--for-service"] + Self.options).map { $0 + "\n" }.joined())
    }

    @Test("The hook jumps at an armed reboot alone, and by the installed program where /run takes none")
    func hook() throws {
        let hook = try text(.systemd, "kexec-jump", ["/usr/local/sbin/kexec-join"])
        #expect(hook.contains("[ \"$1\" = reboot ] && [ -e /run/netbootd/kexec-armed ] || exit 0\n"))
        #expect(
            hook.contains("\n/run/netbootd/kexec-join --execute || /usr/local/sbin/kexec-join --execute\n"))
        // systemd's own syntax has no part in it.
        let unit = try text(.systemd, ".service", ["/usr/local/sbin/kexec-join"])
        #expect(unit.contains("\nExecStop=/etc/netbootd/kexec-load\n"))
    }
}
