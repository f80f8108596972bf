public import BootMenus
public import SystemIO

/// This host's disks: each file system is opened when first asked for, and closed when this goes.
public final class LocalDisks {
    public var devices: [BlockDevice] { search.devices }
    private let search: DeviceSearch
    private let opener: FileSystemOpener
    /// By the device's name and the type that was asked for.
    private var opened: [String: Result<FileRoot, LocalFailure>] = [:]

    /// Looks for devices once, now.
    public init(host: HostFiles = .live) {
        search = DeviceSearch(devices: BlockDevice.all(on: host), host: host)
        opener = FileSystemOpener(host: host)
    }

    /// A file that was found, on its device.
    public struct FoundFile: Sendable {
        public var file: OpenFile
        public var device: FoundDevice
    }

    /// The device that a person or a configuration names.
    public func device(
        for reference: DeviceReference, home: BlockDevice? = nil
    ) throws(LocalFailure) -> FoundDevice {
        try search.device(for: reference, home: home) { device, path in
            (try? root(of: device).open(path)) != nil
        }
    }

    /// - Parameter home: the device of the configuration that names the file.
    public func open(_ reference: FileReference, home: BlockDevice) throws(LocalFailure) -> FoundFile {
        let (device, root) = try locate(reference.device, home: home)
        do throws(OpenFailure) {
            return FoundFile(file: try root.open(reference.path), device: device)
        } catch {
            throw .cannotOpen(file: reference.path, device: device.device.path, error)
        }
    }

    func locate(
        _ reference: DeviceReference?, home: BlockDevice
    ) throws(LocalFailure) -> (FoundDevice, FileRoot) {
        guard let reference else { return (FoundDevice(device: home, isGuess: false), try root(of: home)) }
        let found = try device(for: reference, home: home)
        return (found, try root(of: found.device, type: reference.fileSystemType))
    }

    func root(of device: BlockDevice, type: String? = nil) throws(LocalFailure) -> FileRoot {
        let key = "\(device.name) \(type ?? "")"
        if let known = opened[key] { return try known.get() }
        let result: Result<FileRoot, LocalFailure>
        do throws(LocalFailure) {
            result = .success(try opener.open(device, type: type))
        } catch {
            result = .failure(error)
        }
        opened[key] = result
        return try result.get()
    }
}

/// What the reader of a configuration sees of the disks from the device that the configuration is on.
struct FilesOfDisks: MenuFiles {
    let disks: LocalDisks
    let home: BlockDevice

    func bytes(of file: FileReference, limit: Int) -> [UInt8]? {
        guard let found = try? disks.open(file, home: home) else { return nil }
        return try? found.file.bytes(at: 0, count: Int(min(found.file.byteCount, Int64(limit) + 1)))
    }

    func kind(of file: FileReference) -> MenuFileKind? {
        guard let (_, root) = try? disks.locate(file.device, home: home) else { return nil }
        if let opened = try? root.open(file.path) { return .file(byteCount: Int(opened.byteCount)) }
        return root.names(inFolder: file.path) == nil ? nil : .folder
    }

    func names(in folder: FileReference) -> [String] {
        guard let (_, root) = try? disks.locate(folder.device, home: home) else { return [] }
        return root.names(inFolder: folder.path) ?? []
    }

    func fileSystemUUID(of device: DeviceReference?) -> String? {
        guard let device else { return home.contents?.uuid }
        return (try? disks.device(for: device, home: home))?.device.contents?.uuid
    }
}
