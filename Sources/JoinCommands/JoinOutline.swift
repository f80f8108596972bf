import BootCore
import Kexec
import Wire

/// All that a join is going to do, before anything of it is done.
struct JoinOutline {
    var server: String?
    var identity: HostIdentity
    /// How the server is reached: "bond0.7 over bond0 over eth0"; nil when nothing is asked of the network.
    var uplink: String?
    var entry: JoinEntry
    var commandLine: KernelCommandLine
    var method: KexecLoader.Choice
    /// Nil: load and stay; an error where this host cannot jump as it is asked to.
    var jump: Result<JumpMethod?, any Error>
    var delay: Duration
    var isTrusted: Bool

    private var artifacts: [(label: String, artifact: JoinArtifact)] {
        [("kernel", entry.kernel)] + entry.initrds.map { ("initrd", $0) }
    }

    var text: String {
        var rows: [(String, String)] = []
        if let server { rows.append(("server", server + (isTrusted ? " (its signature is good)" : ""))) }
        rows.append(("this host", identity.macs.first.map { "\($0)" } ?? "without a network card"))
        if !identity.unreadable.isEmpty {
            rows.append(
                ("", "root alone may read its UUID and serial number, by which the server may know it"))
        }
        if let uplink { rows.append(("uplink", uplink)) }
        rows.append(
            ("entry", ["", entry.name].contains(entry.title) ? entry.name : "\(entry.name) (\(entry.title))"))
        for (label, artifact) in artifacts {
            let size = artifact.byteCount.map { "  \(byteText($0))" } ?? "  size unknown"
            rows.append((label, harmlessText(artifact.url) + size))
            rows.append(
                (
                    "",
                    artifact.sha256.map { "SHA-256 \($0)" } ?? "its SHA-256 is not known: it is not verified"
                ))
        }
        rows.append(("command line", harmlessText(commandLine.text)))
        rows.append(("loaded by", methodWords))
        rows.append(("then", jumpWords))
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            "  " + name + String(repeating: " ", count: width - name.count + 2) + value
        }.joined(separator: "\n")
    }

    private var methodWords: String {
        switch method {
        case .auto: "kexec_file_load, or kexec_load where that is needed"
        case .file: "kexec_file_load"
        case .segments: "kexec_load"
        }
    }

    private var jumpWords: String {
        switch jump {
        case .success(nil): return "stay; the kernel is only loaded"
        case .success(let method?):
            return Jumper.words(for: method) + (delay > .zero ? ", after \(delay.words)" : "")
        case .failure(let error): return "not possible: \(Self.words(error))"
        }
    }

    private static func words(_ error: any Error) -> String {
        (error as? CommandFailure)?.reason ?? "\(error)"
    }

    /// One object; what is not known is left out.
    func json(preflight: String) -> String {
        var fields: [String] = []
        func add(_ key: String, _ value: String?) {
            if let value { fields.append("\(JSONText(key)):\(value)") }
        }
        func quoted(_ text: String?) -> String? { text.map { JSONText($0).description } }
        add("server", quoted(server))
        add("signed", isTrusted ? "true" : "false")
        add("mac", quoted(identity.macs.first?.description))
        add("uuid", quoted(identity.uuid?.description))
        add("uplink", quoted(uplink))
        add("entry", quoted(entry.name))
        add("kernel", Self.json(entry.kernel))
        add("initrds", "[" + entry.initrds.map(Self.json).joined(separator: ",") + "]")
        add("cmdline", quoted(commandLine.text))
        add("method", quoted(method.rawValue))
        add("jump", quoted((try? jump.get())?.rawValue))
        if case .failure(let error) = jump { add("problem", quoted(Self.words(error))) }
        add("delay", "\(Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18)")
        add("preflight", preflight)
        return "{" + fields.joined(separator: ",") + "}"
    }

    private static func json(_ artifact: JoinArtifact) -> String {
        var fields = ["\"url\":\(JSONText(artifact.url))"]
        if let size = artifact.byteCount { fields.append("\"size\":\(size)") }
        if let digest = artifact.sha256 { fields.append("\"sha256\":\(JSONText(digest))") }
        return "{" + fields.joined(separator: ",") + "}"
    }
}

extension Duration {
    /// `6 s`, `0.5 s`
    var words: String {
        let tenths = Int((self / .milliseconds(100)).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }

    /// `1.24 s`
    var seconds: String {
        let hundredths = Int((self / .milliseconds(10)).rounded())
        return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10) s"
    }
}

extension Uplink {
    /// "bond0.7 over bond0 over eth0 (52:54:00:12:34:56)"
    var words: String {
        let names = layers.map(\.name) + [port.name]
        return names.joined(separator: " over ") + " (" + hexadecimal(port.address, separator: ":") + ")"
    }
}
