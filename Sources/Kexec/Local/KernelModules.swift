import CLinux
import CZlib
import Glibc
public import SystemIO

/// A folder of kernel modules: `/lib/modules/VERSION` with its tables, or some `.ko` files in a heap.
public struct ModuleFolder: Sendable {
    public let path: String
    /// Relative paths, in the order of `modules.order` or a file `list`, else sorted.
    public let files: [String]
    /// What each file needs loaded before it (`modules.dep`).
    let needs: [String: [String]]
    /// What devices call themselves, as shell patterns, and the module that serves them (`modules.alias`).
    let aliases: [(pattern: String, module: String)]

    /// A folder that is not there has no files.
    public init(path: String, host: HostFiles = .live) {
        let path = path.hasSuffix("/") ? String(path.dropLast()) : path
        var found: [String] = []
        Self.collect(in: path, beneath: "", host: host, into: &found, depth: 0)
        self.init(
            path: path, found: found,
            order: host.text("\(path)/list") ?? host.text("\(path)/modules.order") ?? "",
            dependencies: host.text("\(path)/modules.dep") ?? "",
            aliases: host.text("\(path)/modules.alias") ?? "")
    }

    init(path: String, found: [String], order: String, dependencies: String, aliases: String) {
        self.path = path
        let names = Dictionary(found.map { (Self.moduleName($0), $0) }) { first, _ in first }
        var isListed: Set<String> = []
        let listed = order.split(separator: "\n").compactMap { names[Self.moduleName(String($0))] }
            .filter { isListed.insert($0).inserted }
        files = listed + found.filter { !isListed.contains($0) }
        var needs: [String: [String]] = [:]
        for line in dependencies.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":"),
                let file = names[Self.moduleName(String(line[..<colon]))]
            else { continue }
            needs[file] = line[line.index(after: colon)...].split(separator: " ")
                .compactMap { names[Self.moduleName(String($0))] }
        }
        self.needs = needs
        self.aliases = aliases.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "alias" else { return nil }
            return (String(words[1]), String(words[2]))
        }
    }

    /// `e1000` of `kernel/drivers/net/e1000.ko.xz`; the kernel writes `_` where files may have `-`.
    static func moduleName(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return String(name.prefix { $0 != "." }.map { $0 == "-" ? "_" : $0 })
    }

    private static func isModule(_ name: String) -> Bool {
        [".ko", ".ko.gz", ".ko.xz", ".ko.zst"].contains { name.hasSuffix($0) }
    }

    private static func collect(
        in path: String, beneath: String, host: HostFiles, into found: inout [String], depth: Int
    ) {
        for name in host.names(inFolder: path) {
            if isModule(name) {
                found.append(beneath + name)
            } else if depth < 12, name != "build", name != "source" {
                collect(
                    in: "\(path)/\(name)", beneath: "\(beneath)\(name)/", host: host, into: &found,
                    depth: depth + 1)
            }
        }
    }

    /// `wanted` with all that they need, each after what it needs.
    func ordered(_ wanted: [String]) -> [String] {
        var done: Set<String> = []
        var order: [String] = []
        func add(_ file: String) {
            guard done.insert(file).inserted else { return }
            for needed in needs[file] ?? [] { add(needed) }
            order.append(file)
        }
        wanted.forEach(add)
        return order
    }

    /// The files for devices that call themselves so, and for modules by name.
    func files(forDevices devices: some Sequence<String>, named names: Set<String> = []) -> [String] {
        var modules = names
        for device in devices {
            for alias in aliases where unsafe fnmatch(alias.pattern, device, 0) == 0 {
                modules.insert(alias.module)
            }
        }
        return files.filter { modules.contains(Self.moduleName($0)) }
    }
}

/// Loads modules into the running kernel.
public struct ModuleLoader {
    private let host: HostFiles
    private let insert: (String) -> CInt
    /// Those that the kernel has refused, with its errno.
    public private(set) var failures: [String: CInt] = [:]
    private var loaded: Set<String> = []

    public init(host: HostFiles = .live) {
        self.init(host: host) { Self.insertIntoKernel($0) }
    }

    /// - Parameter insert: loads a file and answers 0 or an errno.
    init(host: HostFiles, insert: @escaping (String) -> CInt) {
        self.host = host
        self.insert = insert
    }

    /// Loads all modules of a heap; of a folder with `modules.alias`, those that this host's devices ask for
    /// and those for disks' file systems.
    ///
    /// - Returns: how many were loaded.
    public mutating func load(from folder: ModuleFolder) -> Int {
        let before = loaded.count
        if folder.aliases.isEmpty {
            loadAll(folder.ordered(folder.files), in: folder)
            return loaded.count - before
        }
        let fileSystems: Set = [
            "ext4", "xfs", "btrfs", "vfat", "isofs", "squashfs", "nls_cp437", "nls_ascii", "nls_iso8859_1",
            "nls_utf8", "sd_mod", "sr_mod", "loop", "af_packet", "usbhid", "hid_generic", "crc32c_generic",
            "crc32c_intel",
        ]
        loadAll(folder.ordered(folder.files(forDevices: [], named: fileSystems)), in: folder)
        // A driver may bring up a bus with more devices on it.
        while true {
            let count = loaded.count
            loadAll(folder.ordered(folder.files(forDevices: deviceAliases())), in: folder)
            if loaded.count == count { return count - before }
        }
    }

    /// In turns, until a turn loads nothing: without `modules.dep` the order is not known.
    private mutating func loadAll(_ files: [String], in folder: ModuleFolder) {
        // What is damaged, or has no hardware to drive, is not tried again.
        var left = files.filter { !loaded.contains($0) && ![ENODEV, ENOEXEC].contains(failures[$0] ?? 0) }
        while !left.isEmpty {
            var failed: [String] = []
            for file in left {
                let code = insert(host.path("\(folder.path)/\(file)"))
                if code == 0 || code == EEXIST {
                    loaded.insert(file)
                    failures[file] = nil
                } else {
                    failures[file] = code
                    failed.append(file)
                }
            }
            if failed.count == left.count { return }
            left = failed
        }
    }

    /// What the devices that are there call themselves.
    func deviceAliases() -> Set<String> {
        var found: Set<String> = []
        for bus in host.names(inFolder: "/sys/bus") {
            let folder = "/sys/bus/\(bus)/devices"
            for device in host.names(inFolder: folder) {
                if let alias = host.text("\(folder)/\(device)/modalias"), !alias.isEmpty {
                    found.insert(alias)
                }
            }
        }
        return found
    }

    private static func insertIntoKernel(_ path: String) -> CInt {
        if path.hasSuffix(".gz") {
            guard let bytes = unpacked(path) else { return ENOEXEC }
            return unsafe netbootd_init_module(bytes, bytes.count) == 0 ? 0 : errno
        }
        let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return errno }
        let file = OwnedDescriptor(fd)
        // The kernel itself unpacks what it was built for (Linux 5.17 and newer).
        return netbootd_finit_module(file.rawValue, path.hasSuffix(".ko") ? 0 : 1) == 0 ? 0 : errno
    }

    private static func unpacked(_ path: String) -> [UInt8]? {
        guard let file = unsafe gzopen(path, "rb") else { return nil }
        defer { unsafe gzclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 256 << 20 {
            let count = unsafe gzread(file, &buffer, UInt32(buffer.count))
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += buffer.prefix(Int(count))
        }
        return nil
    }
}
