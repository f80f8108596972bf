internal import BootCore
internal import Glibc
internal import NFSServer
internal import SystemIO
internal import Wire

/// What is exported by NFS: folders of the tree, and those that a file of exports(5) names.
extension HostCheck {
    /// - Returns: the exports with addresses in the place of names that no machine of the configuration has.
    func exports() -> [NFSExport] {
        let nfs = configuration.nfs
        guard nfs.isUsed else { return [] }
        // The server's NFS threads keep the right to read everything, if root starts it.
        let reader = facts.currentUser
        if !facts.mayReadAllFiles { warn(.cannotReadAllFiles(user: reader.name), path: "nfs") }
        var exports: [NFSExport] = []
        for (index, export) in nfs.exports.enumerated() {
            let path = "nfs.exports[\(index)]"
            checkFolder(of: export, for: reader) { report($0, path: "\(path).path") }
            exports.append(
                resolved(export, { warn($0, path: "\(path).clients") }) {
                    report($0, path: "\(path).clients")
                })
        }
        return exports + fileExports(taken: Set(exports.map(\.path)), reader)
    }

    private func checkFolder(of export: NFSExport, for user: UserIdentity, _ report: (HostProblem) -> Void) {
        let folder = export.hostFolder(tree: configuration.files)
        guard let error = facts.folderTrouble(folder, forWriting: false, for: user) else { return }
        report(Self.problem(ofFolder: folder, error, user: user, forWriting: false))
    }

    private func fileExports(taken: Set<String>, _ reader: UserIdentity) -> [NFSExport] {
        guard let path = configuration.nfs.exportsFile else { return [] }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try facts.hostFile(path, limit: ExportsFile.maximumBytes, for: reader).bytes
        } catch {
            report(
                .exportsFileUnreadable(path, reason: SystemError.text(of: error.code)),
                path: "nfs.exports-file")
            return []
        }
        let file = ExportsFile(parsing: bytes)
        for finding in file.findings {
            let place = SourcePlace(line: finding.line, column: finding.column)
            if finding.what.isAdvice {
                findings.warn(.exportsFile(finding.what), in: path, at: place)
            } else {
                findings.report(.exportsFile(finding.what), in: path, at: place)
            }
        }
        return file.exports.map { export in
            checkFolder(of: export, for: reader) { report($0, path: "nfs.exports-file") }
            if taken.contains(export.path) { report(.exportedTwice(export.path), path: "nfs.exports-file") }
            return resolved(export, { warn($0, path: "nfs.exports-file") }) {
                report($0, path: "nfs.exports-file")
            }
        }
    }

    /// Names of hosts that are no machines of ours become the addresses that they have now.
    private func resolved(
        _ export: NFSExport, _ warn: (ConfigurationAdvice) -> Void, _ report: (HostProblem) -> Void
    ) -> NFSExport {
        var result = export
        result.grants = export.grants.flatMap { grant -> [ExportGrant] in
            guard case .name(let name) = grant.clients, !machineNames.contains(where: grant.clients.fits)
            else { return [grant] }
            guard let host = grant.clients.hostName else {
                warn(.noMachineOfName(name))
                return [grant]
            }
            let addresses = facts.addresses(ofHost: host)
            if addresses.isEmpty { report(.unknownHost(host)) }
            return addresses.map { address in
                var grant = grant
                grant.clients = .network(IPNetwork(host: address))
                return grant
            }
        }
        return result
    }

    /// In lower case, alone and with their domains.
    private var machineNames: [String] {
        configuration.machines.compactMap(\.hostname).map { $0.lowercased() }.flatMap { name in
            [name] + configuration.domains.values.map { "\(name).\($0.lowercased())" }
        }
    }
}
