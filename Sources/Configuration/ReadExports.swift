internal import NFSServer

/// `nfs`.
extension ConfigurationReader {
    private enum NFSKey: String, ConfigurationKey {
        case exports, port, threads
        case exportsFile = "exports-file"
        case maximumConnections = "max-connections"
        case maximumConnectionsPerClient = "max-connections-per-client"
    }

    private enum ExportKey: String, ConfigurationKey { case path, clients, options }

    mutating func readNFS(_ cursor: Cursor, into nfs: inout DeploymentConfiguration.NFS) {
        guard let fields = cursor.fields(NFSKey.self) else { return }
        if let port = fields[.port]?.number(1...65535) {
            nfs.port = UInt16(port)
            if port != 2049 { fields[.port]?.warn(.unusualNFSPort(nfs.port)) }
        }
        if let threads = fields[.threads]?.number(1...64) { nfs.threads = threads }
        if let count = fields[.maximumConnections]?.number(1...65536) { nfs.maximumConnections = count }
        if let count = fields[.maximumConnectionsPerClient]?.number(1...65536) {
            nfs.maximumConnectionsPerClient = count
        }
        check(
            perClient: nfs.maximumConnectionsPerClient, at: fields[.maximumConnectionsPerClient],
            total: nfs.maximumConnections, at: fields[.maximumConnections])
        nfs.exportsFile = fields[.exportsFile]?.filePath()
        for item in fields[.exports]?.items() ?? [] {
            if let export = readExport(item) { nfs.exports.append(export) }
        }
        // A placeholder is right where exports were meant, even if they are wrong.
        exportsAreStated = fields[.exportsFile] != nil || !(fields[.exports]?.isEmptyList ?? true)
    }

    private mutating func readExport(_ item: Cursor) -> NFSExport? {
        guard let fields = item.fields(ExportKey.self) else { return nil }
        let path = fields.required(.path).flatMap { cursor -> String? in
            guard let path = cursor.bootPath(orURL: false, orRoot: true) else { return nil }
            claim(.export(path), as: "/\(path)", at: cursor)
            return path
        }
        var options = ExportOptions()
        for word in fields[.options]?.itemsOrOne ?? [] { apply(word, to: &options) }
        let clients = fields.required(.clients).map { readClients($0, options) }
        guard let path, let clients else { return nil }
        return NFSExport(
            path: "/" + path, folder: .tree(path), grants: clients.map { options.grant(to: $0) },
            fsid: options.fsid)
    }

    private func readClients(_ cursor: Cursor, _ options: ExportOptions) -> [ExportClients] {
        var found: [ExportClients] = []
        let items = cursor.itemsOrOne
        if items.isEmpty { cursor.report(.unexpected(.nothing, expected: .clients)) }
        for item in items {
            guard let text = item.text(.clients) else { continue }
            do throws(ExportClientsProblem) {
                let clients = try ExportClients(parsing: text)
                if found.contains(clients) {
                    item.report(.duplicate("\(clients)", first: cursor.node.start))
                } else {
                    found.append(clients)
                }
                if clients == .everyone, options.squash == .none { item.warn(.everyoneIsRoot) }
            } catch {
                item.report(.exportClients(error))
            }
        }
        return found
    }

    private func apply(_ cursor: Cursor, to options: inout ExportOptions) {
        guard let text = cursor.text(.exportOption) else { return }
        // As exports(5) has them, in one word: ro,no_root_squash
        for word in text.split(separator: ",").map({ $0.filter { $0 != " " } }) {
            do throws(ExportOptions.Problem) {
                if let advice = try options.apply(word) { cursor.warn(.exportOption(advice)) }
            } catch {
                var suggestion: String?
                if case .unknown = error {
                    suggestion = findings.suggestion(for: word, among: ExportOptions.known)
                }
                cursor.report(.exportOption(error, suggestion: suggestion))
            }
        }
    }
}
