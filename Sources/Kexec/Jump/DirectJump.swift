import CLinux
import Glibc
public import SystemIO

/// Leaves a host without the help of its init: what must not be lost is on disk, then the loaded kernel starts.
public struct DirectJump: Sendable {
    private let host: HostFiles
    /// A network file system whose server is gone must not hold the jump up for ever.
    private static let syncLimit = Duration.seconds(20)
    private static let remountLimit = Duration.seconds(5)

    public init(host: HostFiles = .live) { self.host = host }

    /// Syncs, makes the file systems of disks read-only, and takes the network cards down, unless the root is
    /// behind one: some drivers do not find their card again when it was still receiving.
    ///
    /// - Returns: what could not be done, in words.
    public func prepare() -> [String] {
        var warnings: [String] = []
        do {
            if try !Self.sync() { warnings.append("not all is on disk after \(Self.syncLimit)") }
            let writable = try makeReadOnly()
            if !writable.isEmpty { warnings.append("still writable: \(writable.joined(separator: ", "))") }
        } catch {
            warnings.append("\(error)")
        }
        for name in rootIsOnNetwork ? [] : physicalInterfaces where !Self.takeDown(name) {
            warnings.append("the interface \(name) stays up")
        }
        return warnings
    }

    /// - Returns: false when it takes too long; it goes on then.
    private static func sync() throws(SystemError) -> Bool {
        let finished = try Wakeup()
        var loop = try EventLoop()
        try loop.add(finished.rawDescriptor, token: 0)
        _ = try ServiceThread(name: "sync") {
            Glibc.sync()
            finished.signal()
        }
        return try !loop.wait(until: .now + syncLimit).isEmpty
    }

    /// What SysRq-U does, which the kernel does for root whatever `kernel.sysrq` says.
    private func makeReadOnly() throws(SystemError) -> [String] {
        try append("u", to: "/proc/sysrq-trigger")
        let deadline = ContinuousClock.now + Self.remountLimit
        while !writableDiskMounts.isEmpty, .now < deadline { usleep(50_000) }
        return writableDiskMounts
    }

    /// Mount points of file systems on block devices that can be written to.
    var writableDiskMounts: [String] {
        mounts.filter { $0.source.hasPrefix("/dev/") && $0.options.contains("rw") }.map(\.target)
    }

    /// Whether the root, or what the root is on, comes over the network.
    var rootIsOnNetwork: Bool {
        let networked = ["nfs", "nfs4", "cifs", "9p", "ceph", "fuse.sshfs"]
        let isMounted = mounts.contains {
            networked.contains($0.type) || $0.source.hasPrefix("/dev/nbd") || $0.source.hasPrefix("/dev/rbd")
        }
        return isMounted || !host.names(inFolder: "/sys/class/iscsi_session").isEmpty
    }

    /// Interfaces with a device of their own.
    var physicalInterfaces: [String] {
        host.names(inFolder: "/sys/class/net").filter { host.exists("/sys/class/net/\($0)/device") }
    }

    private struct Mount {
        var source: String
        var target: String
        var type: String
        var options: [Substring]
    }

    private var mounts: [Mount] {
        (host.text("/proc/mounts") ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 4 else { return nil }
            return Mount(
                source: String(fields[0]), target: String(fields[1]), type: String(fields[2]),
                options: fields[3].split(separator: ","))
        }
    }

    private static func takeDown(_ interface: String) -> Bool {
        unsafe netbootd_interface_down(interface) == 0
    }

    private func append(_ text: String, to path: String) throws(SystemError) {
        let fd = unsafe open(host.path(path), O_WRONLY | O_CLOEXEC)
        guard fd >= 0 else { throw SystemError("open \(path)", code: errno) }
        let file = OwnedDescriptor(fd)
        let bytes = Array(text.utf8)
        guard unsafe write(file.rawValue, bytes, bytes.count) == bytes.count else {
            throw SystemError("write to \(path)", code: errno)
        }
    }
}
