import ArgumentParser
import Configuration
import NFSServer
import SystemIO
import Wire

struct Exports: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is exported by NFS, to whom, and how it is mounted.",
        discussion: """
            With --kernel it prints a file of exports(5) that makes a kernel's NFS server export the same; `exports-file` in \
            the configuration reads such a file.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "As /etc/exports of a kernel's server.")
    var kernel = false

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        let checked = CheckedConfiguration(path: options.path, ports: .mayBeOurs)
        guard let deployment = checked.deployment else {
            for line in checked.errors { StandardError.write(line + "\n") }
            StandardError.write(checked.verdict + "\n")
            throw ExitCode.failure
        }
        let exports = deployment.host.exports
        let tree = deployment.configuration.files
        if kernel {
            for export in exports { print(export.line(folder: export.hostFolder(tree: tree))) }
        } else if json {
            print(Self.json(exports, tree: tree))
        } else {
            Self.show(exports, deployment)
        }
    }

    private static func show(_ exports: [NFSExport], _ deployment: Deployment) {
        guard !exports.isEmpty else { return print("Nothing is exported: the configuration has no 'nfs'.") }
        let server = deployment.host.address
        for (index, export) in exports.enumerated() {
            if index > 0 { print() }
            print(harmlessText(export.path))
            print(harmlessText("  folder   \(export.hostFolder(tree: deployment.configuration.files))"))
            for grant in export.grants {
                print(harmlessText("  clients  \(grant.clients)  \(words(of: grant))"))
            }
            let port = deployment.configuration.nfs.port
            let ports = port == 2049 ? ("", "") : (",port=\(port)", ",port=\(port),mountport=\(port)")
            print(harmlessText("  mount -t nfs -o ro,vers=4.2\(ports.0) \(server):\(export.path) /mnt"))
            print(harmlessText("  mount -t nfs -o ro,vers=3,nolock\(ports.1) \(server):\(export.path) /mnt"))
        }
    }

    private static func words(of grant: ExportGrant) -> String {
        var words = ["ro", grant.squash.rawValue]
        if grant.squash != .none,
            grant.anonymousUserID != ExportGrant.nobody || grant.anonymousGroupID != ExportGrant.nobody
        {
            words += ["anonuid=\(grant.anonymousUserID)", "anongid=\(grant.anonymousGroupID)"]
        }
        if grant.allowsAnyPort { words.append("insecure") }
        return words.joined(separator: ",")
    }

    private static func json(_ exports: [NFSExport], tree: String) -> String {
        let objects = exports.map { export in
            let clients = export.grants.map { grant in
                "{\"clients\": \(JSONText(grant.clients.description)), \"squash\": \(JSONText(grant.squash.rawValue)), "
                    + "\"anonuid\": \(grant.anonymousUserID), \"anongid\": \(grant.anonymousGroupID), "
                    + "\"insecure\": \(grant.allowsAnyPort)}"
            }
            return
                "  {\"path\": \(JSONText(export.path)), \"folder\": \(JSONText(export.hostFolder(tree: tree))), "
                + "\"fsid\": \(export.fsid.map { "\($0)" } ?? "null"), \"clients\": [\(clients.joined(separator: ", "))]}"
        }
        return objects.isEmpty ? "[]" : "[\n" + objects.joined(separator: ",\n") + "\n]"
    }
}
