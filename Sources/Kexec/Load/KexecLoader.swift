import Glibc
public import SystemIO

/// Gets a kernel into the running one, and out of it again.
public struct KexecLoader: Sendable {
    /// How to load; `auto` knows what each image needs.
    public enum Choice: String, CaseIterable, Sendable {
        case auto, file, segments
    }

    public struct Result: Equatable, Sendable {
        public var method: LoadMethod
        /// Of kernel and initrd.
        public var byteCount: Int64
        /// How many; 0 when the kernel made them.
        public var segmentCount: Int
        /// What the system call took.
        public var duration: Duration
    }

    private let system: any KexecSystem
    private let host: HostFiles
    private let architecture: KernelImage.Architecture

    public init(
        system: any KexecSystem = LiveKexecSystem(), host: HostFiles = .live,
        architecture: KernelImage.Architecture = .ofThisHost
    ) {
        self.system = system
        self.host = host
        self.architecture = architecture
    }

    /// Whether a kernel is loaded; nil when this host has no kexec.
    public var isLoaded: Bool? { host.isKexecLoaded }

    /// Loads a kernel in place of one that may be loaded already, and makes sure that it is.
    public func load(
        _ artifacts: borrowing KernelArtifacts, method choice: Choice = .auto
    ) throws(LoadFailure) -> Result {
        let log = KernelLog(host)
        do throws(LoadFailure.Cause) {
            if let image = artifacts.image.architecture, image != architecture {
                throw .otherArchitecture(image: image, host: architecture)
            }
            let diagnosis = LoadDiagnosis(
                host: host, image: artifacts.image, kernelByteCount: artifacts.kernel.byteCount,
                initrdByteCount: artifacts.initrdByteCount)
            let result = try load(artifacts, choice, diagnosis)
            guard isLoaded != false else { throw .notArmed }
            return result
        } catch {
            throw LoadFailure(error, kernelLines: log.lines())
        }
    }

    private func load(
        _ artifacts: borrowing KernelArtifacts, _ choice: Choice, _ diagnosis: LoadDiagnosis
    ) throws(LoadFailure.Cause) -> Result {
        let facts = FirmwareFacts(reading: host)
        let suitsFile = suitsFileLoad(artifacts.image, facts)
        switch choice {
        case .segments: return try loadSegments(artifacts, facts, diagnosis)
        case .file:
            guard suitsFile else { throw .needsSegments(artifacts.image.words) }
            return try loadFile(artifacts, diagnosis)
        case .auto:
            guard suitsFile else { return try loadSegments(artifacts, facts, diagnosis) }
            do { return try loadFile(artifacts, diagnosis) } catch {
                guard architecture == .x86, mayRetry(after: error, diagnosis) else { throw error }
                return try loadSegments(artifacts, facts, diagnosis)
            }
        }
    }

    private func suitsFileLoad(_ image: KernelImage, _ facts: FirmwareFacts) -> Bool {
        switch image {
        case .linux(let header): header.suitsFileLoad(fiveLevelPaging: facts.hasFiveLevelPaging)
        case .arm64: true
        case .multiboot, .gzip, .zboot, .unified: false
        }
    }

    /// Kernels before 6.1 reject signatures that nobody asked for.
    private func mayRetry(after cause: LoadFailure.Cause, _ diagnosis: LoadDiagnosis) -> Bool {
        switch cause {
        case .notBuiltIn(.file): true
        case .altered: !diagnosis.isSecureBootOn && diagnosis.lockdown == nil
        case .notRoot, .inContainer, .switchedOff, .limitUsedUp, .lockedDown, .forbidden, .unknownSigner,
            .unsigned,
            .wantsFile, .refusedImage, .busy, .notBuiltIn(.segments), .tooLittleMemory, .tooLarge, .noPlace,
            .commandLineTooLong, .otherArchitecture, .needsSegments, .noSegmentsHere, .cannotPlan, .notArmed,
            .system:
            false
        }
    }

    private func loadFile(
        _ artifacts: borrowing KernelArtifacts, _ diagnosis: LoadDiagnosis
    ) throws(LoadFailure.Cause) -> Result {
        // The kernel keeps 30 bytes for itself (elfcorehdr=) and counts the NUL.
        if case .linux(let header) = artifacts.image,
            artifacts.commandLine.utf8.count > header.commandLineLimit - 31
        {
            throw .commandLineTooLong(
                byteCount: artifacts.commandLine.utf8.count, limit: header.commandLineLimit - 31)
        }
        let (kernel, initrd) = (artifacts.kernelFile, artifacts.initrdFile)
        let commandLine = artifacts.commandLine
        let duration = try retrying(.file, diagnosis) { () throws(SystemError) in
            try system.loadFile(kernel: kernel, initrd: initrd, commandLine: commandLine)
        }
        return Result(method: .file, byteCount: artifacts.byteCount, segmentCount: 0, duration: duration)
    }

    private func loadSegments(
        _ artifacts: borrowing KernelArtifacts, _ facts: FirmwareFacts, _ diagnosis: LoadDiagnosis
    ) throws(LoadFailure.Cause) -> Result {
        guard architecture == .x86 else { throw .noSegmentsHere }
        let plan: SegmentPlan
        do { plan = try SegmentPlan(for: artifacts, on: facts) } catch { throw .cannotPlan(error) }
        let (kernel, initrd) = (artifacts.kernelFile, artifacts.initrdFile)
        let duration = try retrying(.segments, diagnosis) { () throws(SystemError) in
            try system.loadSegments(plan, kernel: kernel, initrd: initrd)
        }
        return Result(
            method: .segments, byteCount: artifacts.byteCount, segmentCount: plan.segments.count,
            duration: duration)
    }

    private static let attempts = 5
    private static let pause = Duration.milliseconds(200)

    private func retrying(
        _ method: LoadMethod, _ diagnosis: LoadDiagnosis, _ body: () throws(SystemError) -> Void
    ) throws(LoadFailure.Cause) -> Duration {
        let clock = ContinuousClock()
        var left = Self.attempts
        while true {
            let started = clock.now
            do {
                try body()
                return clock.now - started
            } catch {
                left -= 1
                guard error.code == EBUSY, left > 0 else { throw diagnosis.cause(error.code, method) }
                system.sleep(for: Self.pause)
            }
        }
    }

    /// Takes out what is loaded, however it came in; it is no error when nothing is.
    public func unload() throws(LoadFailure) {
        guard isLoaded == true else { return }
        let log = KernelLog(host)
        do { try system.unload(.file) } catch {
            // Either call takes out what the other loaded, and either may be missing.
            do { try system.unload(.segments) } catch {
                var facts = HostFacts()
                facts.readStatus(host)
                let isForRoot = error.code == EPERM && !facts.mayBoot
                throw LoadFailure(
                    isForRoot ? .notRoot : .system(.segments, code: error.code), kernelLines: log.lines())
            }
        }
    }
}

extension LoadFailure.Cause: Error {}
