import Glibc
import SystemIO

/// What the kernel says while something is tried: the lines of `/dev/kmsg` from a moment on.
struct KernelLog: ~Copyable {
    private let descriptor: OwnedDescriptor?

    /// The moment is now. Without the right to read the log there will be no lines.
    init(_ host: HostFiles) {
        let fd = unsafe open(host.path("/dev/kmsg"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        descriptor = fd < 0 ? nil : OwnedDescriptor(fd)
        if fd >= 0 { lseek(fd, 0, SEEK_END) }
    }

    /// The lines since then that tell of loading kernels.
    func lines() -> [String] {
        switch descriptor {
        case .none: return []
        case .some(let file):
            var bytes: [UInt8] = []
            // A record is read whole or not at all; the largest has 8 KiB.
            var buffer = [UInt8](repeating: 0, count: 8192)
            // EPIPE: records were overwritten before they were read; those after them can be.
            for _ in 0..<1000 {
                let count = unsafe read(file.rawValue, &buffer, buffer.count)
                if count > 0 { bytes += buffer.prefix(count) } else if count == 0 || errno != EPIPE { break }
            }
            return Self.messages(bytes).filter(Self.isOfInterest)
        }
    }

    /// The text of records: `6,1234,5678,-;text`, each followed by lines with a space in front that are for programs.
    static func messages(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0a).compactMap { line in
            guard line.first != 0x20, let start = line.firstIndex(of: UInt8(ascii: ";")) else { return nil }
            return String(decoding: line[(start + 1)...], as: UTF8.self)
        }
    }

    private static func isOfInterest(_ line: String) -> Bool {
        ["kexec", "PEFILE:", "Lockdown:", "ima:", "PKCS7", "integrity:"].contains { line.hasPrefix($0) }
    }
}
