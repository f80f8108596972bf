import BootCore
import BootFiles
import Logging
import Testing
import Wire

@testable import HTTPServer

/// Routes over a folder, with which a test speaks as live hosts do.
final class LiveHostRoutes {
    let folder: String
    let routes: HTTPRoutes
    let journal = BootJournal()
    let client = IPv4Address(10, 0, 0, 9)

    static let mac = MACAddress(rawValue: 0x5254_0012_3456)

    init(
        files: [String: [UInt8]] = ["linux": Array("kernel".utf8), "initrd": Array("initrd".utf8)],
        key: SigningKey? = nil, executables: [String] = [], ignoresUnknown: Bool = false,
        target: BootTarget = .profile("debian")
    ) throws {
        folder = try TestServer.makeFolder(files)
        let kernel = KernelEntry(
            kernel: "linux", initrds: ["initrd", "http://other/x"],
            commandLine: try Template("m={mac} h={hostname} s={serial} ${foo}"))
        let policy = BootPolicy(
            profiles: [
                Profile(name: "debian", kernel: kernel), Profile(name: "grub", loaders: [.bios: "g"]),
            ],
            machines: [KnownMachine(mac: Self.mac)], defaultTarget: target, ignoresUnknown: ignoresUnknown)
        let location = ServerLocation(address: IPv4Address(10, 0, 0, 1), httpPort: 80)
        let folder = folder
        routes = HTTPRoutes(
            settings: HTTPSettings(
                location: location, policy: policy, signingKey: key,
                joinExecutables: executables.map { "\(folder)/\($0)" }),
            tree: try BootTree(folder: folder, packageFolders: []),
            digests: FileDigests(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            journal: journal)
    }

    deinit { TestServer.remove(folder) }

    func write(_ text: String, to name: String) throws {
        try TestServer.write(Array(text.utf8), to: "\(folder)/\(name)")
    }

    /// Does what the digests' thread does.
    func computeDigests() { while routes.digests.performNext() {} }

    func ask(
        _ target: String, method: HTTPRequest.Method = .get, known: Machine? = nil,
        encoding: String? = nil, range: String? = nil, conditions: Conditions = Conditions(),
        hasBody: Bool = false
    ) -> HTTPReply {
        routes.reply(
            to: HTTPRequest(
                method: method, target: Array(target.utf8), client: client, range: range,
                conditions: conditions, acceptEncoding: encoding, hasBody: hasBody),
            from: known, at: 1_795_252_069_000)
    }
}
