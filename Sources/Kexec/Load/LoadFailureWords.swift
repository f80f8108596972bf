import SystemIO
import Wire

extension LoadFailure: CustomStringConvertible {
    public var description: String {
        guard !kernelLines.isEmpty else { return cause.words }
        return cause.words + " The kernel's log says: "
            + kernelLines.map { "“\(harmlessText($0))”" }.joined(separator: ", ")
    }
}

extension LoadFailure.Cause {
    var words: String {
        switch self {
        case .notRoot:
            "Loading a kernel takes the capability CAP_SYS_BOOT. Run as root on the host, not in a container."
        case .inContainer:
            "Loading a kernel is not possible in a container. Run as root on the host itself."
        case .switchedOff:
            "kexec is switched off on this host until it reboots (kexec_load_disabled is 1). Find who sets "
                + "kernel.kexec_load_disabled (sysctl.d, boot scripts; Alpine: boot once with kexec_load_disabled=0)."
        case .limitUsedUp:
            "This host allows no more loads until it reboots (kexec_load_limit_reboot is 0)."
        case .lockedDown(let mode):
            "This host is locked down (\(mode)) and trusts no key that signed this kernel. Choose a kernel signed "
                + "for this host's distribution, or switch lockdown off."
        case .forbidden:
            "The host does not permit it, though this is root: a seccomp filter or a security module says no. "
                + "Try outside of the service or container that limits this session."
        case .unknownSigner(let secureBoot):
            Self.signature(secureBoot) + "the kernel is signed by a key that this host does not know. "
                + "Enrol the key (mokutil --import) or choose another entry."
        case .unsigned(let secureBoot):
            Self.signature(secureBoot)
                + "the kernel is not signed. Choose a signed entry, or switch Secure Boot off."
        case .altered(let secureBoot):
            Self.signature(secureBoot)
                + "the kernel was altered after it had been signed, or its signature is "
                + "damaged. Fetch it again, from its distribution."
        case .wantsFile:
            "Secure Boot or an integrity policy forbids kexec_load; only kexec_file_load is allowed here "
                + "(--method file), and it takes no image of this kind without a 64-bit entry."
        case .refusedImage(let words):
            "This host's kernel does not take the image (\(words)): not a 64-bit kernel for it."
        case .busy: "Another program is loading a kernel at this moment. Wait for it and try again."
        case .notBuiltIn(.file):
            "This host's kernel has no kexec_file_load (CONFIG_KEXEC_FILE), or a seccomp filter hides it."
        case .notBuiltIn(.segments): "This host's kernel has no kexec_load (CONFIG_KEXEC)."
        case .tooLittleMemory(let needed, let total):
            "Kernel and initrd need \(needed >> 20) MiB, and at most half of this host's \(total >> 20) MiB may be "
                + "used. Choose a smaller entry, or use firmware's PXE."
        case .tooLarge(let bytes): "The kernel file is larger than the host takes (\(bytes >> 20) MiB)."
        case .noPlace: "The host finds no place in its memory for kernel and initrd in one piece each."
        case .commandLineTooLong(let count, let limit):
            "The command line has \(count) bytes, and this kernel takes \(limit). Shorten it."
        case .otherArchitecture(let image, let host):
            "The kernel is for \(image.rawValue), and this host is \(host.rawValue). Choose another entry."
        case .needsSegments(let words):
            "kexec_file_load cannot start this image (\(words)). Use --method auto or segments."
        case .noSegmentsHere:
            "Only kexec_file_load can be used on this architecture; this host lacks it or it was not asked for."
        case .cannotPlan(let error): error.description
        case .notArmed:
            "The host took the kernel, and then says that none is loaded: another program has unloaded it."
        case .system(let method, let code):
            "\(method == .file ? "kexec_file_load" : "kexec_load") failed: \(SystemError.text(of: code)) (errno \(code))."
        }
    }

    private static func signature(_ secureBoot: Bool) -> String {
        secureBoot ? "Secure Boot is on, and " : "This host wants signed kernels, and "
    }
}
