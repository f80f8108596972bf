extension DeviceReference {
    /// Reads what boot loaders and people write: `UUID=x`, `LABEL=x`, `PARTUUID=x`, `PARTLABEL=x`, `/dev/sda1`, `sda1`,
    /// `hd0,1`, `hd0,msdos1`, `hd0,gpt2`, `lvm/vg-lv`, each also in parentheses, and `ext4:` before any of them.
    ///
    /// `firstPartition` is 0 for GRUB legacy, which counts partitions from there.
    public init(_ written: String, firstPartition: Int = 1) {
        var text = written.utf8[...]
        if text.first == UInt8(ascii: "("), text.last == UInt8(ascii: ")") {
            text = text.dropFirst().dropLast()
        }
        var type: String?
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex,
            text[..<colon].allSatisfy({ $0.isLetterOrDigit })
        {
            type = Self.typeName(String(Substring(text[..<colon])))
            text = text[text.index(after: colon)...]
        }
        let string = String(Substring(text))
        self.init(
            Self.tagged(string) ?? Self.drive(string, firstPartition: firstPartition)
                ?? Self.beneathDev(string) ?? .unknown(string),
            fileSystemType: type)
    }

    private static func typeName(_ text: String) -> String? { text == "auto" ? nil : text }

    private static func tagged(_ text: String) -> Name? {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let value = unquoted(String(text[text.utf8.index(after: equals)...]))
        guard !value.isEmpty else { return nil }
        switch text[..<equals].uppercased() {
        case "UUID": return .fileSystemUUID(value)
        case "LABEL": return .fileSystemLabel(value)
        case "PARTUUID": return .partitionUUID(value)
        case "PARTLABEL": return .partitionLabel(value)
        default: return nil
        }
    }

    private static func unquoted(_ text: String) -> String {
        guard text.utf8.count >= 2, let mark = text.utf8.first, mark == text.utf8.last,
            mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'")
        else { return text }
        return String(Substring(text.utf8.dropFirst().dropLast()))
    }

    /// `hd0`, `hd0,1`, `hd0,msdos1`, `hd0,gpt2`, `fd0`, `cd0`, `cd`. A partition within a partition is not read.
    private static func drive(_ text: String, firstPartition: Int) -> Name? {
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, first.count >= 2,
            let kind = Drive.Kind(rawValue: String(Substring(first.prefix(2))))
        else { return nil }
        let digits = first.dropFirst(2)
        if digits.isEmpty {
            return kind == .opticalDisc && parts.count == 1 ? .drive(.init(kind, 0), partition: nil) : nil
        }
        guard let number = smallNumber(digits) else { return nil }
        guard parts.count == 2 else { return .drive(Drive(kind, number), partition: nil) }
        for scheme in [Partition.Scheme.msdos, .gpt] where parts[1].starts(with: scheme.rawValue.utf8) {
            guard let count = smallNumber(parts[1].dropFirst(scheme.rawValue.utf8.count)), count > 0 else {
                return nil
            }
            return .drive(Drive(kind, number), partition: Partition(count, scheme: scheme))
        }
        guard let count = smallNumber(parts[1]), count >= firstPartition else { return nil }
        return .drive(Drive(kind, number), partition: Partition(count - firstPartition + 1))
    }

    private static func smallNumber(_ digits: Substring.UTF8View) -> Int? {
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy({ $0.isDigit }) else { return nil }
        return Int(String(Substring(digits)))
    }

    private static func beneathDev(_ text: String) -> Name? {
        let prefix = "/dev/"
        let written = text.hasPrefix(prefix)
        let name = written ? String(text.utf8.dropFirst(prefix.utf8.count)) ?? "" : text
        let links: [(String, (String) -> Name)] = [
            ("disk/by-uuid/", Name.fileSystemUUID), ("disk/by-label/", Name.fileSystemLabel),
            ("disk/by-partuuid/", Name.partitionUUID), ("disk/by-partlabel/", Name.partitionLabel),
        ]
        for (folder, make) in links where name.hasPrefix(folder) && name.utf8.count > folder.utf8.count {
            return make(String(name.utf8.dropFirst(folder.utf8.count)) ?? "")
        }
        // Both escape a hyphen in a name as two.
        if !written, name.hasPrefix("lvm/") { return .node("mapper/" + name.dropFirst(4)) }
        if !written, name.hasPrefix("md/") {
            let array = name.dropFirst(3)
            return array.utf8.allSatisfy { $0.isDigit } ? .node("md" + array) : .node(name)
        }
        guard name.utf8.first?.isLetterOrDigit == true, !name.utf8.contains(where: { ",=".utf8.contains($0) })
        else {
            return nil
        }
        let folders = ["mduuid/", "cryptouuid/", "lvmid/"]
        let network = ["nd", "pxe", "tftp", "http", "memdisk", "proc", "host"]
        guard written || !(folders.contains(where: name.hasPrefix) || network.contains(name)) else {
            return nil
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && !$0.elementsEqual("..".utf8) && !$0.elementsEqual(".".utf8) })
        else {
            return nil
        }
        return .node(name)
    }
}

extension DeviceReference: CustomStringConvertible {
    /// As a person would write it; `init(_:)` reads it again, but for what was searched by a file.
    public var description: String { (fileSystemType.map { $0 + ":" } ?? "") + name.description }
}

extension DeviceReference.Name: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fileSystemUUID(let value): "UUID=\(value)"
        case .fileSystemLabel(let value): "LABEL=\(value)"
        case .partitionUUID(let value): "PARTUUID=\(value)"
        case .partitionLabel(let value): "PARTLABEL=\(value)"
        case .node(let name): "/dev/\(name)"
        case .drive(let drive, nil): "(\(drive.kind.rawValue)\(drive.number))"
        case .drive(let drive, .some(let partition)):
            "(\(drive.kind.rawValue)\(drive.number),\(partition.scheme?.rawValue ?? "")\(partition.number))"
        case .holding(let path): "the file system with \(path)"
        case .image(let file): "the image \(file)"
        case .unknown(let text): "(\(text))"
        }
    }
}

extension FileReference: CustomStringConvertible {
    public var description: String {
        guard let device else { return path }
        let name = device.description
        return name.hasPrefix("(") ? name + path : "(\(name))\(path)"
    }

    /// Reads `(DEVICE)/path` or `/path`; what has no device of its own lies on `root`.
    public init(_ written: String, root: DeviceReference?, firstPartition: Int = 1) {
        guard written.utf8.first == UInt8(ascii: "("),
            let end = written.utf8.firstIndex(of: UInt8(ascii: ")"))
        else {
            self.init(device: root, path: written)
            return
        }
        let name = String(written[written.utf8.index(after: written.startIndex)..<end])
        self.init(
            device: name.isEmpty ? root : DeviceReference(name, firstPartition: firstPartition),
            path: String(written[written.utf8.index(after: end)...]))
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5a).contains(self & 0xdf) }
    var isLetterOrDigit: Bool { isDigit || isLetter }
    var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0d }
}
