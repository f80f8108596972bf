/// Why a kernel was not loaded.
public struct LoadFailure: Error, Equatable, Sendable {
    public var cause: Cause
    /// What the kernel wrote to its log about it.
    public var kernelLines: [String]

    public init(_ cause: Cause, kernelLines: [String] = []) {
        self.cause = cause
        self.kernelLines = kernelLines
    }

    public enum Cause: Equatable, Sendable {
        /// CAP_SYS_BOOT is missing.
        case notRoot
        /// It is there, but in a user namespace that is not the first.
        case inContainer
        /// `kexec_load_disabled` is 1.
        case switchedOff
        /// `kexec_load_limit_reboot` is 0.
        case limitUsedUp
        /// Of this mode, which `/sys/kernel/security/lockdown` tells.
        case lockedDown(mode: String)
        /// Something else said no: seccomp, a security module.
        case forbidden
        /// Secure Boot or a policy wants a signature.
        case unknownSigner(secureBoot: Bool)
        case unsigned(secureBoot: Bool)
        case altered(secureBoot: Bool)
        /// EACCES of `kexec_load`: Secure Boot or IMA want a file that they can check.
        case wantsFile
        /// ENOEXEC: what the kernel's loader does not take.
        case refusedImage(String)
        case busy
        /// ENOSYS.
        case notBuiltIn(LoadMethod)
        case tooLittleMemory(neededBytes: UInt64, totalBytes: UInt64)
        case tooLarge(bytes: Int64)
        case noPlace
        case commandLineTooLong(byteCount: Int, limit: Int)
        case otherArchitecture(image: KernelImage.Architecture, host: KernelImage.Architecture)
        /// `--method file` for an image that only `kexec_load` can start.
        case needsSegments(String)
        /// `kexec_load` with our own segments is for x86-64 alone.
        case noSegmentsHere
        case cannotPlan(SegmentPlanError)
        /// The call succeeded, and nothing is armed.
        case notArmed
        case system(LoadMethod, code: CInt)
    }
}
