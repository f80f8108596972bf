internal import Wire

/// How the manifest is written down. The same manifest is always the same bytes, for they are signed.
extension JoinManifest {
    /// One JSON object, in one line; what is not known is left out.
    public var json: String {
        var members = [("version", "1")]
        if let mac { members.append(("mac", quoted(mac.description))) }
        if let uuid { members.append(("uuid", quoted(uuid.description))) }
        if let hostname { members.append(("hostname", quoted(hostname))) }
        if let nonce { members.append(("nonce", quoted(nonce))) }
        switch boots {
        case .entry(let entry): members += [("boots", quoted("entry")), ("entry", entry.json)]
        case .menu(let choices):
            let items = choices.map { object([("name", quoted($0.name)), ("title", quoted($0.title))]) }
            members += [("boots", quoted("menu")), ("menu", array(items))]
        case .local: members.append(("boots", quoted("local")))
        }
        return object(members)
    }
}

extension JoinEntry {
    fileprivate var json: String {
        object([
            ("name", quoted(name)), ("title", quoted(title)), ("kernel", kernel.json),
            ("initrds", array(initrds.map(\.json))), ("cmdline", quoted(commandLine)),
            ("unresolved", array(unresolved.map(quoted))), ("initramfs", quoted(initramfs.rawValue)),
        ])
    }
}

extension JoinArtifact {
    fileprivate var json: String {
        var members = [("url", quoted(url))]
        if let byteCount { members.append(("size", String(byteCount))) }
        if let sha256 { members.append(("sha256", quoted(sha256))) }
        return object(members)
    }
}

private func quoted(_ text: String) -> String { JSONText(text).description }

private func array(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

private func object(_ members: [(String, String)]) -> String {
    "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
}
