internal import NFSServer

extension Found {
    var words: String {
        switch self {
        case .nothing: "nothing"
        case .text(let text, let isQuoted):
            isQuoted ? "the text \"\(Self.clipped(text))\"" : "'\(Self.clipped(text))'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Short enough for a line.
    private static func clipped(_ text: String) -> String {
        text.count > 60 ? text.prefix(57) + "..." : text
    }
}

extension Expectation {
    var words: String {
        switch self {
        case .text: "text"
        case .mapping: "a mapping of keys and values"
        case .list: "a list, such as [a, b]"
        case .textOrMapping: "a path, or a mapping from platform to path"
        case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .truth: "true or false"
        case .oneOf(let names): "one of \(names.joined(separator: ", "))"
        case .duration(let minimum, let maximum):
            "a time such as 90s, 30m, 1h or 1d, from \(minimum)s to \(maximum)s"
        case .mac: "a machine's MAC address, such as 52:54:00:12:34:56"
        case .uuid: "a UUID, such as 12345678-9abc-def0-1234-56789abcdef0, not all zeros or ones"
        case .address: "an IPv4 address, such as 10.0.0.1"
        case .network: "a subnet, such as 10.0.0.0/24, with no bits set behind its prefix"
        case .clients:
            "*, an address, a network such as 10.0.0.0/24, or a host name, perhaps with * and ?"
        case .exportOption: "an option of exports(5), such as no_root_squash"
        case .range: "a range of addresses, such as 10.0.0.100-10.0.0.199, the lower one first"
        case .hostname: "a host name of letters, digits, hyphens and dots"
        case .hostnamePattern: "a host name, or the beginning of one and a *"
        case .domain: "a domain name, such as lab.example"
        case .absolutePath: "a folder's whole path, such as /srv/netboot, without '..'"
        case .filePath: "a file's whole path, such as /etc/netbootd/signing.key, without '..'"
        case .bootPathOrURL: "a path in the tree, or an http, https or tftp URL"
        case .interfaceName: "an interface's name, such as eth1"
        case .userName: "a user's name"
        case .profileName: "a name of letters, digits, '.', '_' and '-'"
        case .variableName:
            "a name of letters, digits, '-' and '_' that is not one of netbootd's own placeholders"
        case .target: "a profile's name, menu or local"
        case .optionCode: "an option's number from 1 to 254, or its name, such as tftp-server-address"
        case .optionValue:
            "exactly one of {ip: …}, {text: …}, {hex: …}, {u8: …}, {u16: …}, {u32: …}, {bool: …}"
        case .hexadecimal: "pairs of hexadecimal digits, such as 01 04 ff"
        case .lineOfText: "a line of text without control characters"
        }
    }
}

extension YAMLProblem {
    var words: String {
        switch self {
        case .syntax(let words, let context, let place):
            "not valid YAML: \(words)"
                + (context.map { ", \($0)" + (place.map { " that begins at \($0.words)" } ?? "") } ?? "")
        case .tab: "a tab stands where YAML takes spaces alone"
        case .controlCharacter(let value): "the control character \(value) cannot stand in YAML"
        case .notUTF8(let offset): "byte \(offset) of the file is not UTF-8"
        case .tooLong(let count, let limit): "the file has \(count) bytes or more; at most \(limit) are read"
        case .tooDeep(let limit): "values are nested deeper than \(limit) levels"
        case .tooManyValues(let limit): "the file has more than \(limit) values"
        case .noDocument: "the file is empty; at least 'interface' and 'dhcp' are needed"
        case .secondDocument: "a second document begins here; a configuration is a single one"
        case .anchor: "anchors (&name) are not supported; write the value out where it is used"
        case .alias: "aliases (*name) are not supported; write the value out here"
        case .tag(let tag): "the tag '\(tag)' is not supported; values are read as the key wants them"
        case .duplicateKey(let key, let first): "the key '\(key)' is there already, at \(first.words)"
        case .keyIsNotText: "a key must be text"
        }
    }
}

extension ConfigurationAdvice {
    /// The sentence without file, place and path.
    public var words: String {
        switch self {
        case .exportOption(let advice): advice.words
        case .exportsFile(let what): what.words
        case .everyoneIsRoot: "everybody who reaches this server reads these files as root"
        case .noMachineOfName(let name):
            "no machine of this configuration has a name that fits '\(name)', and no others are looked up"
        case .unusualNFSPort(let port):
            "clients of NFSv4 ask at port 2049 unless they are told port=\(port)"
        case .portmapperTaken(let holder):
            "port 111 is taken by \(holder ?? "another process"); unless that is rpcbind, where netbootd registers "
                + "itself, NFSv3 clients must be told port= and mountport="
        case .cannotReadAllFiles(let user):
            "'\(user)' has no CAP_DAC_READ_SEARCH; files that only their owner may read are not served by NFS"
        case .unusedProfile(let name): "no machine, rule or default boots '\(name)'"
        case .noAddressesToGive(let network):
            "\(network) has neither a range nor a machine with an address; nobody gets one"
        case .unusedInMode(let mode): "in mode \(mode) no addresses are given, so this has no effect"
        case .unusualTFTPPort(let port):
            "firmware asks for files at port 69 only; at port \(port) it finds none"
        case .prefixDiffers(let own, let subnet):
            "the interface's network is \(own), clients are told \(subnet)"
        case .addressInNoSubnet(let address):
            "\(address) is in none of the subnets, so only relayed clients can be served"
        case .defaultUserMissing(let user, let instead):
            "there is no user '\(user)'; the server will be '\(instead)'"
        case .keyReadableByOthers(let path):
            "everybody on this host can read \(path), and so sign in the server's name; try: chmod 640 \(path)"
        case .portNotTried(let port):
            "no permission to try \(port.words); run the check as root to be sure that it is free"
        case .portHeldByOurs(let port, let holder):
            "\(port.words) is served by \(holder); a reload makes it take this file"
        }
    }
}
