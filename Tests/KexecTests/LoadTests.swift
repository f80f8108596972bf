import Glibc
import SystemIO
import TestSupport
import Testing

@testable import Kexec

/// Stands in for the kernel: answers each call with the next errno of its list, 0 at the end.
private final class FakeSystem: KexecSystem, @unchecked Sendable {
    let folder: TemporaryFolder
    var fileCodes: [CInt] = []
    var segmentCodes: [CInt] = []
    var unloadCodes: [CInt] = []
    var says = ""
    private(set) var calls: [String] = []

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("sys/kernel/kexec_loaded", "0\n")
        try folder.write("sys/firmware/memmap/0/start", "0x0")
        try folder.write("sys/firmware/memmap/0/end", "0x1fffffff")
        try folder.write("sys/firmware/memmap/0/type", "System RAM")
        try folder.write("proc/meminfo", "MemTotal:  524288 kB\n")
        try folder.write("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n")
        try folder.write("proc/self/ns/pid", "")
        folder.link("proc/self/ns/user", to: "user:[4026531837]")
    }

    var loader: KexecLoader {
        KexecLoader(system: self, host: HostFiles(root: folder.path), architecture: .x86)
    }

    private func answer(_ codes: inout [CInt], loaded: String) throws(SystemError) {
        let code = codes.isEmpty ? 0 : codes.removeFirst()
        if !says.isEmpty {
            let fd = unsafe open(folder.path + "/dev/kmsg", O_WRONLY | O_APPEND)
            _ = unsafe write(fd, says, says.utf8.count)
            close(fd)
        }
        guard code == 0 else { throw SystemError("load", code: code) }
        try folder.write("sys/kernel/kexec_loaded", loaded)
    }

    func loadFile(kernel: RawFile, initrd: RawFile?, commandLine: String) throws(SystemError) {
        calls.append("file initrd=\(initrd?.byteCount ?? -1) \(commandLine)")
        try answer(&fileCodes, loaded: "1\n")
    }

    func loadSegments(_ plan: SegmentPlan, kernel: RawFile, initrd: RawFile?) throws(SystemError) {
        calls.append("segments \(plan.segments.count)")
        try answer(&segmentCodes, loaded: "1\n")
    }

    func unload(_ method: LoadMethod) throws(SystemError) {
        calls.append("unload \(method.rawValue)")
        try answer(&unloadCodes, loaded: "0\n")
    }

    func restart() throws(SystemError) { throw SystemError("restart", code: EINVAL) }

    func sleep(for duration: Duration) { calls.append("sleep \(duration)") }
}

@Suite("Loading a kernel")
struct LoadTests {
    private let system: FakeSystem

    init() throws { system = try FakeSystem() }

    private func load(
        _ kernel: [UInt8] = LinuxFixture().bytes, initrd: [UInt8]? = nil, commandLine: String = "x",
        method: KexecLoader.Choice = .auto
    ) throws -> KexecLoader.Result {
        let file: MemoryFile? = if let initrd { try memoryFile(initrd) } else { nil }
        let artifacts = try KernelArtifacts(
            kernel: memoryFile(kernel), initrd: file, commandLine: commandLine)
        return try system.loader.load(artifacts, method: method)
    }

    @Test("The kernel's own loader comes first")
    func file() throws {
        let result = try load(initrd: [1, 2, 3])
        #expect(result.method == .file && result.byteCount == 2048 + 0x2000 + 3 && result.segmentCount == 0)
        #expect(system.calls == ["file initrd=3 x"])
        #expect(system.loader.isLoaded == true)
    }

    @Test("Without it, or with signatures that old kernels reject, segments of our own follow")
    func fallback() throws {
        for code in [ENOSYS, EKEYREJECTED] {
            system.fileCodes = [code]
            #expect(try load().method == .segments)
        }
        #expect(system.calls == ["file initrd=-1 x", "segments 2", "file initrd=-1 x", "segments 2"])
    }

    @Test("A rejected signature is final under Secure Boot or lockdown, and with --method file")
    func noFallback() throws {
        system.fileCodes = [EKEYREJECTED, EKEYREJECTED, EKEYREJECTED]
        #expect(throws: LoadFailure(.altered(secureBoot: false))) { try load(method: .file) }
        try system.folder.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        #expect(throws: LoadFailure(.altered(secureBoot: false))) { try load() }
        try system.folder.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        var parameters = [UInt8](repeating: 0, count: 4096)
        parameters[0x1ec] = 3
        try system.folder.write("sys/kernel/boot_params/data", parameters)
        #expect(throws: LoadFailure(.altered(secureBoot: true))) { try load() }
        #expect(system.calls == Array(repeating: "file initrd=-1 x", count: 3))
    }

    @Test("What the kernel's loader cannot take goes to kexec_load at once, or nowhere")
    func segments() throws {
        let memtest = LinuxFixture(
            version: 0x20c, extendedFlags: 9, relocatable: 0, preferred: 0x10_0000, initialByteCount: 0x6_0000
        )
        for kernel in [memtest.bytes, LinuxFixture(version: 0x207).bytes, MultibootFixture.version1()] {
            #expect(try load(kernel).method == .segments)
            #expect(throws: LoadFailure.self) { try load(kernel, method: .file) }
        }
        #expect(system.calls == ["segments 2", "segments 2", "segments 2"])
        #expect(try load(method: .segments).method == .segments)
    }

