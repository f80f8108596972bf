extension ExportOptions.Problem {
    /// What is wrong, and what to do.
    public var words: String {
        switch self {
        case .asksForWriting: "'rw' asks for writing, and netbootd serves files read-only; write 'ro'"
        case .security(let flavor): "'sec=\(flavor)' cannot be served; expected sec=sys"
        case .unsupported(let option): "'\(option)' cannot be served"
        case .badNumber(let option, let found):
            option == "fsid"
                ? "found '\(found)'; expected a number, 'root' or a UUID behind fsid="
                : "found '\(found)'; expected a number from 0 to 4294967295 behind \(option)="
        case .unknown(let word): "unknown option '\(word)'"
        }
    }
}

extension ExportOptions.Advice {
    public var words: String {
        switch self {
        case .rootFileSystem:
            "fsid=0 makes no root for NFSv4 here: its paths are those of NFSv3, so mount SERVER:/the/export's/path"
        }
    }
}

extension ExportClientsProblem {
    public var words: String {
        switch self {
        case .netgroup(let name): "'\(name)' is a netgroup, which cannot be looked up; name hosts or networks"
        case .unreadable(let text):
            "found '\(text)'; expected *, an address, a network such as 10.0.0.0/24, or a host name, "
                + "perhaps with * and ?"
        }
    }
}

extension ExportsFile.What {
    public var words: String {
        switch self {
        case .option(let problem): problem.words
        case .clients(let problem): problem.words
        case .badPath(let path):
            "'\(path)' is no folder's whole path; expected one such as /srv/nfs, without '..'"
        case .noClients(let path): "\(path) has no clients; write * behind it for everybody"
        case .sameClients(let clients): "\(clients) stands there already for this path"
        case .unclosed(let character): "this '\(character)' is never closed"
        case .notUTF8: "this is not UTF-8"
        case .tooManyExports(let limit): "there are more than \(limit) exports"
        case .optionAdvice(let advice): advice.words
        case .spaceBeforeOptions(let clients):
            "these options are for everybody, and \(clients) has none; for \(clients) alone, leave out the space "
                + "before '('"
        }
    }
}
