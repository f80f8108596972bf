import Wire

/// `/etc/resolv.conf`, as far as a small resolver heeds it.
struct ResolverConfiguration: Equatable, Sendable {
    /// At most three, as in libc; the host itself when the file names none.
    var servers: [IPAddress] = []
    var searchDomains: [String] = []
    /// A name with that many dots is tried as it stands first.
    var dots = 1
    var timeoutSeconds: Int64 = 5
    var attempts = 2

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let keyword = words.first else { continue }
            switch keyword {
            case "nameserver":
                if let server = words.dropFirst().first.flatMap(literalAddress), servers.count < 3 {
                    servers.append(server)
                }
            case "search", "domain": searchDomains = words.dropFirst().prefix(6).map(String.init)
            case "options": for option in words.dropFirst() { take(option: option) }
            default: break
            }
        }
        if servers.isEmpty { servers = [.v4(IPv4Address(127, 0, 0, 1))] }
    }

    private mutating func take(option: Substring) {
        let parts = option.split(separator: ":")
        guard parts.count == 2, let number = Int(parts[1]) else { return }
        switch parts[0] {
        case "ndots": dots = min(15, max(0, number))
        case "timeout": timeoutSeconds = Int64(min(30, max(1, number)))
        case "attempts": attempts = min(5, max(1, number))
        default: break
        }
    }

    /// The full names that a name may stand for, in the order in which they are to be tried.
    func candidates(for name: String) -> [String] {
        if name.hasSuffix(".") { return [String(name.dropLast())] }
        let searched = searchDomains.map { "\(name).\($0)" }.map {
            $0.hasSuffix(".") ? String($0.dropLast()) : $0
        }
        return name.split(separator: ".", omittingEmptySubsequences: false).count - 1 >= dots
            ? [name] + searched : searched + [name]
    }
}

/// The addresses that a hosts file (`/etc/hosts`) has for a name, IPv4 first.
func addresses(of name: String, inHostsFile text: String) -> [IPAddress] {
    let name = name.lowercased()
    var found: [IPAddress] = []
    for line in text.split(separator: "\n") {
        let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard words.dropFirst().contains(where: { $0.lowercased() == name }),
            let address = words.first.flatMap(literalAddress), !found.contains(address)
        else { continue }
        found.append(address)
    }
    return ipv4First(found)
}

/// The boot server speaks IPv4 in all its other protocols, so that is what is tried first.
func ipv4First(_ addresses: [IPAddress]) -> [IPAddress] {
    addresses.filter { $0.bytes.count == 4 } + addresses.filter { $0.bytes.count == 16 }
}
