import BootCore
import Glibc
import Kexec
import SystemIO
import Wire

/// One host's way into another system: who am I, what do I boot, can I, fetch, load, jump.
struct JoinSession {
    let options: JoinRequest
    let console: Console
    let files = HostFiles.live
    private let started = ContinuousClock.now
    private let client = HTTPClient()
    /// Nil when nothing but artifacts by hand is asked for.
    private var server: HTTPURL?
    private var identity: HostIdentity
    private var uplink: Uplink?
    private var live: LiveAddress?
    private var ports: [String] = []

    init(options: JoinRequest, console: Console) throws {
        self.options = options
        self.console = console
        let network = HostNetwork.live()
        let machine = HostFacts.kernelName().machine
        identity = HostIdentity.read(uplink: nil, network: network, machine: machine)
        server = try options.server.map { text in try CommandFailure.inWords { try HTTPURL(server: text) } }
        if server == nil, options.artifacts == nil { server = try discoverServer(network) }
        guard let goal = server ?? options.artifacts?.firstURL else { return }
        uplink = try findUplink(to: goal, network)
        identity = HostIdentity.read(uplink: uplink, network: network, machine: machine)
        live = uplink.map { LiveAddress.read(of: $0, in: network) }
        ports = network.physicalLinks().map(\.name)
    }

    private func findUplink(to goal: HTTPURL, _ network: HostNetwork) throws -> Uplink {
        let address = try CommandFailure.inWords { try NameResolver().addresses(of: goal.host) }.first
        let route = try CommandFailure.inWords { try network.route(to: address) }
        return try CommandFailure.inWords {
            try Uplink.find(to: address, route: route, interface: options.interface, in: network)
        }
    }

    /// Asks DHCP on the interface with the default route, or on the one that was named.
    private func discoverServer(_ network: HostNetwork) throws -> HTTPURL {
        let missing = "no boot server is named: --server URL, or 'server:' in \(JoinSettingsFile.path)"
        let uplink: Uplink
        do {
            let route = try network.route(to: nil)
            uplink = try Uplink.find(to: nil, route: route, interface: options.interface, in: network)
        } catch {
            throw CommandFailure("\(missing); and DHCP cannot be asked: \(error)")
        }
        guard let interface = try NetworkInterface.all().first(where: { $0.name == uplink.interface.name }),
            let address = interface.addresses.first?.address, let mac = uplink.port.mac
        else {
            throw CommandFailure(
                "\(missing); and DHCP cannot be asked: \(uplink.interface.name) has no IPv4 address")
        }
        console.say("Asking DHCP on \(interface.name) for the boot server …")
        do {
            let efi: UInt16 = identity.architecture == "arm64" ? 11 : 7
            let asker = DiscoveryIdentity(
                mac: mac, uuid: identity.uuid, architecture: identity.platform == "efi" ? efi : 0)
            let found = try ServerDiscovery.find(on: interface, address: address, identity: asker)
            console.say("\(found.dhcpServer) says: \(found.url)")
            return found.url
        } catch {
            throw CommandFailure("\(missing); and \(error)")
        }
    }

    // MARK: The steps

    func run() throws {
        var entry = try chosenEntry()
        report(.joined, entry, options.artifacts == nil ? nil : "artifacts by hand")
        let glance = try glance(at: entry)
        entry.kernel.byteCount = entry.kernel.byteCount ?? glance?.byteCount
        let (commandLine, warnings) = try self.commandLine(for: entry)
        // Before anything is fetched: where nothing can stop the services, only a plan can be shown.
        if !options.isDryRun { _ = try jump() }
        let outline = outline(for: entry, commandLine)
        let preflight = Preflight.check(
            .read(),
            plan: JoinPlan(
                entry: entry, kernelMachine: glance?.machine, kernelInitBytes: glance?.initByteCount,
                uplink: uplink, mtu: live?.mtu, warnings: warnings))
        if options.isJSON {
            print(outline.json(preflight: preflight.json))
        } else {
            console.say(outline.text)
            console.say("")
            console.write(preflight.table(colour: console.isTerminal, width: console.width) + "\n")
        }
        do {
            try pass(preflight)
        } catch {
            if !options.isDryRun { report(.failed, entry, "preflight: \(error.reason)") }
            throw error
        }
        if options.isDryRun { return }
        report(.preflight, entry, nil)
        do {
            let beforeFetch = ContinuousClock.now
            let artifacts = try fetch(entry, commandLine)
            let fetching = ContinuousClock.now - beforeFetch
            report(.fetched, entry, byteText(artifacts.byteCount))
            try handover(to: entry, by: try jump()).carryOut(
                artifacts, since: started, fetching: fetching)
        } catch {
            let reason = (error as? CommandFailure)?.reason ?? "\(error)"
            report(.failed, entry, reason)
            throw CommandFailure(reason)
        }
    }

    private func jump() throws(CommandFailure) -> JumpMethod? {
        try CommandFailure.inWords {
            try Handover.jump(isImmediate: options.isImmediate, staysLoaded: options.staysLoaded)
        }
    }

    private func handover(to entry: JoinEntry, by jump: JumpMethod?) -> Handover {
        var handover = Handover(console: console, name: entry.name, method: options.method, jump: jump)
        handover.delay = options.delay
        handover.isConfirmed = options.isConfirmed
        handover.isForService = options.isForService
        handover.report = { report($0, entry, $1) }
        return handover
    }

