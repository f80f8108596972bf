public import SystemIO
import Wire

/// Why something of this host's disks could not be had.
public enum LocalFailure: Error, Equatable, Sendable {
    case noSuchDevice(String, known: [String])
    case unsupportedReference(String)
    /// `kind` is nil when nothing known is on the device.
    case notAFileSystem(device: String, kind: FileSystemIdentity.Kind?)
    case held(device: String, by: [String])
    case noDriver(device: String, types: [String])
    /// The kernel is older than the calls that are needed.
    case oldKernel
    case cannotMount(device: String, SystemError, kernelSays: [String])
    case cannotOpen(file: String, device: String, OpenFailure)
    case system(SystemError)
    case unsupportedEntry(title: String, why: String)
    case noSuchEntry(String, known: [String])
    case ambiguousEntry(String, places: [String])
}

extension LocalFailure: CustomStringConvertible {
    public var description: String { harmlessText(words) }

    private var words: String {
        switch self {
        case .noSuchDevice(let reference, let known):
            "\(reference) is not among this host's devices (\(known.joined(separator: ", "))); "
                + "if a driver is missing, give its folder with --modules"
        case .unsupportedReference(let text): "the device \(text) cannot be opened from here"
        case .notAFileSystem(let device, let kind): Self.words(of: kind, on: device)
        case .held(let device, let holders):
            "\(device) is part of \(holders.joined(separator: ", ")); name that instead"
        case .noDriver(let device, let types):
            "this kernel has no driver for the file system of \(device) (\(types.joined(separator: ", "))); "
                + "load it with modprobe, or give a folder that has it with --modules"
        case .oldKernel:
            "reading disks that are not mounted needs Linux 5.6 or newer; mount the disk and try again"
        case .cannotMount(let device, let error, let says):
            "cannot mount \(device) read-only: \(says.isEmpty ? error.description : says.joined(separator: "; "))"
        case .cannotOpen(let file, let device, let failure):
            "cannot open \(file) on \(device): \(Self.words(of: failure))"
        case .system(let error): error.description
        case .unsupportedEntry(let title, let why): "the entry \(title) \(why)"
        case .noSuchEntry(let name, let known):
            known.isEmpty
                ? "there is no entry \(name): no boot loader's configuration was found on this host's disks"
                : "there is no entry \(name); there are: \(known.joined(separator: ", "))"
        case .ambiguousEntry(let name, let places):
            "several entries are called \(name), at \(places.joined(separator: ", ")); choose one with --device"
        }
    }

    private static func words(of kind: FileSystemIdentity.Kind?, on device: String) -> String {
        switch kind {
        case .lvm: "\(device) belongs to LVM; activate its volumes (vgchange -ay) and name one of them"
        case .luks: "\(device) is encrypted; open it first (cryptsetup open \(device) NAME)"
        case .raid: "\(device) belongs to a RAID; assemble it first (mdadm --assemble --scan)"
        case let kind?: "\(device) has no file system but \(kind.rawValue)"
        case nil: "\(device) has no file system that is known here, or cannot be read"
        }
    }

    private static func words(of failure: OpenFailure) -> String {
        switch failure {
        case .notFound: "it is not there"
        case .accessDenied: "permission denied"
        case .notARegularFile: "it is no regular file"
        case .outsideRoot: "its path leads out of the file system, or in circles"
        case .other(let error): error.description
        }
    }
}
