import ArgumentParser
import Glibc
import HTTPServer
import SystemIO
import Wire

struct Keygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the pair of keys that manifests for live hosts are signed and verified with.",
        discussion: """
            The private key stays here: name it in the configuration (signing-key) and reload. The public key, FILE.pub, \
            goes to the hosts, for `kexec-join --trust-key`. A file that is there already is never overwritten.
            """)

    @Option(
        help: ArgumentHelp("Where the private key goes; the public one goes to FILE.pub.", valueName: "file"))
    var out = "/etc/netbootd/signing.key"

    func run() throws {
        do throws(SystemError) {
            try Self.makePair(at: out)
        } catch {
            let advice =
                switch error.code {
                case EEXIST: ". To make a new pair, move the old one away first."
                case ENOENT: ". Make the folder first."
                default: ""
                }
            StandardError.write("netbootd keygen: \(error)\(advice)\n")
            throw ExitCode.failure
        }
        print("Private key: \(out)")
        print("Public key:  \(out).pub")
    }

    /// Writes both files, or none.
    static func makePair(at path: String) throws(SystemError) {
        let pair = SigningKey.generate()
        guard let privateKey = SigningKeyFile(.privateKey, bytes: pair.seed),
            let publicKey = SigningKeyFile(.publicKey, bytes: pair.publicKey)
        else { preconditionFailure("the library made a key of another size than Ed25519's") }
        // The server reads it as this user, after its start as well.
        let group = UserIdentity.current.isRoot ? UserIdentity(name: "netbootd")?.groupID : nil
        try HostFile.create(path + ".pub", bytes: Array(publicKey.text.utf8), mode: 0o644)
        do throws(SystemError) {
            try HostFile.create(path, bytes: Array(privateKey.text.utf8), mode: 0o640, groupID: group)
        } catch {
            unsafe unlink(path + ".pub")
            throw error
        }
    }
}