    /// What the server has for this machine: its entry, or the menu that it may choose from.
    func offers() throws -> [JoinChoice] {
        switch try manifest().boots {
        case .entry(let entry): [JoinChoice(name: entry.name, title: entry.title)]
        case .menu(let choices): choices
        case .local: []
        }
    }

    private func manifest() throws -> JoinManifest {
        guard let server else { throw CommandFailure("no boot server is named") }
        let query = JoinQuery(
            mac: identity.macs.first, uuid: identity.uuid, serial: identity.serial, asset: identity.asset,
            architecture: identity.architecture, platform: identity.platform, hostname: identity.hostname,
            entry: options.entry)
        let manifests = ManifestClient(
            client: client, server: server, trustedKey: options.trustedKey,
            sleep: { LiveKexecSystem().sleep(for: $0) }, say: { [console] in console.say(harmlessText($0)) })
        return try CommandFailure.inWords { try manifests.manifest(for: query) }
    }

    private func chosenEntry() throws -> JoinEntry {
        if let artifacts = options.artifacts { return try artifacts.entry(client: client) }
        switch try manifest().boots {
        case .entry(let entry): return entry
        case .menu(let choices):
            let names = choices.map { $0.title == $0.name ? $0.name : "\($0.name) (\($0.title))" }
            throw CommandFailure(
                "the server leaves the choice to this machine: --entry NAME, one of "
                    + harmlessText(names.joined(separator: ", ")))
        case .local:
            throw CommandFailure(
                "the server says that this machine boots from its own disk, so there is nothing to join; "
                    + "--entry NAME takes one of the server's entries all the same")
        }
    }

    /// Architecture and memory are judged before the kernel is fetched.
    private func glance(at entry: JoinEntry) throws(CommandFailure) -> KernelGlance? {
        do throws(FetchError) {
            return try KernelGlance.of(entry.kernel, by: client)
        } catch {
            report(.failed, entry, "\(error)")
            throw CommandFailure("\(error)")
        }
    }

    private func commandLine(for entry: JoinEntry) throws -> (KernelCommandLine, [IPWarning]) {
        // Without an initrd nobody is known to read them: memtest86+ and ipxe.lkrn would take them for something else.
        let choice = options.ip == .auto && entry.initrds.isEmpty ? IPChoice.none : options.ip
        let words = try CommandFailure.inWords {
            try IPParameters.words(
                for: choice, dialect: entry.initramfs, uplink: uplink, live: live, ports: ports,
                entry: KernelCommandLine(entry.commandLine))
        }
        let line = KernelCommandLine.assembled(
            entry: entry.commandLine, network: words, reuse: options.reuse,
            running: files.text("/proc/cmdline") ?? "", append: options.append)
        return (line, words.warnings)
    }

    private func outline(for entry: JoinEntry, _ commandLine: KernelCommandLine) -> JoinOutline {
        JoinOutline(
            server: server?.description, identity: identity, uplink: uplink?.words, entry: entry,
            commandLine: commandLine, method: options.method, jump: Result { try jump() },
            delay: options.delay, isTrusted: options.trustedKey != nil && options.artifacts == nil)
    }

    private func pass(_ preflight: PreflightReport) throws(CommandFailure) {
        switch preflight.verdict(force: options.isForced || options.isDryRun) {
        case .go: return
        case .refused(let failures):
            throw CommandFailure("this host cannot do it: \(failures) of the checks above failed")
        case .stopped(let warnings):
            if Console.confirm("Go on in spite of the warnings?") == true { return }
            throw CommandFailure("there are \(warnings) warnings above; --force goes on in spite of them")
        }
    }

    private func fetch(_ entry: JoinEntry, _ commandLine: KernelCommandLine) throws -> KernelArtifacts {
        let reporter = Reference(
            ProgressReporter(
                style: console.isTerminal ? .terminal(width: console.width) : .lines,
                write: { [console] in console.write($0) }))
        var settings = ArtifactFetcher.Settings()
        settings.takesAnyInitrd = options.isForced
        let fetcher = try CommandFailure.inWords {
            try ArtifactFetcher(
                client: client, settings: settings, sleep: { LiveKexecSystem().sleep(for: $0) },
                report: { reporter.value.take($0, at: .now) })
        }
        let source = ArtifactSource(fetcher: fetcher, architecture: identity.architecture)
        return options.artifacts?.archive == nil
            ? try source.fetch(entry, commandLine: commandLine.text)
            : try source.fetchArchive(entry, commandLine: commandLine.text)
    }

    private func report(_ stage: JoinStage, _ entry: JoinEntry, _ detail: String?) {
        guard let server, !options.isDryRun else { return }
        // A connection of its own: the other one may be in the middle of something.
        let failure = ReportClient(client: HTTPClient(), server: server)
            .report(stage, mac: identity.macs.first, uuid: identity.uuid, entry: entry.name, detail: detail)
        if let failure { console.say("warning: \(failure)") }
    }
}

/// A value that a closure may change.
final class Reference<Value> {
    var value: Value

    init(_ value: Value) { self.value = value }
}
