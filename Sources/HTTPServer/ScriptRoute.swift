import BootCore
import Wire

/// `/boot.ipxe?mac=…&uuid=…&serial=…&asset=…&arch=…&platform=…`: what iPXE says of its machine.
struct ScriptQuery: Equatable, Sendable {
    /// With what the query said, and nothing else.
    private(set) var machine = Machine()
    /// The values of use, from which the script's own URL is made again.
    private(set) var used: [RequestTarget.QueryItem] = []
    /// What was of no use, in words for the log.
    private(set) var ignored: [String] = []

    /// - Parameter takesHostname: a running system knows its own, and `hostname=` says it.
    init(_ target: RequestTarget, takesHostname: Bool = false) {
        take("mac", of: target) {
            MACAddress($0).flatMap { $0.isUnicast ? $0 : nil }
        } into: {
            $0.mac = $1
        }
        take("uuid", of: target) {
            SystemUUID($0).flatMap { $0.isMeaningless ? nil : $0 }
        } into: {
            $0.uuid = $1
        }
        take("serial", of: target, reading: Self.line) { $0.serial = $1 }
        take("asset", of: target, reading: Self.line) { $0.asset = $1 }
        if takesHostname { take("hostname", of: target, reading: Self.hostname) { $0.hostname = $1 } }
        takePlatform(target)
    }

    /// The query once more, with a leading `?` unless it is empty.
    var text: String {
        let items = used.map { "\($0.name)=\(Self.encoded($0.value))" }
        return items.isEmpty ? "" : "?" + items.joined(separator: "&")
    }

    private mutating func take<Value>(
        _ name: String, of target: RequestTarget, reading read: (String) -> Value?,
        into store: (inout Machine, Value) -> Void
    ) {
        guard let text = given(name, in: target) else { return }
        guard let value = read(text) else {
            ignored.append("\(name)=\(Self.shown(text))")
            return
        }
        store(&machine, value)
        used.append(RequestTarget.QueryItem(name: name, value: text))
    }

    /// iPXE says `platform=efi&arch=x86_64`; people may write `arch=uefi-x64`, as in the configuration.
    private mutating func takePlatform(_ target: RequestTarget) {
        let (platform, architecture) = (given("platform", in: target), given("arch", in: target))
        guard platform != nil || architecture != nil else { return }
        guard
            let found = architecture.flatMap(Platform.init)
                ?? Platform(ipxePlatform: platform ?? "", buildArchitecture: architecture ?? "")
        else {
            ignored.append("platform=\(Self.shown(platform ?? "")) arch=\(Self.shown(architecture ?? ""))")
            return
        }
        machine.platform = found
        for (name, value) in [("platform", platform), ("arch", architecture)] {
            if let value { used.append(RequestTarget.QueryItem(name: name, value: value)) }
        }
    }

    /// What stands under `name`: nil when nothing does, or a `${…}` that an old iPXE did not know how to replace.
    private func given(_ name: String, in target: RequestTarget) -> String? {
        guard let text = target.value(of: name)?.trimmingSpaces, !text.isEmpty, !text.hasPrefix("${") else {
            return nil
        }
        return String(text)
    }

    /// A serial number or an asset tag: one line of visible ASCII.
    private static func line(_ text: String) -> String? {
        text.utf8.count <= 128 && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) } ? text : nil
    }

    private static func hostname(_ text: String) -> String? {
        let isName = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
        return isName && text.utf8.count <= 253 ? text : nil
    }

    private static func shown(_ text: String) -> String { LogText.visible(text, limit: 64) }

    /// RFC 3986's unreserved characters stay; all others would mean something in a query or to iPXE.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isUnreserved =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || "-._~:".unicodeScalars.contains(scalar)
            return isUnreserved ? String(scalar) : "%" + hexadecimal([byte]).uppercased()
        }.joined()
    }
}

extension HTTPRoutes {
    /// - Parameter dialect: nil: as the User-Agent says.
    func script(
        dialect: IPXEScript.Dialect?, for request: HTTPRequest, query target: RequestTarget, known: Machine?
    ) -> HTTPReply {
        let dialect = dialect ?? (request.userAgent?.contains("gPXE") == true ? .gpxe : .ipxe)
        let query = ScriptQuery(target)
        let machine = Self.machine(telling: query, dialect: dialect, at: request.client, known: known)
        let name = dialect == .gpxe ? "boot.gpxe" : "boot.ipxe"
        guard let entry = settings.policy.entry(for: machine, from: settings.location) else {
            return .text(
                404, "This machine is not in the configuration.",
                event: .notFound(path: name, reason: "unknown machine"), machine: machine)
        }
        // Not from the Host header, which is whatever the client liked to send.
        let url = settings.location.httpBase + "/" + name + query.text
        let script = IPXEScript(
            dialect: dialect, scriptURL: url, localBoot: settings.policy.localBootMethod(for: machine))
        return HTTPReply(
            status: 200,
            headers: [HTTPHeader("Content-Type", ContentType.text), HTTPHeader("Cache-Control", "no-store")],
            body: .bytes(Array(script.render(entry).utf8)),
            event: .script(entry: entry.summary, ignored: query.ignored),
            machine: machine)
    }

    /// What the query says goes before what is known; of another machine at this address nothing is taken over.
    private static func machine(
        telling query: ScriptQuery, dialect: IPXEScript.Dialect, at address: IPv4Address, known: Machine?
    ) -> Machine {
        var machine = query.machine
        machine.address = address
        machine.stage =
            switch dialect {
            case .gpxe: .gpxe
            case .ipxe: .ipxe(IPXEFeatures(http: true))
            }
        if let known { machine.fillGaps(from: known) }
        return machine
    }
}

extension BootEntry {
    /// A word or two for the log.
    var summary: String {
        switch self {
        case .boot(let profile): "profile \(profile.name)"
        case .menu: "menu"
        case .local(let method): "local (\(method.rawValue))"
        }
    }
}
