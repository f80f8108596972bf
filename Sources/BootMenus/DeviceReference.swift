/// A file system as a boot loader's configuration names it, before anybody has looked for it.
public struct DeviceReference: Hashable, Sendable {
    public indirect enum Name: Hashable, Sendable {
        case fileSystemUUID(String)
        case fileSystemLabel(String)
        case partitionUUID(String)
        case partitionLabel(String)
        /// Beneath `/dev`: `sda1`, `mapper/vg-root`, `disk/by-id/…`.
        case node(String)
        /// The firmware's count of drives; the first is 0, the first partition is 1.
        case drive(Drive, partition: Partition?)
        /// The first file system that has this file (GRUB's `search --file`).
        case holding(String)
        /// The file system in a file (GRUB's `loopback`).
        case image(FileReference)
        /// What no rule here explains, as it was written.
        case unknown(String)
    }

    public struct Drive: Hashable, Sendable {
        public enum Kind: String, Sendable {
            case hardDisk = "hd"
            case floppy = "fd"
            case opticalDisc = "cd"
        }
        public var kind: Kind
        public var number: Int

        public init(_ kind: Kind, _ number: Int) {
            self.kind = kind
            self.number = number
        }
    }

    public struct Partition: Hashable, Sendable {
        public enum Scheme: String, Sendable { case msdos, gpt }
        /// From 1.
        public var number: Int
        /// nil if the configuration does not say it.
        public var scheme: Scheme?

        public init(_ number: Int, scheme: Scheme? = nil) {
            self.number = number
            self.scheme = scheme
        }
    }

    public var name: Name
    /// `ext4` of `ext4:sda1`; nil: whatever it turns out to be.
    public var fileSystemType: String?

    public init(_ name: Name, fileSystemType: String? = nil) {
        self.name = name
        self.fileSystemType = fileSystemType
    }
}

/// A file as a configuration names it.
public struct FileReference: Hashable, Sendable {
    /// nil: the file system that the configuration itself lies on.
    public var device: DeviceReference?
    /// From the top of that file system: begins with a slash, has no `.` and no `..`.
    public var path: String

    public init(device: DeviceReference? = nil, path: String) {
        self.device = device
        self.path = normalized(path)
    }

    /// The folder that it lies in.
    public var folder: FileReference {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return FileReference(device: device, path: String(path[..<end]))
    }

    /// The last part of its path.
    public var name: String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }

    /// A file in this folder.
    public func appending(_ name: String) -> FileReference {
        FileReference(device: device, path: path + "/" + name)
    }
}

/// The path from the top, in which `..` at the top stays there, as in a kernel.
func normalized(_ path: String) -> String {
    var parts: [Substring.UTF8View] = []
    for part in path.utf8.split(separator: UInt8(ascii: "/")) {
        if part.elementsEqual("..".utf8) {
            _ = parts.popLast()
        } else if !part.elementsEqual(".".utf8) {
            parts.append(part)
        }
    }
    return "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
}
