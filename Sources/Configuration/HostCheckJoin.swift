internal import Glibc
internal import SystemIO
internal import Wire

/// The files of this host that live hosts need.
extension HostCheck {
    /// The key, as the servers' user will read it again at each reload; nil when there is none or something is wrong.
    func signingKey(for user: UserIdentity) -> SigningKeyFile? {
        guard let path = configuration.signingKey else { return nil }
        let file: HostFile
        do throws(SystemError) {
            file = try facts.hostFile(path, limit: SigningKeyFile.maximumBytes + 1, for: user)
        } catch {
            report(.key(Self.problem(ofKey: path, error, user: user)), path: "signing-key")
            return nil
        }
        do throws(SigningKeyFileError) {
            let key = try SigningKeyFile(parsing: file.bytes, expecting: .privateKey)
            if file.mode & 0o007 != 0 { warn(.keyReadableByOthers(path), path: "signing-key") }
            return key
        } catch {
            report(.key(.malformed(path, error)), path: "signing-key")
            return nil
        }
    }

    private static func problem(ofKey path: String, _ error: SystemError, user: UserIdentity) -> KeyProblem {
        switch error.code {
        case ENOENT, ENOTDIR: .missing(path)
        case EACCES, EPERM: .notReadable(path, user: user.name, groupID: user.groupID)
        default: .trouble(path, reason: error.description)
        }
    }

    /// One that is named must be there; the default may be missing, and `/kexec-join` then says so.
    func joinExecutable(for user: UserIdentity) {
        guard let path = configuration.join.executable else { return }
        do throws(SystemError) {
            _ = try facts.hostFile(path, limit: 0, for: user)
        } catch {
            report(
                .executableUnreadable(path, user: user.name, reason: SystemError.text(of: error.code)),
                path: "join.executable")
        }
    }
}
