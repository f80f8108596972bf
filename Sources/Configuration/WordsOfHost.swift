internal import Wire

extension HostPort {
    var words: String {
        "\(transport.rawValue) port \(number)" + (address == .any ? "" : " of \(address)")
    }
}

extension HostProblem {
    var words: String {
        switch self {
        case .interfacesUnknown(let reason): "the host does not tell its interfaces: \(reason)"
        case .noSuchInterface(let name, let there, let suggestion):
            "there is no interface '\(name)'; "
                + (suggestion.map { "did you mean '\($0)'? " } ?? "")
                + "this host has \(Self.list(there))"
        case .interfaceIsDown(let name): "the interface \(name) is down; try: ip link set \(name) up"
        case .interfaceWithoutMAC(let name): "the interface \(name) has no Ethernet address"
        case .interfaceWithoutAddress(let name):
            "the interface \(name) has no IPv4 address; a boot server needs a fixed one"
        case .addressNotOnInterface(let address, let name, let there):
            "\(name) does not have the address \(address); it has \(Self.list(there))"
        case .addressNotServed(let name, let there, let subnets):
            "\(name) has \(Self.list(there)), in none of the subnets \(Self.list(subnets)); "
                + "give it an address there, or set 'address' for a server of relayed subnets alone"
        case .severalAddresses(let name, let addresses):
            "\(name) has several addresses that may be meant: \(Self.list(addresses)); set 'address' to one"
        case .noSuchUser(let name): "there is no user '\(name)'"
        case .folderMissing(let path): "the folder \(path) does not exist"
        case .notAFolder(let path): "\(path) is not a folder"
        case .folderNotWritable(let path, let user): "the user '\(user)' cannot write into \(path)"
        case .folderNotReadable(let path, let user): "the user '\(user)' cannot read \(path)"
        case .folderCannotBeMade(let path, let reason):
            "the folder \(path) does not exist and cannot be made: \(reason)"
        case .portTaken(let port, let holder):
            "\(port.words) is taken by \(holder ?? "another process")"
        case .portRefused(let port, let reason): "\(port.words) cannot be used: \(reason)"
        case .fileMissing, .fileNotReadable, .notAFile, .fileOutsideTree, .fileTrouble: fileWords
        }
    }

    private var fileWords: String {
        switch self {
        case .fileMissing(let path, let folder, let package, let inTree):
            "there is no file '\(path)' in \(folder)"
                + (package.map { "; Debian's package \($0) ships it" } ?? "")
                + (inTree.map { "; paths begin there: did you mean '\($0)'?" } ?? "")
        case .fileNotReadable(let path, let user): "the user '\(user)' cannot read '\(path)'"
        case .notAFile(let path): "'\(path)' is not a regular file"
        case .fileOutsideTree(let path, let folder): "'\(path)' leads out of \(folder)"
        case .fileTrouble(let path, let reason): "'\(path)' cannot be opened: \(reason)"
        default: ""
        }
    }

    private static func list(_ things: [some CustomStringConvertible]) -> String {
        things.isEmpty ? "none" : things.map(\.description).joined(separator: ", ")
    }
}
