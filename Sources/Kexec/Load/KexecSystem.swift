import CLinux
import Glibc
public import SystemIO

/// The system calls of kexec, so that tests can stand in for them.
public protocol KexecSystem: Sendable {
    /// `kexec_file_load`; the descriptors stay the caller's.
    func loadFile(kernel: RawFile, initrd: RawFile?, commandLine: String) throws(SystemError)
    /// `kexec_load`.
    func loadSegments(_ plan: SegmentPlan, kernel: RawFile, initrd: RawFile?) throws(SystemError)
    func unload(_ method: LoadMethod) throws(SystemError)
    /// Leaves the running kernel for the loaded one at once, without a farewell to anybody; comes back only to throw.
    func restart() throws(SystemError)
    func sleep(for duration: Duration)
}

/// A file that somebody else keeps open.
public struct RawFile: Equatable, Sendable {
    public var descriptor: CInt
    public var byteCount: Int64
}

/// How a kernel gets in.
public enum LoadMethod: String, Equatable, Sendable {
    /// `kexec_file_load`: the kernel takes the files apart.
    case file
    /// `kexec_load`: we do.
    case segments
}

/// The host's own.
public struct LiveKexecSystem: KexecSystem {
    public init() {}

    public func loadFile(kernel: RawFile, initrd: RawFile?, commandLine: String) throws(SystemError) {
        let withoutInitrd: UInt = 4
        let result = unsafe netbootd_kexec_file_load(
            kernel.descriptor, initrd?.descriptor ?? -1, commandLine.utf8.count + 1, commandLine,
            initrd == nil ? withoutInitrd : 0)
        let code = errno
        guard result == 0 else { throw SystemError("load the kernel (kexec_file_load)", code: code) }
    }

    public func loadSegments(_ plan: SegmentPlan, kernel: RawFile, initrd: RawFile?) throws(SystemError) {
        let kernelMap = try MappedFile(kernel)
        let initrdMap = try MappedFile(initrd ?? RawFile(descriptor: -1, byteCount: 0))
        // One array for all bytes that are in no file: its address is good for as long as it is borrowed.
        var ours: [UInt8] = []
        for segment in plan.segments {
            if case .bytes(let bytes) = segment.source { ours += bytes }
        }
        let (result, code) = unsafe ours.withUnsafeBytes { own in
            var used = 0
            let segments = unsafe plan.segments.map { segment in
                let start: UnsafeRawPointer?
                switch segment.source {
                case .bytes(let bytes):
                    unsafe start = own.baseAddress.map { unsafe $0 + used }
                    used += bytes.count
                case .kernel(let range):
                    unsafe start = kernelMap.start.map { unsafe $0 + Int(range.lowerBound) }
                case .initrd(let range):
                    unsafe start = initrdMap.start.map { unsafe $0 + Int(range.lowerBound) }
                }
                return unsafe netbootd_kexec_segment(
                    buffer: start, buffer_size: Int(segment.source.byteCount), address: UInt(segment.address),
                    memory_size: Int(segment.memoryByteCount))
            }
            let result = unsafe netbootd_kexec_load(UInt(plan.entry), segments.count, segments)
            return (result, errno)
        }
        guard result == 0 else { throw SystemError("load the kernel (kexec_load)", code: code) }
    }

    public func unload(_ method: LoadMethod) throws(SystemError) {
        let result: CInt
        switch method {
        case .file: result = netbootd_kexec_file_load(-1, -1, 0, nil, 1)
        case .segments: result = netbootd_kexec_load(0, 0, nil)
        }
        let code = errno
        guard result == 0 else { throw SystemError("unload the kernel", code: code) }
    }

    public func restart() throws(SystemError) {
        _ = netbootd_kexec_restart()
        let code = errno
        throw SystemError("start the loaded kernel", code: code)
    }

    public func sleep(for duration: Duration) {
        let (seconds, attoseconds) = duration.components
        usleep(UInt32(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
    }
}

/// A file as memory, for as long as this lives.
@safe private struct MappedFile: ~Copyable {
    let start: UnsafeRawPointer?
    private let byteCount: Int

    init(_ file: RawFile) throws(SystemError) {
        byteCount = Int(file.byteCount)
        guard byteCount > 0 else {
            unsafe start = nil
            return
        }
        let address = unsafe netbootd_map_file(file.descriptor, byteCount)
        let code = errno
        guard let address = unsafe address else { throw SystemError("map a file", code: code) }
        unsafe start = address
    }

    deinit {
        if let start = unsafe start { unsafe munmap(UnsafeMutableRawPointer(mutating: start), byteCount) }
    }
}
