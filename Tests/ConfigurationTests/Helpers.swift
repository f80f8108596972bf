import Configuration
import Glibc
import SystemIO
import Testing

/// What a file of this text, called `netbootd.yaml`, comes to.
func parse(_ text: String) -> ConfigurationReport {
    DeploymentConfiguration.parse(Array(text.utf8), file: "netbootd.yaml")
}

/// The words of its errors.
func errors(in text: String) -> [String] { parse(text).errors.map(\.description) }

/// The words of its warnings.
func warnings(in text: String) -> [String] { parse(text).warnings.map(\.description) }

/// Nine good lines; what a test appends begins at line 10.
let base = """
    interface: eth1
    dhcp:
      subnets:
        - subnet: 10.0.0.0/24
          range: 10.0.0.100-10.0.0.199
          router: 10.0.0.254
    profiles:
      live: {kernel: live/vmlinuz}
    default: live

    """

/// A file of this repository.
func repositoryFile(_ path: String) throws -> [UInt8] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return try contents(ofFile: "/\(root)/\(path)", limit: 1 << 20)
}

/// A small generator with a seed, so that a failure can be had again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// A folder for one test, which goes with its owner.
final class TemporaryFolder {
    let path: String
    private var entries: [String] = []

    init() throws {
        var template = Array("/tmp/netbootd-configuration-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template)
        try #require(unsafe made != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        unsafe chmod(path, 0o755)
    }

    /// Makes a file, and the folders on its way.
    func write(_ text: String, to file: String, mode: mode_t = 0o644) throws {
        let folders = file.split(separator: "/").dropLast()
        for count in folders.indices { makeFolder(folders[...count].joined(separator: "/")) }
        let target = "\(path)/\(file)"
        let descriptor = unsafe open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        try #require(descriptor >= 0)
        let owned = OwnedDescriptor(descriptor)
        let bytes = Array(text.utf8)
        try #require(unsafe Glibc.write(owned.rawValue, bytes, bytes.count) == bytes.count)
        unsafe chmod(target, mode)
        if !entries.contains(target) { entries.append(target) }
    }

    func makeFolder(_ folder: String, mode: mode_t = 0o755) {
        let target = "\(path)/\(folder)"
        unsafe mkdir(target, mode)
        unsafe chmod(target, mode)
        if !entries.contains(target) { entries.append(target) }
    }

    deinit {
        for entry in entries.reversed() + [path] { unsafe remove(entry) }
    }
}
