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
                + "this host has \(listed(there))"
        case .interfaceIsDown(let name): "the interface \(name) is down; try: ip link set \(name) up"
        case .interfaceWithoutMAC(let name): "the interface \(name) has no Ethernet address"
        case .interfaceWithoutAddress(let name):
            "the interface \(name) has no IPv4 address; a boot server needs a fixed one"
        case .addressNotOnInterface(let address, let name, let there):
            "\(name) does not have the address \(address); it has \(listed(there))"
        case .addressNotServed(let name, let there, let subnets):
            "\(name) has \(listed(there)), in none of the subnets \(listed(subnets)); "
                + "give it an address there, or set 'address' for a server of relayed subnets alone"
        case .severalAddresses(let name, let addresses):
            "\(name) has several addresses that may be meant: \(listed(addresses)); set 'address' to one"
        case .noSuchUser(let name): "there is no user '\(name)'"
        case .folderMissing(let path): "the folder \(path) does not exist"
        case .notAFolder(let path): "\(path) is not a folder"
        case .folderNotWritable(let path, let user): "the user '\(user)' cannot write into \(path)"
        case .folderNotReadable(let path, let user): "the user '\(user)' cannot read \(path)"
        case .folderCannotBeMade(let path, let reason):
            "the folder \(path) does not exist and cannot be made: \(reason)"
        case .folderHoldsOtherThings(let path, let user):
            "\(path) holds other things and does not belong to '\(user)'; name an empty folder"
        case .portTaken(let port, let holder):
            "\(port.words) is taken by \(holder ?? "another process")"
        case .portRefused(let port, let reason): "\(port.words) cannot be used: \(reason)"
        case .folderTrouble(let path, let reason): "the folder \(path) cannot be used: \(reason)"
        case .file(let problem): problem.words
        case .key(let problem): problem.words
        case .exportsFileUnreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .exportedTwice(let path): "\(path) is exported by this file and by 'nfs.exports'"
        case .unknownHost(let name):
            "no machine of this configuration is called '\(name)', and the host's resolver does not know it"
        case .executableUnreadable(let path, let user, let reason):
            "the user '\(user)' cannot read \(path): \(reason)"
        }
    }
}

extension FileProblem {
    var words: String {
        switch self {
        case .missing(let path, let folder, let package, let inTree):
            "there is no file '\(path)' in \(folder)"
                + (package.map { "; Debian's package \($0) ships it" } ?? "")
                + (inTree.map { "; paths begin there: did you mean '\($0)'?" } ?? "")
        case .notReadable(let path, let user): "the user '\(user)' cannot read '\(path)'"
        case .notAFile(let path): "'\(path)' is not a regular file"
        case .outsideTree(let path, let folder): "'\(path)' leads out of \(folder)"
        case .trouble(let path, let reason): "'\(path)' cannot be opened: \(reason)"
        }
    }
}

extension KeyProblem {
    var words: String {
        switch self {
        case .missing(let path): "there is no file \(path); make it: netbootd keygen --out \(path)"
        case .notReadable(let path, let user, let group):
            "the user '\(user)' cannot read \(path), and reads it again at each reload; "
                + "try: chgrp \(group) \(path) && chmod 640 \(path)"
        case .malformed(let path, let error): "\(path): \(error)"
        case .trouble(let path, let reason): "\(path) cannot be used: \(reason)"
        }
    }
}
