import BootCore
import BootFiles
import Glibc
import Logging
import Synchronization
import SystemIO
import TestSupport
import Wire

@testable import TFTPServer

/// A TFTP server on a port of the loopback interface, with a folder of its own, for as long as `body` runs.
func withServer(
    singlePort: Bool = false, mtu: Int = 1500, _ body: (TestServer) throws -> Void
) throws {
    let folder = try TemporaryFolder()
    let settings = TFTPSettings(
        address: IPv4Address(127, 0, 0, 1), port: 0, singlePort: singlePort, mtu: mtu)
    let log = RecordedLog()
    var logger = Logger(label: "test") { _ in log.handler }
    logger.logLevel = .debug
    let directory = MachineDirectory()
    directory.note(
        Machine(mac: MACAddress(rawValue: 0x5254_0012_3456), address: IPv4Address(127, 0, 0, 1)))
    let tree = try BootTree(folder: folder.path, packageFolders: [])
    let journal = BootJournal()
    let service = try TFTPService(
        settings: settings, tree: tree, directory: directory, journal: journal, logger: logger)
    try service.start()
    defer { service.stop() }
    try body(
        TestServer(
            service: service, settings: settings, tree: tree, directory: directory, journal: journal,
            logger: logger, folder: folder, log: log))
}

struct TestServer {
    let service: TFTPService
    let settings: TFTPSettings
    let tree: BootTree
    let directory: MachineDirectory
    let journal: BootJournal
    let logger: Logger
    let folder: TemporaryFolder
    let log: RecordedLog

    var endpoint: IPv4Endpoint { IPv4Endpoint(address: settings.address, port: service.port) }
}

/// Log lines, kept: "info tftp sent bytes=512 file=a …", metadata in alphabetical order.
final class RecordedLog: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }
    var handler: some LogHandler { Handler(log: self) }

    /// The first line that begins so, for which it waits up to five seconds.
    func line(beginning: String) -> String? {
        for _ in 0..<500 {
            if let line = lines.first(where: { $0.hasPrefix(beginning) }) { return line }
            usleep(10_000)
        }
        return nil
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        init(log: RecordedLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let words = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let line = (["\(event.level) \(event.message)"] + words).joined(separator: " ")
            log.recorded.withLock { $0.append(line) }
        }
    }
}

/// The same bytes at each call, none like its neighbours.
func pattern(_ count: Int) -> [UInt8] {
    var state = UInt64(0x9e37_79b9_7f4a_7c15)
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}
