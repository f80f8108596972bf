import SystemIO
import TestSupport
import Testing

@testable import JoinCommands

@Suite("Sessions over SSH")
struct RemoteSessionTests {
    private func processes(_ chain: [(pid: Int, name: String, parent: Int)]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for process in chain {
            try folder.write(
                "proc/\(process.pid)/status",
                "Name:\t\(process.name)\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t\(process.pid)\nNgid:\t0\n"
                    + "Pid:\t\(process.pid)\nPPid:\t\(process.parent)\nTracerPid:\t0\n")
        }
        return folder
    }

    @Test("sshd above is seen through sudo and a shell", arguments: ["sshd", "sshd-session", "dropbear"])
    func below(name: String) throws {
        let folder = try processes([(50, "sudo", 40), (40, "bash", 30), (30, name, 1)])
        #expect(RemoteSession.isBelowSSH(50, files: HostFiles(root: folder.path)))
    }

    @Test("A console, a /proc that is not there and one that turns in a circle are none")
    func others() throws {
        let console = try processes([(50, "bash", 40), (40, "login", 1), (1, "sshd", 0)])
        #expect(!RemoteSession.isBelowSSH(50, files: HostFiles(root: console.path)))
        let circle = try processes([(50, "bash", 40), (40, "bash", 50)])
        #expect(!RemoteSession.isBelowSSH(50, files: HostFiles(root: circle.path)))
        #expect(!RemoteSession.isBelowSSH(7, files: HostFiles(root: circle.path)))
    }
}
