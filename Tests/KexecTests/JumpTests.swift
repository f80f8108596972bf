import Glibc
import SystemIO
import TestSupport
import Testing

@testable import Kexec

/// A kernel that refuses to jump with `code`.
private struct RefusingSystem: KexecSystem {
    var code: CInt = EINVAL

    func loadFile(kernel: RawFile, initrd: RawFile?, commandLine: String) throws(SystemError) {
        try restart()
    }
    func loadSegments(_ plan: SegmentPlan, kernel: RawFile, initrd: RawFile?) throws(SystemError) {
        try restart()
    }
    func unload(_ method: LoadMethod) throws(SystemError) { try restart() }
    func restart() throws(SystemError) { throw SystemError("start the loaded kernel", code: code) }
    func sleep(for duration: Duration) {}
}

@Suite("The jump")
struct JumpTests {
    private func host(_ files: [String: String]) throws -> (TemporaryFolder, HostFiles) {
        let folder = try TemporaryFolder()
        let host = HostFiles(root: folder.path)
        for (path, text) in files {
            try host.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), mode: 0o755)
            try host.write(Array(text.utf8), to: path, mode: 0o644)
        }
        return (folder, host)
    }

    @Test("The init that runs decides how services are stopped")
    func orderly() throws {
        let (first, systemd) = try host(["/run/systemd/system/x": ""])
        let (second, openrc) = try host(["/run/openrc/softlevel": "default"])
        let (third, other) = try host(["/sbin/openrc": ""])
        #expect(JumpMethod.orderly(on: systemd) == .systemd)
        #expect(JumpMethod.orderly(on: openrc) == .openrc)
        #expect(JumpMethod.orderly(on: other) == nil)
        withExtendedLifetime((first, second, third)) {}
    }

    @Test("The network stays up when the root is behind it")
    func networkRoot() throws {
        let disk = "/dev/vda1 / ext4 rw,relatime 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sr0 /cd iso9660 ro 0 0\n"
        let (first, local) = try host([
            "/proc/mounts": disk, "/sys/class/net/eth0/device/vendor": "", "/sys/class/net/lo/mtu": "",
        ])
        #expect(DirectJump(host: local).writableDiskMounts == ["/"])
        #expect(!DirectJump(host: local).rootIsOnNetwork)
        #expect(DirectJump(host: local).physicalInterfaces == ["eth0"])
        for line in ["10.0.0.1:/r / nfs4 ro 0 0\n", "/dev/nbd0 / ext4 ro 0 0\n"] {
            let (folder, host) = try host(["/proc/mounts": disk + line])
            #expect(DirectJump(host: host).rootIsOnNetwork)
            withExtendedLifetime(folder) {}
        }
        let (second, iscsi) = try host(["/proc/mounts": disk, "/sys/class/iscsi_session/session1/x": ""])
        #expect(DirectJump(host: iscsi).rootIsOnNetwork)
        withExtendedLifetime((first, second)) {}
    }

    @Test("Nothing jumps without an image, and a container says that it is one")
    func execute() throws {
        let (first, none) = try host(["/sys/kernel/kexec_loaded": "0\n"])
        #expect(throws: JumpFailure.nothingLoaded) {
            try Jumper(host: none, system: RefusingSystem()).execute()
        }
        let (second, armed) = try host(["/sys/kernel/kexec/loaded": "1\n"])
        #expect(throws: JumpFailure.inPIDNamespace) {
            try Jumper(host: armed, system: RefusingSystem()).execute()
        }
        withExtendedLifetime((first, second)) {}
    }

    @Test("OpenRC jumps only by a service that is there")
    func openRC() throws {
        let (folder, host) = try host(["/run/openrc/softlevel": "default"])
        #expect(throws: JumpFailure.notInstalled(service: ShutdownServices.openRCJump)) {
            try Jumper(host: host, system: RefusingSystem()).check(.openrc)
        }
        withExtendedLifetime(folder) {}
    }
}
