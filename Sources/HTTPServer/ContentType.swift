/// The media type of a file, by its name.
enum ContentType {
    /// EDK2 takes exactly the first three of these, without parameters, for something to boot (docs/booting.md).
    static func of(_ path: String) -> String {
        let name = path.utf8
        guard let mark = name.lastIndex(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }),
            name[mark] == UInt8(ascii: ".")
        else { return unknown }
        return switch path[name.index(after: mark)...].lowercased() {
        case "efi": "application/efi"
        case "iso": "application/vnd.efi-iso"
        case "img": "application/vnd.efi-img"
        case "ipxe", "gpxe", "txt", "cfg", "conf", "ks", "preseed", "seed", "sh", "log", "sha256", "sha512":
            text
        case "yaml", "yml": "application/yaml"
        case "json": json
        case "xml": "application/xml"
        case "html", "htm": "text/html"
        case "gz", "tgz": "application/gzip"
        default: unknown
        }
    }

    static let text = "text/plain"
    static let json = "application/json"
    static let unknown = "application/octet-stream"
}
