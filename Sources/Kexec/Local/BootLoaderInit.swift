import CLinux
import Glibc
import SystemIO

/// The duties of the first process, for an initramfs whose `/init` is this program.
///
/// The first process only starts the boot loader and reaps what has ended: whatever becomes of the boot loader, the
/// kernel does not panic. Ctrl-Alt-Del restarts at once, which is what the kernel does of itself; nothing is
/// mounted for writing.
public enum BootLoaderInit {
    public static var isFirstProcess: Bool { getpid() == 1 }

    /// What the boot loader has to work with.
    public struct Surroundings: Sendable {
        public var words: BootLoaderWords
        public var network: BootNetwork.State
    }

    /// Prepares the system, then does `work` in a process of its own, again and again.
    ///
    /// - Parameter work: shows the menu and starts the choice; it answers only when it could not.
    public static func run(_ work: (Surroundings) -> CInt) -> Never {
        mountKernelFileSystems()
        let words = BootLoaderWords(commandLine: HostFiles.live.text("/proc/cmdline") ?? "")
        for word in words.misunderstood { say("the word \(word) of the command line is not known here") }
        while true {
            let worker = netbootd_fork()
            if worker == 0 {
                _ = netbootd_take_console()
                exit(work(prepare(words)))
            }
            if worker > 0 {
                say("the boot loader has ended (\(reap(until: worker)))")
            } else {
                say("\(SystemError("start the boot loader", code: errno))")
            }
            askWhatNext()
        }
    }

    static func say(_ text: String) { StandardError.write("netbootd: \(text)\n") }

    private static func mountKernelFileSystems() {
        let mounts = [
            ("proc", "/proc", "proc"), ("sysfs", "/sys", "sysfs"), ("devtmpfs", "/dev", "devtmpfs"),
            ("tmpfs", "/run", "tmpfs"), ("tmpfs", "/tmp", "tmpfs"),
            ("efivarfs", "/sys/firmware/efi/efivars", "efivarfs"),
        ]
        for (source, folder, type) in mounts {
            unsafe mkdir(folder, 0o755)
            let isEFI = HostFiles.live.exists("/sys/firmware/efi")
            guard type != "efivarfs" || isEFI else { continue }
            // EBUSY: a kernel with CONFIG_DEVTMPFS_MOUNT has done it. ENODEV: efivarfs may be a module.
            if unsafe netbootd_mount(source, folder, type) != 0, errno != EBUSY, type != "efivarfs" {
                say("\(SystemError("mount \(folder)", code: errno))")
            }
        }
        unsafe setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 0)
        unsafe setenv("TERM", "linux", 0)
    }

    private static func prepare(_ words: BootLoaderWords) -> Surroundings {
        let folder = ModuleFolder(path: words.modules)
        var loader = ModuleLoader()
        var settling = Settling()
        say("looking for disks and network ports…")
        repeat {
            let count = folder.files.isEmpty ? 0 : loader.load(from: folder)
            settling.see(devices(), loadedModules: count)
            if !settling.isDone { usleep(Settling.pauseMicroseconds) }
        } while !settling.isDone
        // Where efivarfs is a module, it is there by now.
        if HostFiles.live.exists("/sys/firmware/efi") {
            _ = unsafe netbootd_mount("efivarfs", "/sys/firmware/efi/efivars", "efivarfs")
        }
        var surroundings = Surroundings(words: words, network: .none)
        do throws(SystemError) {
            surroundings.network = try BootNetwork { say($0) }.configure()
        } catch {
            say("no network: \(error)")
        }
        return surroundings
    }

    private static func devices() -> Set<String> {
        Set(["/sys/class/block", "/sys/class/net"].flatMap { HostFiles.live.names(inFolder: $0) })
    }

    /// Takes leave of every process that ends, until `worker` has; answers how that one ended.
    private static func reap(until worker: pid_t) -> String {
        while true {
            var status: CInt = 0
            let ended = unsafe waitpid(-1, &status, 0)
            if ended == worker {
                return status & 0x7f == 0 ? "exit status \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
            }
            if ended < 0, errno != EINTR { return "lost" }
        }
    }

    /// Without an answer in a minute, the boot loader is started again: a server may come back.
    private static func askWhatNext() {
        let hasShell = unsafe access("/bin/sh", X_OK) == 0
        say("Enter: try again\(hasShell ? "   s: shell" : "")   r: restart   p: power off")
        var key = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&key, 1, 60_000) > 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
        // A console that is not there is readable all the time.
        if count <= 0 { sleep(60) }
        switch count > 0 ? buffer[0] : 0 {
        case UInt8(ascii: "s") where hasShell:
            do throws(SystemError) { _ = try Command("/bin/sh").run() } catch { say("\(error)") }
        case UInt8(ascii: "r"): _ = netbootd_restart()
        case UInt8(ascii: "p"): _ = netbootd_power_off()
        default: break
        }
    }
}

/// Whether devices have stopped to appear: disks on USB take some seconds.
struct Settling: Equatable {
    static let pauseMicroseconds: UInt32 = 200_000
    private static let quietLooks = 8
    private static let mostLooks = 75

    private var known: Set<String> = []
    private var quiet = 0
    private var looks = 0

    var isDone: Bool { quiet >= Self.quietLooks || looks >= Self.mostLooks }

    mutating func see(_ devices: Set<String>, loadedModules: Int) {
        looks += 1
        quiet = devices == known && loadedModules == 0 ? quiet + 1 : 0
        known = devices
    }
}
