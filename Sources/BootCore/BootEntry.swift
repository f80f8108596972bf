public import Wire

/// What iPXE is to run for one machine, with everything filled in.
public enum BootEntry: Equatable, Sendable {
    case boot(ResolvedProfile)
    case menu([ResolvedProfile], timeout: Duration)
    case local(LocalBootMethod)
}

/// A profile with its URLs and its command line as one machine gets them.
public struct ResolvedProfile: Equatable, Sendable {
    public var name: String
    public var title: String
    public var start: Start

    public enum Start: Equatable, Sendable {
        case kernel(url: String, initrdURLs: [String], commandLine: String)
        /// `directory` ends in a slash, or is empty for the tree's root.
        case loader(url: String, directory: String)
        /// This platform has neither kernel nor loader in the profile.
        case nothing
    }
}

/// Where a boot server is found by the machine that asks.
public struct ServerLocation: Hashable, Sendable {
    public var address: IPv4Address
    public var httpPort: UInt16
    public var tftpPort: UInt16

    public init(address: IPv4Address, httpPort: UInt16, tftpPort: UInt16 = 69) {
        self.address = address
        self.httpPort = httpPort
        self.tftpPort = tftpPort
    }

    /// `http://10.0.0.1`, with the port unless it is 80.
    public var httpBase: String { "http://\(address)\(httpPort == 80 ? "" : ":\(httpPort)")" }

    /// `tftp://10.0.0.1`, with the port unless it is 69.
    public var tftpBase: String { "tftp://\(address)\(tftpPort == 69 ? "" : ":\(tftpPort)")" }

    /// The URL of a path in the tree; a URL stays as it is.
    public func url(of path: String) -> String {
        path.contains("://") ? path : httpBase + "/" + Self.percentEncoded(path)
    }

    /// Encodes what RFC 3986 does not allow in a path.
    static func percentEncoded(_ path: String) -> String {
        let relative = path.utf8.drop { $0 == UInt8(ascii: "/") }
        var encoded = ""
        for byte in relative {
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
                || "-._~/!$&'()*+,;=:@".unicodeScalars.contains(scalar)
            {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += "%" + hexadecimal([byte]).uppercased()
            }
        }
        return encoded
    }
}

extension BootPolicy {
    /// The entry for `machine`, as a server at `location` serves it; nil when unknown machines are ignored.
    public func entry(for machine: Machine, from location: ServerLocation) -> BootEntry? {
        guard let (target, _) = target(for: machine) else { return nil }
        switch target {
        case .local:
            return .local(localBootMethod(for: machine))
        case .menu:
            let all = profiles.map { resolved($0, for: machine, from: location) }
            return .menu(all.filter { $0.start != .nothing }, timeout: menuTimeout)
        case .profile(let name):
            guard let profile = profile(named: name) else {
                preconditionFailure("the configuration's check lets no unknown profile '\(name)' through")
            }
            return .boot(resolved(profile, for: machine, from: location))
        }
    }

    private func resolved(
        _ profile: Profile, for machine: Machine, from location: ServerLocation
    ) -> ResolvedProfile {
        ResolvedProfile(
            name: profile.name, title: profile.title, start: start(of: profile, for: machine, from: location))
    }

    private func start(
        of profile: Profile, for machine: Machine, from location: ServerLocation
    ) -> ResolvedProfile.Start {
        if let loader = machine.platform.flatMap({ profile.loaders[$0] }) {
            let directory = loader.lastIndex(of: "/").map { String(loader[...$0]) } ?? ""
            return .loader(
                url: "\(location.tftpBase)/\(ServerLocation.percentEncoded(loader))",
                directory: directory)
        }
        guard let kernel = profile.kernel else { return .nothing }
        let values = placeholderValues(of: profile, for: machine, from: location)
        return .kernel(
            url: location.url(of: kernel.kernel), initrdURLs: kernel.initrds.map(location.url(of:)),
            commandLine: kernel.commandLine.expanded { values[$0] })
    }

    /// The placeholders that every template may use; `vars` add to them.
    public static let placeholderNames: Set<String> = [
        "MAC", "mac", "mac-hyphen", "UUID", "uuid", "ip", "hostname", "serial", "arch", "server", "http",
        "nfs",
    ]

    func placeholderValues(
        of profile: Profile, for machine: Machine, from location: ServerLocation
    ) -> [String: String] {
        let machine = named(machine)
        let mac = machine.mac?.description ?? ""
        let uuid = machine.uuid?.description ?? ""
        let values = [
            "MAC": mac.uppercased(), "mac": mac, "mac-hyphen": machine.mac?.hyphenated ?? "",
            "UUID": uuid.uppercased(), "uuid": uuid, "ip": machine.address?.description ?? "",
            "hostname": Self.harmless(machine.hostname), "serial": Self.harmless(machine.serial),
            "arch": machine.platform?.rawValue ?? "", "server": location.address.description,
            "http": location.httpBase,
            "nfs": profile.kernel.map { $0.dialect.nfsOptions } ?? "",
        ]
        let own = knownMachine(for: machine)?.vars ?? [:]
        return profile.vars.merging(own) { $1 }.merging(values) { $1 }
    }

    /// What a machine says of itself is a stranger's text: it must not end a line, start a word or reach iPXE's
    /// expansion.
    static func harmless(_ text: String?) -> String {
        String(
            (text ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-:+@".contains($0)) }
                .prefix(64))
    }
}
