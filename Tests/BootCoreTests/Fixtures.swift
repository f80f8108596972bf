import BootCore
import Wire

/// 52:54:00:00:00 and one more byte.
func mac(_ last: UInt8) -> MACAddress { MACAddress(rawValue: 0x5254_0000_0000 | UInt64(last)) }

let location = ServerLocation(address: IPv4Address(10, 0, 0, 1), httpPort: 80)

extension Profile {
    static func kernel(
        _ name: String, title: String = "", kernel: String = "linux", initrds: [String] = ["initrd.gz"],
        commandLine: String = "quiet", loaders: [Platform: String] = [:], vars: [String: String] = [:]
    ) throws -> Profile {
        Profile(
            name: name, title: title,
            kernel: KernelEntry(kernel: kernel, initrds: initrds, commandLine: try Template(commandLine)),
            loaders: loaders, vars: vars)
    }
}
