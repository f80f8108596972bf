import Logging
import SystemIO
import Wire

/// The secret that makes file handles ours, in a file of the state folder: handles outlive a restart by it.
enum HandleKey {
    static let fileName = "nfs-handles.key"

    /// Reads the key, or makes one.
    static func load(folder: String, log: NFSLog) throws(SystemError) -> SipHashKey {
        let path = "\(folder)/\(fileName)"
        if let text = try existing(path) {
            let digits = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
            if let bytes = digits.flatMap({ hexadecimalBytes($0) }), let key = SipHashKey(bytes) {
                return key
            }
            log.logger.warning(
                "nfs new handle key",
                metadata: ["reason": "\(path) holds no key; clients have to mount again"])
        }
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        try HostFiles.live.write(Array((hexadecimal(bytes) + "\n").utf8), to: path, mode: 0o600)
        guard let key = SipHashKey(bytes) else { preconditionFailure("sixteen bytes make a key") }
        return key
    }

    /// Nil when there is no such file; any other trouble must not cost all clients their handles.
    private static func existing(_ path: String) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try contents(ofFile: path, limit: 256)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
