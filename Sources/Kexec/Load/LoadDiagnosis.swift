import Glibc
import SystemIO

/// What the host is known to be, to tell what an errno means: the kernel has few of them for many causes.
struct LoadDiagnosis {
    var host: HostFiles
    var image: KernelImage
    var kernelByteCount: Int64
    var initrdByteCount: Int64

    /// Secure Boot as the kernel saw it at its start; the variable is not there without efivarfs.
    var isSecureBootOn: Bool {
        let folder = "/sys/firmware/efi/efivars"
        if let variable = host.bytes("\(folder)/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
            variable.count == 5
        {
            return variable[4] == 1
        }
        return host.bytes("/sys/kernel/boot_params/data").flatMap { $0.little(UInt8.self, at: 0x1ec) } == 3
    }

    /// The word in brackets, unless it is `none`.
    var lockdown: String? {
        let words = (host.text("/sys/kernel/security/lockdown") ?? "").split(separator: " ")
        let mode = words.first { $0.hasPrefix("[") && $0.hasSuffix("]") }.map {
            String($0.dropFirst().dropLast())
        }
        return mode == "none" ? nil : mode
    }

    /// In bytes; nil when the host does not tell.
    var totalMemory: UInt64? {
        let line = (host.text("/proc/meminfo") ?? "").split(separator: "\n").first {
            $0.hasPrefix("MemTotal:")
        }
        return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 * 1024 }
    }

    private var neededMemory: UInt64 {
        var kernel = UInt64(kernelByteCount)
        if case .linux(let header) = image { kernel = max(kernel, header.initialByteCount) }
        return kernel + UInt64(initrdByteCount)
    }

    func cause(_ code: CInt, _ method: LoadMethod) -> LoadFailure.Cause {
        switch code {
        case EPERM: return permissionCause
        case EACCES where method == .segments: return .wantsFile
        case EACCES: return .unsigned(secureBoot: isSecureBootOn)
        case ENOKEY, ENOPKG: return .unknownSigner(secureBoot: isSecureBootOn)
        case ENODATA: return .unsigned(secureBoot: isSecureBootOn)
        case EKEYREJECTED, EBADMSG, ELIBBAD: return .altered(secureBoot: isSecureBootOn)
        case ENOEXEC: return .refusedImage(image.words)
        case EBUSY: return .busy
        case ENOSYS: return .notBuiltIn(method)
        case ENOMEM: return .tooLittleMemory(neededBytes: neededMemory, totalBytes: totalMemory ?? 0)
        case EADDRNOTAVAIL: return .noPlace
        case EFBIG: return .tooLarge(bytes: max(kernelByteCount, initrdByteCount))
        case EINVAL:
            // The kernel says the same of a bad flag and of more than half of all memory.
            guard let total = totalMemory, neededMemory > total / 2 else {
                return .system(method, code: code)
            }
            return .tooLittleMemory(neededBytes: neededMemory, totalBytes: total)
        default: return .system(method, code: code)
        }
    }

    private var permissionCause: LoadFailure.Cause {
        if !hasCapability { return .notRoot }
        if let map = host.text("/proc/self/uid_map"),
            map.split(whereSeparator: { $0 == " " || $0 == "\t" }) != ["0", "0", "4294967295"]
        {
            return .inContainer
        }
        if host.text("/proc/sys/kernel/kexec_load_disabled") == "1" { return .switchedOff }
        if host.text("/proc/sys/kernel/kexec_load_limit_reboot") == "0" { return .limitUsedUp }
        if let lockdown { return .lockedDown(mode: lockdown) }
        return .forbidden
    }

    /// CAP_SYS_BOOT is number 22.
    private var hasCapability: Bool {
        let line = (host.text("/proc/self/status") ?? "").split(separator: "\n").first {
            $0.hasPrefix("CapEff:")
        }
        guard let mask = line?.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) }) else {
            return true
        }
        return mask >> 22 & 1 == 1
    }
}
