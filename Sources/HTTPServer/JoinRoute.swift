import BootCore
import BootFiles
import SystemIO
import Wire

/// `/api/v1/join`: the manifest of a live host, and `/api/v1/join.sig`: the signature of those very bytes.
extension HTTPRoutes {
    static let maximumNonceDigits = 64

    func manifest(
        for request: HTTPRequest, query target: RequestTarget, known: Machine?, signed: Bool
    ) -> HTTPReply {
        if signed, signingKey == nil {
            return Self.joinRefusal(404, "This server signs nothing: its configuration has no signing-key.")
        }
        let query = ScriptQuery(target, takesHostname: true)
        let nonce = target.value(of: "nonce")
        if let nonce, !Self.isNonce(nonce) {
            return Self.joinRefusal(
                400, "The nonce is not 1 to \(Self.maximumNonceDigits) hexadecimal digits.")
        }
        var machine = Self.liveMachine(telling: query, at: request.client, known: known)
        var answer: JoinAnswer
        do throws(JoinRefusal) {
            answer = try settings.policy.joinAnswer(
                for: machine, entry: target.value(of: "entry"), nonce: nonce, from: settings.location)
        } catch {
            let status =
                switch error {
                case .unknownMachine, .unknownEntry: 404
                case .onlyLoader: 409
                }
            machine.address = nil
            return Self.joinRefusal(status, error.words, machine: machine)
        }
        // For the log alone. People ask for other machines' manifests: who has an address does not follow from it.
        machine.address = nil
        if case .entry(var entry) = answer.manifest.boots {
            if let refusal = addDigests(to: &entry, files: answer.files, machine: machine) { return refusal }
            answer.manifest.boots = .entry(entry)
        }
        return reply(with: answer.manifest, signed: signed, machine: machine, ignored: query.ignored)
    }

    private func reply(
        with manifest: JoinManifest, signed: Bool, machine: Machine, ignored: [String]
    ) -> HTTPReply {
        var body = Array((manifest.json + "\n").utf8)
        if signed {
            guard let signature = signingKey?.signature(of: body) else {
                return .failure("the manifest cannot be signed")
            }
            body = signature
        }
        return HTTPReply(
            status: 200,
            headers: [
                HTTPHeader("Content-Type", signed ? ContentType.unknown : ContentType.json),
                HTTPHeader("Cache-Control", "no-store"),
            ],
            body: .bytes(body),
            event: .join(boots: manifest.boots.summary, isSignature: signed, ignored: ignored),
            machine: machine)
    }

    /// Sizes and digests of the server's own files, as they are now.
    ///
    /// - Returns: what to answer instead, when a file is not there or its digest is not known yet.
    private func addDigests(to entry: inout JoinEntry, files: [String], machine: Machine) -> HTTPReply? {
        for (index, name) in files.enumerated() where !name.contains("://") {
            // The configuration's check has let no other path through.
            guard let path = try? BootPath(name) else { continue }
            let file: OpenFile
            do throws(OpenFailure) {
                file = try tree.open(path)
            } catch {
                return Self.joinFailure(error, opening: path, of: entry.name, machine: machine)
            }
            guard let digest = digests.sha256(of: file, as: .boot(path)) else {
                return Self.notReady("the digest of \(path) is not computed yet", machine: machine)
            }
            if index == 0 {
                (entry.kernel.byteCount, entry.kernel.sha256) = (file.byteCount, digest)
            } else {
                (entry.initrds[index - 1].byteCount, entry.initrds[index - 1].sha256) = (
                    file.byteCount, digest
                )
            }
        }
        return nil
    }

    private static func joinFailure(
        _ failure: OpenFailure, opening path: BootPath, of entry: String, machine: Machine
    ) -> HTTPReply {
        switch failure {
        case .notFound, .notARegularFile:
            joinRefusal(404, "The entry '\(entry)' needs \(path), which is not there.", machine: machine)
        case .accessDenied, .outsideRoot:
            joinRefusal(
                403, "The entry '\(entry)' needs \(path), which this server may not read.", machine: machine)
        case .other(let error): .failure("\(error)")
        }
    }

    /// That passes in a moment: whoever comes again after it gets what was asked for.
    static func notReady(_ what: String, machine: Machine? = nil) -> HTTPReply {
        .text(
            503, "Not yet: \(what). Ask again in a second.", event: .notReady(what),
            headers: [HTTPHeader("Retry-After", "1")], machine: machine)
    }

    static func joinRefusal(_ status: Int, _ words: String, machine: Machine? = nil) -> HTTPReply {
        .text(status, words, event: .joinRefused(reason: words), machine: machine)
    }

    /// A host that names its MAC is that machine, whoever had this address before.
    private static func liveMachine(
        telling query: ScriptQuery, at address: IPv4Address, known: Machine?
    ) -> Machine {
        var machine = query.machine
        machine.address = address
        if let known, machine.mac == nil || machine.mac == known.mac { machine.fillGaps(from: known) }
        return machine
    }

    private static func isNonce(_ text: String) -> Bool {
        (1...maximumNonceDigits).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}

extension JoinManifest.Boots {
    /// A word or two for the log.
    fileprivate var summary: String {
        switch self {
        case .entry(let entry): "profile \(entry.name)"
        case .menu: "menu"
        case .local: "local"
        }
    }
}