    @Test("A busy kernel is asked five times")
    func busy() throws {
        system.fileCodes = [EBUSY, EBUSY]
        _ = try load()
        #expect(
            system.calls == [
                "file initrd=-1 x", "sleep 0.2 seconds", "file initrd=-1 x", "sleep 0.2 seconds",
                "file initrd=-1 x",
            ])
        system.segmentCodes = Array(repeating: EBUSY, count: 9)
        #expect(throws: LoadFailure(.busy)) { try load(method: .segments) }
        #expect(system.segmentCodes.count == 4)
    }

    @Test("The other architecture and a command line that is too long are refused without a call")
    func refusals() throws {
        let limit = 2047 - 31
        _ = try load(commandLine: String(repeating: "x", count: limit))
        let calls = system.calls.count
        #expect(throws: LoadFailure(.commandLineTooLong(byteCount: limit + 1, limit: limit))) {
            try load(commandLine: String(repeating: "x", count: limit + 1))
        }
        #expect(throws: LoadFailure(.otherArchitecture(image: .arm64, host: .x86))) {
            try load(compressedImage)
        }
        #expect(system.calls.count == calls)
    }

    @Test("A load that leaves nothing loaded is a failure")
    func notArmed() throws {
        try system.folder.write("sys/kernel/kexec/loaded", "0\n")
        #expect(throws: LoadFailure(.notArmed)) { try load() }
    }

    private static let codes: [(CInt, LoadFailure.Cause)] = [
        (ENOKEY, LoadFailure.Cause.unknownSigner(secureBoot: false)),
        (ENODATA, .unsigned(secureBoot: false)),
        (EBADMSG, .altered(secureBoot: false)),
        (ENOEXEC, .refusedImage("x86 kernel, boot protocol 2.15")),
        (EPERM, .forbidden), (EADDRNOTAVAIL, .noPlace), (EFBIG, .tooLarge(bytes: 10_240)),
        (EINVAL, .system(.file, code: EINVAL)),
        (ENOMEM, .tooLittleMemory(neededBytes: 0x300_0000, totalBytes: 512 << 20)),
        (ETXTBSY, .system(.file, code: ETXTBSY)),
    ]

    @Test("Each errno has its cause", arguments: codes)
    func causes(code: CInt, cause: LoadFailure.Cause) throws {
        system.fileCodes = [code]
        #expect(throws: LoadFailure(cause)) { try load(method: .file) }
        #expect(!LoadFailure(cause).description.isEmpty)
    }

    @Test("EPERM is one of five things, and EINVAL may be a lack of memory")
    func host() throws {
        func cause(_ path: String, _ text: String, code: CInt = EPERM) throws -> LoadFailure.Cause? {
            try system.folder.write(path, text)
            system.fileCodes = [code]
            do {
                _ = try load(method: .file)
                return nil
            } catch let failure as LoadFailure { return failure.cause }
        }
        #expect(
            try cause("sys/kernel/security/lockdown", "none [integrity] x\n")
                == .lockedDown(mode: "integrity"))
        #expect(try cause("proc/sys/kernel/kexec_load_limit_reboot", "0\n") == .limitUsedUp)
        #expect(try cause("proc/sys/kernel/kexec_load_disabled", "1\n") == .switchedOff)
        unsafe unlink("\(system.folder.path)/proc/self/ns/user")
        system.folder.link("proc/self/ns/user", to: "user:[4026532000]")
        #expect(try cause("proc/version", "Linux\n") == .inContainer)
        #expect(try cause("proc/self/status", "CapEff:\t0000000000000000\n") == .notRoot)
        #expect(
            try cause("proc/meminfo", "MemTotal:  65536 kB\n", code: EINVAL)
                == .tooLittleMemory(neededBytes: 0x300_0000, totalBytes: 64 << 20))
    }

    @Test("What the kernel says about it while it is tried is shown, and nothing from before")
    func kernelLog() throws {
        try system.folder.write("dev/kmsg", "6,1,100,-;kexec-bzImage64: an old line\n")
        system.fileCodes = [ENOKEY]
        system.says =
            "3,2,200,-;PEFILE: Digest mismatch\n SUBSYSTEM=x\n6,3,300,-;eth0: link up\n6,4,1,-;kexec_file: no\u{1b}\n"
        do {
            _ = try load()
            Issue.record("it was loaded")
        } catch let failure as LoadFailure {
            #expect(failure.kernelLines == ["PEFILE: Digest mismatch", "kexec_file: no\u{1b}"])
            #expect(failure.description.hasSuffix("says: “PEFILE: Digest mismatch”, “kexec_file: no?”"))
        }
    }

    @Test("Unloading tries both calls, does nothing when nothing is loaded, and says when it failed")
    func unload() throws {
        try system.loader.unload()
        #expect(system.calls == [])
        _ = try load()
        system.unloadCodes = [ENOSYS]
        try system.loader.unload()
        #expect(system.calls.dropFirst() == ["unload file", "unload segments"])
        #expect(system.loader.isLoaded == false)
        _ = try load()
        system.unloadCodes = [ENOSYS, EPERM]
        #expect(throws: LoadFailure(.system(.segments, code: EPERM))) { try system.loader.unload() }
    }
}
