public import SystemIO

/// The services that let an ordinary reboot become a jump into what the boot server says: at shutdown they load
/// the entry, and after the last file system is read-only they jump.
///
/// A power-off stays a power-off: both look at what was asked for before they do anything.
public struct ShutdownServices: Sendable {
    public enum Manager: String, CaseIterable, Sendable {
        case systemd
        case openrc
    }

    /// A file of a service, and where it goes.
    public struct File: Equatable, Sendable {
        public var path: String
        public var mode: UInt32
        public var text: String
    }

    private let manager: Manager
    /// How `kexec-join` is called, for the host's shell: its path, and its options for every join.
    private let program: String
    private let options: String

    /// Where what jumps is kept: `/usr` may be gone by then.
    public static let runFolder = "/run/netbootd"
    public static let jumper = runFolder + "/kexec-join"
    /// There when the loaded image is to be jumped to by the next reboot.
    public static let armedFlag = runFolder + "/kexec-armed"
    public static let openRCJump = "/etc/init.d/netbootd-kexec-jump"
    private static let openRCLoad = "/etc/init.d/netbootd-kexec-load"
    private static let systemdLoad = "/etc/netbootd/kexec-load"
    private static let systemdUnit = "/etc/systemd/system/netbootd-kexec-load.service"
    private static let systemdHook = "/usr/lib/systemd/system-shutdown/netbootd-kexec-jump"

    /// - Parameters:
    ///   - program: an absolute path that is still there at the next boot, and `kexec-join` behind netbootd's.
    ///   - options: what each join is to be told, as `--server http://10.0.0.1`.
    public init(manager: Manager, program: [String], options: [String]) {
        self.manager = manager
        self.program = Command(program).text
        self.options = options.isEmpty ? "" : " " + Command(options).text
    }

    /// What `install` writes.
    public var files: [File] {
        switch manager {
        case .systemd:
            [
                File(path: Self.systemdLoad, mode: 0o755, text: systemdLoad),
                File(path: Self.systemdUnit, mode: 0o644, text: Self.unit),
                File(path: Self.systemdHook, mode: 0o755, text: hook),
            ]
        case .openrc:
            [
                File(path: Self.openRCLoad, mode: 0o755, text: openRCLoad),
                File(path: Self.openRCJump, mode: 0o755, text: openRCJumpScript),
            ]
        }
    }

    /// What makes them part of the next boot, once the files are there.
    public var enabling: [Command] {
        switch manager {
        case .systemd:
            [
                Command("systemctl", "daemon-reload"),
                Command("systemctl", "enable", "--now", "netbootd-kexec-load.service"),
            ]
        case .openrc:
            [
                Command("rc-update", "add", "netbootd-kexec-load", "default"),
                Command("rc-update", "add", "netbootd-kexec-jump", "shutdown"),
                Command("rc-service", "netbootd-kexec-load", "start"),
            ]
        }
    }

    /// What takes them out again, before the files go.
    public static func disabling(_ manager: Manager) -> [Command] {
        switch manager {
        case .systemd: [Command("systemctl", "disable", "--now", "netbootd-kexec-load.service")]
        case .openrc:
            [
                Command("rc-update", "del", "netbootd-kexec-load", "default"),
                Command("rc-update", "del", "netbootd-kexec-jump", "shutdown"),
            ]
        }
    }

    public static func paths(_ manager: Manager) -> [String] {
        switch manager {
        case .systemd: [systemdUnit, systemdHook, systemdLoad]
        case .openrc: [openRCLoad, openRCJump]
        }
    }

    // The unit is stopped while the network is still there, because it started after it.
    private static let unit = """
        # Written by kexec-join --install-service systemd.
        [Unit]
        Description=Load what the boot server says when this host reboots
        Documentation=man:kexec_file_load(2)
        After=network-online.target nss-lookup.target local-fs.target
        Wants=network-online.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/bin/true
        ExecStop=\(systemdLoad)
        TimeoutStopSec=15min

        [Install]
        WantedBy=multi-user.target

        """

    /// A file of its own, because systemd's quotes are not the shell's.
    private var systemdLoad: String {
        """
        #!/bin/sh
        # Written by kexec-join --install-service systemd.
        # Only a reboot: a power-off, a halt or a stop of this unit alone load nothing.
        systemctl list-jobs --no-legend reboot.target | grep -q start || exit 0
        exec \(program) --for-service\(options)

        """
    }

    /// systemd calls it last of all, with `reboot`, `poweroff`, `halt` or `kexec`.
    private var hook: String {
        """
        #!/bin/sh
        # Written by kexec-join --install-service systemd.
        [ "$1" = reboot ] && [ -e \(Self.armedFlag) ] || exit 0
        \(jumps)

        """
    }

    /// Debian mounts /run without the right to run programs; there the installed one must still be mounted.
    private var jumps: String { "\(Self.jumper) --execute || \(program) --execute" }

    private var openRCLoad: String {
        """
        #!/sbin/openrc-run
        # Written by kexec-join --install-service openrc.
        description="Load what the boot server says when this host reboots"

        depend() {
            # Not every distribution has a service that calls itself net; Debian's is networking.
            use net
            after net networking firewall dns
        }

        start() {
            return 0
        }

        stop() {
            # OpenRC's own init says that it is a reboot, and sysvinit knows it. Busybox's init does not: there, a
            # reboot is an ordinary one, and kexec-join itself is how to jump.
            [ "$RC_REBOOT" = YES ] || case $(runlevel 2>/dev/null) in *6) ;; *) return 0 ;; esac
            # This reboot is a join's own, whose entry is loaded already.
            [ ! -e \(Self.armedFlag) ] || return 0
            ebegin "Loading what the boot server says"
            \(program) --for-service\(options)
            eend $?
            return 0
        }

        """
    }

    private var openRCJumpScript: String {
        """
        #!/sbin/openrc-run
        # Written by kexec-join --install-service openrc: the last service of a shutdown.
        description="Start the kernel that kexec-join has loaded"

        depend() {
            after killprocs savecache mount-ro
        }

        start() {
            [ -e \(Self.armedFlag) ] || return 0
            einfo "Starting the kernel that kexec-join has loaded"
            \(jumps)
            eend $?
        }

        """
    }
}
