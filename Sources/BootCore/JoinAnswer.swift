internal import Wire

/// What a live host is told that asks to be taken where its firmware would go.
public struct JoinAnswer: Equatable, Sendable {
    /// Without sizes and digests, which are the files' and not the policy's.
    public var manifest: JoinManifest
    /// The entry's kernel and then its initrds as the configuration has them: paths in the tree, or URLs.
    public var files: [String]
}

/// Why a live host gets no manifest.
public enum JoinRefusal: Error, Equatable, Sendable {
    case unknownMachine
    /// No profile of this name; `known` are those that it may choose.
    case unknownEntry(String, known: [String])
    /// The profile has a boot program for firmware, and no kernel.
    case onlyLoader(String, known: [String])

    public var words: String {
        switch self {
        case .unknownMachine:
            "This machine is in neither machines nor rules, and the configuration ignores unknown ones."
        case .unknownEntry(let name, let known):
            "There is no entry '\(Self.shown(name))'; there are: \(Self.list(known))."
        case .onlyLoader(let name, let known):
            "The profile '\(Self.shown(name))' starts a boot program of firmware (loader) and has no kernel that "
                + "a running system could load; entries with one: \(Self.list(known))."
        }
    }

    private static func shown(_ name: String) -> String { harmlessText(String(name.prefix(64))) }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}

extension BootPolicy {
    /// What takes a live `machine` to the entry that it would boot by its firmware, or to another that it names.
    ///
    /// - Parameter entry: any profile with a kernel; nil: what `target(for:)` says. A machine that the policy
    ///   ignores gets neither.
    public func joinAnswer(
        for machine: Machine, entry: String?, nonce: String?, from location: ServerLocation
    ) throws(JoinRefusal) -> JoinAnswer {
        guard let (target, _) = target(for: machine) else { throw .unknownMachine }
        let machine = named(machine)
        let hostname = Self.harmless(machine.hostname)
        func answer(_ boots: JoinManifest.Boots, _ files: [String] = []) -> JoinAnswer {
            JoinAnswer(
                manifest: JoinManifest(
                    mac: machine.mac, uuid: machine.uuid, hostname: hostname.isEmpty ? nil : hostname,
                    nonce: nonce, boots: boots),
                files: files)
        }
        let choices = profiles.filter { $0.kernel != nil }
        switch entry.map(BootTarget.profile) ?? target {
        case .local: return answer(.local)
        case .menu: return answer(.menu(choices.map { JoinChoice(name: $0.name, title: $0.title) }))
        case .profile(let name):
            guard let profile = profile(named: name) else {
                throw .unknownEntry(name, known: choices.map(\.name))
            }
            guard let kernel = profile.kernel else {
                throw .onlyLoader(name, known: choices.map(\.name))
            }
            return answer(
                .entry(joinEntry(profile, kernel, for: machine, from: location)),
                [kernel.kernel] + kernel.initrds)
        }
    }

    private func joinEntry(
        _ profile: Profile, _ kernel: KernelEntry, for machine: Machine, from location: ServerLocation
    ) -> JoinEntry {
        let values = placeholderValues(of: profile, for: machine, from: location)
        var settings = IPXESettings(machine: machine, location: location)
        func artifact(_ file: String) -> JoinArtifact {
            // Of a path in the tree, iPXE gets the braces percent-encoded, and expands nothing.
            JoinArtifact(url: file.contains("://") ? settings.expand(file) : location.url(of: file))
        }
        let commandLine = settings.expand(kernel.commandLine.expanded { values[$0] })
        let initramfs =
            kernel.initramfs
            ?? .guessed(commandLine: commandLine, hasInitrd: !kernel.initrds.isEmpty)
        return JoinEntry(
            name: profile.name, title: profile.title, kernel: artifact(kernel.kernel),
            initrds: kernel.initrds.map(artifact), commandLine: commandLine, unresolved: settings.unresolved,
            initramfs: initramfs)
    }
}
