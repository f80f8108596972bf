import Glibc
import SystemIO

/// What the host is known to be, to tell what an errno means: the kernel has few of them for many causes.
struct LoadDiagnosis {
    var image: KernelImage
    var kernelByteCount: Int64
    var initrdByteCount: Int64
    private let host: HostFacts

    init(host files: HostFiles, image: KernelImage, kernelByteCount: Int64, initrdByteCount: Int64) {
        self.image = image
        self.kernelByteCount = kernelByteCount
        self.initrdByteCount = initrdByteCount
        var facts = HostFacts()
        facts.readStatus(files)
        facts.readKexec(files)
        facts.readFirmware(files)
        facts.readMemory(files)
        host = facts
    }

    var isSecureBootOn: Bool { host.secureBoot == .on }
    var lockdown: String? { host.lockdown }
    private var totalMemory: UInt64? { host.memoryTotal.flatMap(UInt64.init(exactly:)) }

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
        if !host.mayBoot { return .notRoot }
        if host.isInFirstUserNamespace == false { return .inContainer }
        if host.isLoadDisabled { return .switchedOff }
        if host.loadsLeft == 0 { return .limitUsedUp }
        if let lockdown { return .lockedDown(mode: lockdown) }
        return .forbidden
    }
}
