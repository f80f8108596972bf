import BootFiles

extension NFSVersion {
    /// `3`, `4.2`.
    var words: String {
        switch self {
        case .v3: "3"
        case .v4(let minor): "4.\(minor)"
        }
    }
}

extension NFSRefusal {
    var words: String {
        switch self {
        case .noSuchExport(let exports):
            "there is no such export; there are: \(exports.isEmpty ? "none" : exports.joined(separator: ", "))"
        case .noSuchFolder: "the export has no such folder"
        case .notAFolder: "it is not a folder; only folders can be mounted"
        case .clientNotAllowed(let clients):
            "the export is for \(clients.joined(separator: ", ")); add this address to its 'clients'"
        case .unprivilegedPort(let port):
            "it asks from port \(port); mount as root, or give the export the option 'insecure'"
        case .failed(let reason): reason
        }
    }
}

extension NFSHint {
    var words: String {
        switch self {
        case .oldVersion(let program, let version):
            "it asks for version \(version) of \(program == NFSProtocol.program ? "NFS" : "program \(program)"), which is "
                + "not served; mount with vers=3 (the kernel's nfsroot= asks for 2 where none is given)"
        case .minorVersion(let minor):
            "it asks for NFS 4.\(minor), which is not served; mount with vers=4.1, vers=4.2 or vers=3"
        case .lockManager: "it looks for a lock manager (NLM), which is not served; mount v3 with 'nolock'"
        case .leftAtOnce(let path):
            "it mounted \(path) by v3 and left before it read anything; in an initramfs, v3 works with 'nolock' alone, and "
                + "needs the client's module nfsv3"
        case .squashedRoot(let path):
            "root is an ordinary user in \(path) and was refused something; a machine that boots from there needs the "
                + "export's option 'no_root_squash'"
        case .credentials(let flavor):
            "it signs its calls in a way that is not served (flavor \(flavor)); mount with sec=sys"
        }
    }
}

extension NFSBound {
    var words: String {
        switch self {
        case .clients(let limit): "there are \(limit) NFSv4 clients already"
        case .sessions(let limit): "the client has \(limit) sessions already"
        case .opens(let limit): "the client has \(limit) files open already"
        case .locks(let limit): "the client has \(limit) locks already"
        }
    }
}

extension XDRError {
    var words: String {
        switch self {
        case .truncated(let offset, let needed, let available):
            "\(needed) bytes were expected at \(offset), and \(available) are left"
        case .tooLong(let offset, let found, let limit):
            "a length of \(found) at \(offset); at most \(limit) is possible"
        case .notABoolean(let offset, let found): "\(found) at \(offset), where 0 or 1 was expected"
        case .unknownChoice(let offset, let found): "the unknown choice \(found) at \(offset)"
        }
    }
}

extension NodeFailure {
    var words: String {
        switch self {
        case .stale, .notFound: "it is not there"
        case .notAFolder, .notAFile, .notALink: "it is not a folder"
        case .nameTooLong: "a name in it is too long"
        case .accessDenied: "netbootd may not read it"
        case .busy: "it is being looked for"
        case .system(let error): "\(error)"
        }
    }
}
