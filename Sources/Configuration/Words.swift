internal import BootFiles
internal import NFSServer
internal import Wire

/// All words of errors and warnings are made here and in the other `Words…` files.

extension ConfigurationError: CustomStringConvertible {
    /// `netbootd.yaml:12:7: dhcp.subnets[0].leese: unknown key; did you mean 'lease'?`
    public var description: String { Self.line(file, place, path, problem.words) }

    static func line(_ file: String, _ place: SourcePlace?, _ path: String, _ words: String) -> String {
        let position = place.map { ":\($0.line):\($0.column)" } ?? ""
        let text = "\(file)\(position): " + (path.isEmpty ? "" : "\(path): ") + words
        // The file's own text is in it, and must neither break the line nor steer a terminal.
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }))
    }
}

extension ConfigurationWarning: CustomStringConvertible {
    public var description: String {
        ConfigurationError.line(file, place, path, "warning: " + advice.words)
    }
}

extension ConfigurationProblem {
    /// The sentence without file, place and path.
    public var words: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .yaml(let problem): problem.words
        case .unknownKey(let suggestion, let known):
            "unknown key; " + (question(suggestion) ?? "known here: \(listed(known))")
        case .missingKey(let key): "the key '\(key)' is missing"
        case .unexpected(let found, let expected, let suggestion):
            "found \(found.words); "
                + (question(suggestion).map { $0 + " (" + expected.words + ")" }
                    ?? "expected \(expected.words)")
        case .timeWithoutUnit(let number):
            "found \(number) without a unit; write \(number)s for seconds, or use m, h or d"
        case .badPath(let path, let refusal): "'\(path)' is no path in the tree: \(refusal.words)"
        case .unclosedBrace: "this '{' has no '}'; write '{{' for a brace itself"
        case .badPlaceholder(let name):
            "'{\(name)}' is no placeholder: a name has letters, digits, '-' and '_'; "
                + "write '{{' for a brace itself"
        case .unknownPlaceholder(let name, let suggestion, let known):
            "unknown placeholder '{\(name)}'; "
                + (question(suggestion) ?? "known: \(listed(known)); others come from 'vars'")
        case .nfsPlaceholder: "'{nfs}' has no value: nothing is exported; see the section 'nfs'"
        case .exportOption(let problem, let suggestion):
            problem.words + (question(suggestion).map { "; " + $0 } ?? "")
        case .exportClients(let problem): problem.words
        case .exportsFile(let what): what.words
        case .ownedOption(let code, let owner): "option \(code) cannot be set: \(owner.words)"
        case .optionTooLong(let count): "this takes \(count) bytes; a DHCP option holds at most 255"
        case .emptyOption: "an option needs at least one byte"
        case .perClientAboveTotal(let perClient, let total):
            "one client may have \(perClient), more than the \(total) of all together"
        case .duplicate(let what, let first): "\(what) is there already, at \(first.words)"
        case .boot(let problem): problem.words
        case .addressing(let problem): problem.words
        case .host(let problem): problem.words
        }
    }
}

extension BootProblem {
    var words: String {
        switch self {
        case .unknownProfile(let name, let suggestion, let known):
            "there is no profile '\(name)'; " + (question(suggestion) ?? "there are: \(listed(known))")
        case .reservedProfileName(let name):
            "a profile cannot be called '\(name)', which means something else where a profile's name may stand"
        case .nothingToBoot: "the profile has nothing to boot; expected 'kernel' or 'loader'"
        case .uselessWithoutKernel(let key): "'\(key)' needs a 'kernel' beside it"
        case .menuWithoutProfiles: "a menu needs at least one profile"
        case .machineWithoutIdentity: "a machine needs 'mac' or 'uuid' to be known by"
        case .ruleWithoutMatch: "a rule must match something; for all machines use 'default'"
        }
    }
}

extension AddressProblem {
    var words: String {
        switch self {
        case .noSubnets: "in mode server at least one entry of 'subnets' is needed"
        case .outside(let what, let network): "\(what) is not in \(network)"
        case .reserved(let address, let network):
            "\(address) is the \(address == network.address ? "network" : "broadcast") address of \(network)"
        case .rangeHolds(let range, let address, let role):
            "the range \(range) holds \(address), which is \(role.words)"
        case .overlapping(let what, let other, let first):
            "\(what) overlaps \(other) at \(first.words)"
        case .inNoSubnet(let address, let networks):
            "\(address) is in none of the subnets: \(listed(networks))"
        case .taken(let address, let role): "\(address) is \(role.words)"
        }
    }
}

private func question(_ suggestion: String?) -> String? {
    suggestion.map { "did you mean '\($0)'?" }
}

/// As many as fit a line that somebody reads.
func listed(_ things: [some CustomStringConvertible]) -> String {
    let shown = things.prefix(20).map(\.description).joined(separator: ", ")
    return things.count > 20 ? shown + " and \(things.count - 20) more" : things.isEmpty ? "none" : shown
}

extension SourcePlace {
    var words: String { "line \(line), column \(column)" }
}

extension AddressRole {
    var words: String {
        switch self {
        case .router: "the router's"
        case .server: "this server's own"
        }
    }
}

extension OptionOwner {
    var words: String {
        switch self {
        case .encoding: "it is part of how a message is written down"
        case .protocolItself: "the server's answer depends on it"
        case .client: "only clients send it"
        case .relay: "only relay agents add it, and they get it back as it was"
        case .leaseKey: "the key 'lease' does"
        }
    }
}

extension BootPath.Refusal {
    var words: String {
        switch self {
        case .empty: "it is empty"
        case .tooLong(let count): "it has \(count) bytes, more than \(BootPath.maximumBytes)"
        case .controlByte(let byte, let offset): "byte \(offset) is the control character \(byte)"
        case .climbs: "'..' leads out of the tree"
        case .notUTF8: "it is not UTF-8"
        }
    }
}
